"""DataSync over real HTTP: side by side, one deadline, each source's failure its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fakes.clock import JumpingClock
from tests.fakes.vendor_server import Answer, VendorServer
from tests.unit.feeds import payloads
from tests.unit.lake.bars import MARKET

from karat.core.errors import RetryLater
from karat.core.ids import MarketId
from karat.core.model.source_state import STATE_TABLE, DataState, SourceCondition
from karat.core.model.table import AVAILABLE, TableName
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.alternative_me.feed import FEED as ALTERNATIVE_ME
from karat.feeds.coingecko.feed import FEED as COINGECKO
from karat.feeds.coinglass.feed import FEED as COINGLASS
from karat.feeds.defillama.feed import FEED as DEFILLAMA
from karat.feeds.kind import FeedKind
from karat.ingest.data_sync import DataSync
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.store import FolderLake, open_lake
from karat.ports.source import CandleSource, Source
from karat.strategies.joins import as_of

BTC = {MarketId("binance_perp:BTCUSDT"): "BTC"}
NOW = payloads.T + 60_000
FEAR = TableName("fear_greed", "alternative_me:CRYPTO", "1d")
NAME = "alternative_me/fear_greed"
FRESH, STALE, FAILED = SourceCondition.FRESH, SourceCondition.STALE, SourceCondition.FAILED


class Bars:
    """Candles of a market, as somebody else brings them."""

    name = f"candles/{MARKET}/1h"
    timeframe_ms = HOUR_MS

    def __init__(self, newest: int | None, error: Exception | None = None) -> None:
        self._newest, self._error = newest, error

    async def bring(self, now_ms: int) -> None:
        if self._error is not None:
            raise self._error

    def newest(self) -> int | None:
        return self._newest


class Desk:
    """A lake, a clock, and vendors that answer."""

    def __init__(self, folder: Path) -> None:
        self.lake: FolderLake = open_lake(folder)
        self.clock = JumpingClock(NOW)
        self.sources: list[Source] = []

    def sync(self, *candles: CandleSource, deadline: float = 5.0) -> DataSync:
        return DataSync(self.lake, self.clock, self.sources, candles, deadline_seconds=deadline)

    def rows(self, name: TableName = FEAR) -> list[tuple[int, int, float]]:
        """Day before today, hours until known, value."""
        table = self.lake.table(name)
        days = ((payloads.MIDNIGHT - table.ts) // DAY_MS).tolist()
        known = ((table.columns[AVAILABLE] - table.ts) // HOUR_MS).tolist()
        return list(zip(days, known, table.columns["value"].tolist(), strict=True))


@asynccontextmanager
async def desk_of(folder: Path, *kinds: FeedKind) -> AsyncIterator[tuple[Desk, list[VendorServer]]]:
    """A desk with one server for each kind of feed."""
    desk, servers = Desk(folder), [VendorServer() for _ in kinds]
    vendors: list[Any] = []
    for server, kind in zip(servers, kinds, strict=True):
        await server.__aenter__()
        vendor, sources = kind.open(desk.clock, BTC, url=server.url, key="secret", request_seconds=0.3)
        vendors.append(vendor)
        desk.sources += sources
    try:
        yield desk, servers
    finally:
        for vendor in vendors:
            await vendor.aclose()
        for server in servers:
            await server.__aexit__()


def conditions(state: DataState) -> dict[str, SourceCondition]:
    return {one.source: one.condition for one in state.sources}


async def test_history_is_known_by_its_declared_delay_and_what_arrives_later_from_its_arrival(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        sync = desk.sync()
        vendor.answers("/fng/", payloads.fear_greed(30, 41))
        assert conditions(await sync.sync()) == {NAME: FRESH}
        assert desk.rows() == [(1, 24, 30.0), (0, 10, 41.0)], "yesterday's by its delay, today's from its arrival"
        desk.clock.now += HOUR_MS
        vendor.answers("/fng/", payloads.fear_greed(30, 44))
        await sync.sync()
        assert desk.rows() == [(1, 24, 30.0), (0, 10, 41.0), (0, 11, 44.0)], "the first print stays"
        series = desk.lake.table(FEAR).series("value", "mood")
        assert as_of(series, np.array([NOW, desk.clock.now_ms()], np.int64)).tolist() == [41.0, 44.0]


async def test_history_from_a_file_and_what_a_vendor_adds_are_one_series(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        file = tmp_path / "alt" / "crypto_fear_greed_daily.csv"
        file.parent.mkdir()
        days = [payloads.MIDNIGHT - back * DAY_MS for back in (3, 2)]
        file.write_text(f"ts,value\n{days[0]},10\n{days[1]},20\n")
        import_paths(desk.lake, [file], ImportOptions())
        vendor.answers("/fng/", payloads.fear_greed(5, 10, 21, 30, 41))
        await desk.sync().sync()
        stored = [(4, 24, 5.0), (3, 24, 10.0), (2, 24, 20.0), (1, 24, 30.0), (2, 58, 21.0), (0, 10, 41.0)]
        assert sorted(desk.rows()) == sorted(stored), "equal values once, the vendor's other value as a revision"


async def test_a_source_is_asked_once_in_each_period_of_its_schedule(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", payloads.fear_greed(41))
        sync = desk.sync()
        await sync.sync()
        desk.clock.now += HOUR_MS // 2
        state = await sync.sync()
        assert len(vendor.requests) == 1 and conditions(state) == {NAME: FRESH}
        assert len(await _requests_after(desk.sync(), vendor)) == 1, "another process of the same lake remembers"
        desk.clock.now += HOUR_MS
        await sync.sync()
        assert len(vendor.requests) == 2


async def _requests_after(sync: DataSync, vendor: VendorServer) -> list[Any]:
    await sync.sync()
    return vendor.requests


TROUBLES = {
    "silence": Answer.never(),
    "garbage": Answer.garbage(),
    "hang_up": Answer.hang_up(),
    "too_many": Answer.busy(3600),
    "maintenance": Answer("", 500),
    "future": Answer(payloads.fear_greed(41, last=payloads.MIDNIGHT + 3 * DAY_MS)),
    "before_time": Answer(payloads.fear_greed(41, last=-DAY_MS)),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_one_vendor_in_trouble_leaves_the_others_unharmed(tmp_path: Path, trouble: str) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME, COINGECKO, DEFILLAMA) as (desk, (sick, gecko, llama)):
        sick.answers("/fng/", TROUBLES[trouble])
        gecko.answers("/api/v3/global", payloads.COINGECKO)
        llama.answers("/stablecoincharts/all", payloads.DEFILLAMA)
        state = await desk.sync().sync()
        assert conditions(state) == {
            NAME: FAILED,
            "coingecko/coingecko_dominance": FRESH,
            "defillama/stablecoin_supply": FRESH,
        }
        failed = state.of(NAME)
        assert failed is not None and failed.reason and "\n" not in failed.reason and not failed.usable
        supply = desk.lake.table(TableName("stablecoin_supply", "defillama:STABLECOINS", "1d"))
        assert len(supply) == 2, "today is not over"
        assert FEAR not in {entry.name for entry in desk.lake.tables()}


async def test_sources_are_asked_side_by_side_and_the_deadline_holds_for_all(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME, COINGECKO) as (desk, (slow, gecko)):
        both_asked = asyncio.Event()
        slow.answers("/fng/", Answer.held(payloads.fear_greed(41), both_asked))
        gecko.answers("/api/v3/global", Answer.held(payloads.COINGECKO, both_asked))
        round_ = asyncio.create_task(desk.sync().sync())
        while not (slow.requests and gecko.requests):
            assert not round_.done(), round_
            await asyncio.sleep(0)
        both_asked.set()
        assert set(conditions(await round_).values()) == {FRESH}
        slow.answers("/fng/", Answer.never())
        desk.clock.now += HOUR_MS
        state = await desk.sync(deadline=0.05).sync()
        assert conditions(state)[NAME] == FAILED
        late = state.of(NAME)
        assert late is not None and "0.05 s" in late.reason and late.usable, "what it has is still young enough"


async def test_a_vendor_that_wants_to_be_left_alone_is_left_alone(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        sync = desk.sync()
        vendor.answers("/fng/", Answer.busy(7200), payloads.fear_greed(41))
        assert conditions(await sync.sync()) == {NAME: FAILED}
        desk.clock.now += HOUR_MS
        assert conditions(await sync.sync()) == {NAME: FAILED} and len(vendor.requests) == 1
        desk.clock.now += HOUR_MS
        assert conditions(await sync.sync()) == {NAME: FRESH} and len(vendor.requests) == 2


async def test_a_vendor_that_repeats_itself_for_days_is_stale_by_how_much(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", payloads.fear_greed(41))
        sync = desk.sync()
        await sync.sync()
        desk.clock.now = payloads.MIDNIGHT + 2 * DAY_MS
        (state,) = (await sync.sync()).sources
        assert (state.condition, state.stale_ms, state.usable) == (STALE, DAY_MS - 6 * HOUR_MS, False)
        assert state.text() == f"{NAME}: stale by 1080 min"


async def test_a_refused_key_says_so_for_every_table_and_holds_nothing_back(tmp_path: Path) -> None:
    async with desk_of(tmp_path, COINGLASS, COINGECKO) as (desk, (vendor, gecko)):
        for one in COINGLASS.endpoints:
            vendor.answers(one.path, {"code": "401", "msg": "Upgrade plan"})
        gecko.answers("/api/v3/global", payloads.COINGECKO)
        state = await desk.sync().sync()
        reasons = {one.reason for one in state.sources if one.source.startswith("coinglass/")}
        said = "coinglass refused KARAT_COINGLASS_KEY: 401 Upgrade plan. Check KARAT_COINGLASS_KEY and its plan."
        assert reasons == {said}
        assert conditions(state)["coingecko/coingecko_dominance"] == FRESH


async def test_every_coinglass_table_is_stored_and_unfinished_periods_are_not(tmp_path: Path) -> None:
    async with desk_of(tmp_path, COINGLASS) as (desk, (vendor,)):
        for path, payload in payloads.COINGLASS.items():
            vendor.answers(path, {"code": "0", "data": payload})
        await desk.sync().sync()
        stored = {entry.name.kind: entry.rows for entry in desk.lake.tables() if entry.name != STATE_TABLE}
        assert len(stored) == 28
        assert stored["coinglass_open_interest"] == 2, "the third candle is not over"
        again = await desk.sync().sync(all_now=True)
        assert {entry.name.kind: entry.rows for entry in desk.lake.tables() if entry.name != STATE_TABLE} == stored
        assert FAILED not in conditions(again).values()


async def test_only_candles_hold_back_a_decision(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", Answer("", 500))
        last_closed = NOW // HOUR_MS * HOUR_MS - HOUR_MS
        state = await desk.sync(Bars(last_closed)).sync()
        assert state.ready and state.blockers == ()
        assert not (await desk.sync().sync()).ready, "without candles nothing is known"
        late = await desk.sync(Bars(last_closed - HOUR_MS)).sync()
        assert not late.ready and [one.condition for one in late.blockers] == [STALE]
        down = RetryLater("vendor_down", "binance did not answer in time.", "It is asked again later.")
        failed = await desk.sync(Bars(None, down)).sync()
        assert not failed.ready and "did not answer" in failed.blockers[0].reason
        still_there = await desk.sync(Bars(last_closed, down)).sync()
        assert still_there.ready, "the bars are there, however they came"


async def test_the_state_is_stored_and_is_a_series_like_any_other(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", payloads.fear_greed(41))
        first = await desk.sync(Bars(None)).sync()
        desk.clock.now = payloads.MIDNIGHT + 2 * DAY_MS
        vendor.answers("/fng/", Answer("", 500))
        await desk.sync(Bars(None)).sync()
        stored = desk.lake.table(STATE_TABLE)
        assert stored.columns["source"].tolist() == [Bars.name, NAME] * 2
        assert stored.columns["state"].tolist() == [STALE, FRESH, STALE, FAILED]
        assert stored.columns["reason"][3].startswith("alternative_me answered with status 500")
        assert stored[:2].columns["stale_ms"][1] == 0 and np.isnan(stored.columns["stale_ms"][0])
        assert first.at_ms == NOW == stored.ts[0]


async def test_a_lake_that_is_busy_fails_the_round_and_loses_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("karat.ingest.data_sync.LAKE_WAIT_SECONDS", 0.0)
    async with desk_of(tmp_path, ALTERNATIVE_ME) as (desk, (vendor,)):
        vendor.answers("/fng/", payloads.fear_greed(41))
        sync = desk.sync()
        with desk.lake.change():
            assert conditions(await sync.sync()) == {NAME: FAILED}
        assert conditions(await sync.sync()) == {NAME: FRESH} and desk.rows() == [(0, 10, 41.0)]


async def test_a_damaged_table_fails_its_own_source_and_the_others_are_stored(tmp_path: Path) -> None:
    async with desk_of(tmp_path, ALTERNATIVE_ME, COINGECKO) as (desk, (alternative, gecko)):
        alternative.answers("/fng/", payloads.fear_greed(41))
        gecko.answers("/api/v3/global", payloads.COINGECKO)
        await desk.sync().sync()
        folder = next((tmp_path / "lake" / "series").glob("fear_greed.*"))
        (folder / "value.bin").unlink()
        desk.clock.now += 60_000
        state = await DataSync(open_lake(tmp_path), desk.clock, desk.sources).sync(all_now=True)
        assert conditions(state) == {NAME: FAILED, "coingecko/coingecko_dominance": FRESH}
        failed = state.of(NAME)
        assert failed is not None and "quarantine" in failed.reason
        assert state.at_ms in open_lake(tmp_path).table(STATE_TABLE).ts
