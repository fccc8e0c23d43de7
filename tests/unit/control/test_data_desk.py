"""How fresh each series of a lake is, by a clock that stands still."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import START, candles

from karat.control.data_desk import LakeDesk
from karat.control.data_rows import SESSION_REST_MS, state_of
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.core.model.source_state import STATE_TABLE, DataState, SourceCondition, SourceState
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import DAY_MS, HOUR_MS
from karat.ingest.check_lake import check_lake, checked_series
from karat.ingest.streams.standing import stream_statuses
from karat.ingest.streams.status import State, StreamStatus
from karat.lake.checked import Checked
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake
from karat.ports.cockpit import Undefined
from karat.ports.data_desk import DataView, Declared, Declares, Freshness, Group
from karat.ports.lake import Quality
from karat.ports.source import SourceSpec
from karat.ports.stream import StreamKind

NOW = START + 100 * HOUR_MS


class Noon:
    """A clock that stands at NOW."""

    def now_ms(self) -> int:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits for data")


@pytest.fixture
def lake() -> FolderLake:
    """A market that ends now, another that ended yesterday, funding and a table."""
    opened = open_lake()
    schema = Schema((("ts", "i8"), ("value", "f8")))
    days = START - DAY_MS * np.arange(9, -1, -1, dtype=np.int64)
    with opened.change() as change:
        for name, bars in (("now:AB", 100), ("past:AB", 76)):
            series = candles(np.linspace(100.0, 110.0, bars), market=name)
            change.put_candles(series, measure(series, sessions=False), sessions=False)
        stamps = START + 8 * HOUR_MS * np.arange(12, dtype=np.int64)
        funding = Funding(stamps, np.full(12, 1e-4), np.full(12, np.nan))
        change.put_funding(series.market, funding, Quality())
        change.append(TableName("fear_greed", "mood:BTC"), Table(schema, {"ts": days, "value": np.ones(10)}))
    return opened


SOURCE = SourceSpec(
    "mood/fear_greed", TableName("fear_greed", "mood:BTC"), Schema((("ts", "i8"), ("value", "f8"))), (),
    HOUR_MS, 6 * DAY_MS, DAY_MS, 2 * DAY_MS, "https://mood.example", verified=True,
)  # fmt: skip
KEYED = replace(SOURCE, name="vendor/whales", table=TableName("whales", "vendor:BTC"))


def declares(*told: Declared) -> Declares:
    return lambda markets: told


def standing(view: DataView) -> list[tuple[str, str, str, str]]:
    return [(row.source, row.series, row.kind, row.state.value) for row in view.rows]


def test_every_series_tells_when_its_newest_observation_ended(lake: FolderLake) -> None:
    rows = LakeDesk(lake, Noon()).look().rows
    told = [(row.source, row.kind, row.last_ts, row.state.value) for row in rows]
    assert told == [
        ("past", "candles", START + 76 * HOUR_MS, "stale"),
        ("mood", "fear_greed", START, "late"),
        ("now", "candles", START + 100 * HOUR_MS, "fresh"),
        ("past", "funding", START + 88 * HOUR_MS, "fresh"),
    ]
    stale = rows[0]
    assert (stale.age_ms, stale.limit_ms, stale.over_ms) == (24 * HOUR_MS, 2 * HOUR_MS, 22 * HOUR_MS)


def test_the_sums_count_every_state_of_every_group(lake: FolderLake) -> None:
    view = LakeDesk(lake, Noon()).look()
    assert (view.markets, view.timeframes) == (2, 1)
    told = [(one.group.value, one.series, one.stale, one.late, one.fresh) for one in view.counts]
    assert told == [("candles", 2, 1, 0, 1), ("other", 2, 0, 1, 1)]


def test_a_declared_source_is_held_to_its_own_limit_and_not_to_a_guess(lake: FolderLake) -> None:
    view = LakeDesk(lake, Noon(), declares=declares(Declared(SOURCE))).look()
    (row,) = [row for row in view.rows if row.kind == "fear_greed"]
    assert (row.state, row.last_ts, row.limit_ms) == (Freshness.FRESH, START + DAY_MS, 5 * DAY_MS)
    strict = replace(SOURCE, fresh_for_ms=4 * DAY_MS)
    view = LakeDesk(lake, Noon(), declares=declares(Declared(strict))).look()
    (row,) = [row for row in view.rows if row.kind == "fear_greed"]
    assert (row.state, row.over_ms) == (Freshness.STALE, 4 * HOUR_MS)


def test_what_was_never_fetched_is_missing_with_its_reason_and_only_candles_come_before_it(lake: FolderLake) -> None:
    view = LakeDesk(lake, Noon(), declares=declares(Declared(KEYED, "it needs a key: set KEY"))).look()
    assert standing(view)[:2] == [("past", "AB", "candles", "stale"), ("vendor", "BTC", "whales", "missing")]
    assert view.rows[1].reason == "it needs a key: set KEY"
    assert isinstance(view.rows[1].last_ts, Undefined)


def test_beside_invented_markets_alone_only_what_was_asked_for_is_missing() -> None:
    lake, asked = open_lake(), SourceState(KEYED.name, SourceCondition.FAILED, None, 0, "the key was refused")
    invented = candles(np.linspace(100.0, 110.0, 100), market="simulated:AB")
    with lake.change() as change:
        change.put_candles(invented, measure(invented, sessions=False), sessions=False)
    feeds = declares(Declared(SOURCE), Declared(KEYED))
    fresh = ("simulated", "AB", "candles", "fresh")
    assert standing(LakeDesk(lake, Noon(), declares=feeds).look()) == [fresh]
    with lake.change() as change:
        change.append(STATE_TABLE, DataState(NOW, (asked,)).rows())
    assert standing(LakeDesk(lake, Noon(), declares=feeds).look()) == [("vendor", "BTC", "whales", "missing"), fresh]


def test_one_real_market_is_enough_for_every_feed_to_be_missed(lake: FolderLake) -> None:
    invented = candles(np.linspace(100.0, 110.0, 100), market="simulated:AB")
    with lake.change() as change:
        change.put_candles(invented, measure(invented, sessions=False), sessions=False)
    mixed = LakeDesk(lake, Noon(), declares=declares(Declared(KEYED))).look()
    assert ("vendor", "BTC", "whales", "missing") in standing(mixed)


def test_a_bot_on_a_real_market_misses_its_feeds_before_it_has_any_bar() -> None:
    lake, invented = open_lake(), candles(np.linspace(100.0, 110.0, 100), market="simulated:AB")
    with lake.change() as change:
        change.put_candles(invented, measure(invented, sessions=False), sessions=False)
    needs = [(MarketId("binance_perp:BTCUSDT"), HOUR_MS, "bot one")]
    told = standing(LakeDesk(lake, Noon(), declares=declares(Declared(KEYED)), needs=lambda: needs).look())
    assert [one[3] for one in told] == ["missing", "missing", "fresh"]


def test_the_last_round_of_datasync_is_told_until_newer_rows_come(lake: FolderLake) -> None:
    refused = SourceState(KEYED.name, SourceCondition.FAILED, None, 0, "the key was refused")
    lost = SourceState(SOURCE.name, SourceCondition.FAILED, START, 0, "no answer within 30 s")
    strange = SourceState("gone/series", SourceCondition.FAILED, None, 0, "no such address")
    written = lake.tables()[0].written_at_ms
    with lake.change() as change:
        change.append(STATE_TABLE, DataState(written + 1, (refused, lost, strange)).rows())
    desk = LakeDesk(lake, Noon(), declares=declares(Declared(SOURCE), Declared(KEYED)))
    told = {(row.source, row.state.value, row.reason) for row in desk.look().rows if row.reason}
    assert told == {
        ("vendor", "missing", "the key was refused"),
        ("mood", "failed", "no answer within 30 s"),
        ("gone", "failed", "no such address"),
    }


def test_a_bot_whose_candles_are_not_there_is_told(lake: FolderLake) -> None:
    needs = [(MarketId("now:AB"), 4 * HOUR_MS, "bot one"), (MarketId("now:XY"), HOUR_MS, "bot two")]
    view = LakeDesk(lake, Noon(), needs=lambda: needs).look()
    assert standing(view)[0] == ("now", "XY", "candles", "missing")
    assert view.rows[0].reason.startswith("bot two needs it")
    assert [row.state for row in view.rows].count(Freshness.MISSING) == 1, "4h bars are built from those of 1h"


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "fresh"),
        ({"state": "backfilling"}, "late"),
        ({"state": "down", "trouble": "connection refused"}, "stale"),
        ({"heard_ms": NOW - 150_000}, "late"),
        ({"refused": True, "trouble": "no such symbol"}, "failed"),
        ({"written_ms": NOW - 60_000}, "failed"),
        ({"written_ms": "torn"}, "failed"),
        ({"state": "stopped"}, None),
    ],
)
def test_a_stream_is_as_its_record_says(
    lake: FolderLake, home: Path, changed: dict[str, object], state: str | None
) -> None:
    status = StreamStatus(MarketId("now:AB"), StreamKind.TRADES, State.LIVE, heard_ms=NOW - 5, last_ts=NOW - 9)
    record = {**status.as_json(), "written_ms": NOW - 2_000, **changed}
    (home / "streams").mkdir()
    (home / "streams" / "now:AB.trades.json").write_text(json.dumps(record))
    rows = [row for row in LakeDesk(lake, Noon(), streams=stream_statuses).look().rows if row.group is Group.STREAMS]
    assert [(row.series, row.kind, row.state.value) for row in rows] == (
        [] if state is None else [("AB", "trades", state)]
    )
    assert all(row.reason for row in rows if state != "fresh")


def test_a_series_that_was_set_aside_is_told_and_the_others_are_too(lake: FolderLake, home: Path) -> None:
    (column,) = (home / "lake" / "series").glob("candles.past.AB*/close.bin")
    column.write_bytes(b"cut")
    assert "past:AB" not in {report.market for report in check_lake(lake, Checked()) if report.kind == "candles"}
    view = LakeDesk(lake, Noon()).look()
    assert standing(view)[0] == ("past", "AB", "candles", "damaged")
    assert "karat data repair" in view.rows[0].reason
    assert ("now", "AB", "candles", "fresh") in standing(view)


def test_what_a_check_found_is_told_while_the_rows_are_those_it_saw(lake: FolderLake) -> None:
    (entry,) = [one for one in lake.list() if one.market == "past:AB"]
    checked_series(lake, entry, Checked())
    (row,) = [row for row in LakeDesk(lake, Noon()).look().rows if (row.source, row.kind) == ("past", "candles")]
    assert (row.score, row.coverage) == (100.0, 1.0)
    with lake.change() as change:
        more = candles(np.linspace(100.0, 110.0, 80), market="past:AB")
        change.put_candles(more, measure(more, sessions=False), sessions=False)
    (row,) = [row for row in LakeDesk(lake, Noon()).look().rows if (row.source, row.kind) == ("past", "candles")]
    assert isinstance(row.score, Undefined)


def test_an_age_is_judged_by_the_usual_step() -> None:
    states = [state_of(hours * HOUR_MS, HOUR_MS) for hours in (-1, 0, 2, 3, 5, 6)]
    assert [state.value for state in states] == ["fresh", "fresh", "fresh", "late", "late", "stale"]
    assert state_of(HOUR_MS, 0) == Freshness.UNKNOWN


def test_a_market_with_sessions_may_rest_over_a_long_weekend() -> None:
    assert state_of(SESSION_REST_MS, HOUR_MS, SESSION_REST_MS) == Freshness.FRESH
    assert state_of(SESSION_REST_MS + 9 * HOUR_MS, HOUR_MS, SESSION_REST_MS) == Freshness.STALE
