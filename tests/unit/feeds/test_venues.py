"""Every venue through the same scenarios: its paging, order and symbols are its own, the stored series is the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import binance, bybit, deribit, hyperliquid, okx
from tests.fakes.desk import Desk, same
from tests.fakes.server import EMPTY, GARBAGE, Internet, Trouble
from tests.fakes.tape import Tape

from karat.app.vendors import HISTORIES
from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId, venue_of
from karat.core.instruments import instrument_for
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.listings import last_look_ms, listings_of

FIRST_MS = 1_704_067_200_000
BARS = 700
NOT_SAID_BY_NAME = {("bybit_perp", Kind.INVERSE), ("deribit", Kind.INVERSE)}
NOW_MS = FIRST_MS + BARS * HOUR_MS + 5_000


@dataclass
class Case:
    """A market of a venue, the host that serves it, and what builds the vendor around a tape."""

    market: str
    host: str
    build: Callable[[Internet, Tape], Any]


CASES = [
    Case("binance_perp:BTCUSDT", binance.USDM,
         lambda net, tape: binance.Binance(net, binance.USDM, {("BTCUSDT", "1h"): tape}, NOW_MS)),
    Case("binance_coinm:BTCUSD_PERP", binance.COINM,
         lambda net, tape: binance.Binance(net, binance.COINM, {("BTCUSD_PERP", "1h"): tape}, NOW_MS)),
    Case("binance_spot:BTCUSDT", binance.SPOT,
         lambda net, tape: binance.Binance(net, binance.SPOT, {("BTCUSDT", "1h"): tape}, NOW_MS)),
    Case("bybit_perp:BTCUSDT", bybit.HOST,
         lambda net, tape: bybit.Bybit(net, {("linear", "BTCUSDT", "1h"): tape}, NOW_MS)),
    Case("bybit_perp:BTCUSD", bybit.HOST,
         lambda net, tape: bybit.Bybit(net, {("inverse", "BTCUSD", "1h"): tape}, NOW_MS)),
    Case("bybit_spot:BTCUSDT", bybit.HOST,
         lambda net, tape: bybit.Bybit(net, {("spot", "BTCUSDT", "1h"): tape}, NOW_MS)),
    Case("okx_perp:BTC-USDT-SWAP", okx.HOST, lambda net, tape: okx.Okx(net, {("BTC-USDT-SWAP", "1h"): tape}, NOW_MS)),
    Case("okx_spot:BTC-USDT", okx.HOST, lambda net, tape: okx.Okx(net, {("BTC-USDT", "1h"): tape}, NOW_MS)),
    Case("deribit:BTC-PERPETUAL", deribit.HOST,
         lambda net, tape: deribit.Deribit(net, {("BTC-PERPETUAL", "1h"): tape}, NOW_MS)),
    Case("hyperliquid_perp:BTC", hyperliquid.HOST,
         lambda net, tape: hyperliquid.Hyperliquid(net, {("BTC", "1h"): tape}, NOW_MS)),
]  # fmt: skip


class World:
    """One case's vendor and a desk."""

    def __init__(self, case: Case, home: Path, internet: Internet) -> None:
        self.market, self.host, self.internet = case.market, case.host, internet
        self.tape = Tape(FIRST_MS, HOUR_MS, BARS + 50)
        self.vendor = case.build(internet, self.tape)
        self.desk = Desk(home, internet, NOW_MS)

    def holds_the_truth(self) -> bool:
        return same(self.desk.stored(self.market), self.tape.truth(self.vendor.now_ms))


@pytest.fixture(params=CASES, ids=[case.market for case in CASES])
def world(request: pytest.FixtureRequest, home: Path, internet: Internet) -> World:
    return World(request.param, home, internet)


def test_a_download_records_what_the_venue_lists(world: World) -> None:
    world.desk.download(world.market, since=FIRST_MS)
    market = MarketId(world.market)
    listings = listings_of(world.desk.lake, venue_of(market))
    [kind] = {fact.kind for fact in listings.facts}
    assert kind is instrument_for(market, None).kind or (venue_of(market), kind) in NOT_SAID_BY_NAME
    looked_ms = last_look_ms(listings) or 0
    assert market in listings.universe(kind, looked_ms)
    with pytest.raises(InputError, match="is not known"):
        listings.universe(kind, looked_ms - DAY_MS)
    grid = listings.grid(market, looked_ms)
    assert (grid is None) == (venue_of(market) == "hyperliquid_perp"), "whose ticks follow the price"
    assert grid is None or grid[0] > 0.0
    world.desk.download(world.market)
    again = listings_of(world.desk.lake, venue_of(market))
    assert len(again.facts) == len(listings.facts), "once a day is enough"


def test_a_series_is_downloaded_and_then_brought_up_to_date(world: World) -> None:
    world.desk.download(world.market, since=FIRST_MS)
    assert world.holds_the_truth()
    world.vendor.now_ms += 3 * HOUR_MS
    assert world.desk.download(world.market).added == 3
    assert world.holds_the_truth()


def test_holes_and_short_answers_are_asked_for_again(world: World) -> None:
    world.tape.withheld = {FIRST_MS + bar * HOUR_MS for bar in (5, 300, 301, 302)}
    world.tape.page_max = 90
    assert world.desk.download(world.market, since=FIRST_MS).missing == 4
    world.tape.withheld = set()
    assert world.desk.download(world.market, ask_again=True).refilled == 4
    assert world.holds_the_truth()


@pytest.mark.parametrize(("asked_before", "trouble"), [(0, EMPTY), (2, EMPTY), (2, GARBAGE)])
def test_nonsense_is_never_taken_for_no_bars(world: World, asked_before: int, trouble: Trouble) -> None:
    world.internet.script(world.host, *[None] * asked_before, *[trouble] * 40)
    error = world.desk.refused(world.market, since=FIRST_MS)
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
    assert world.desk.lake.list() == ()


def test_an_unknown_symbol_is_refused(world: World) -> None:
    venue = world.market.partition(":")[0]
    error = world.desk.refused(f"{venue}:NOSUCH")
    assert (type(error), error.code) == (InputError, "symbol_unknown")


def test_every_venue_that_ccxt_serves_has_a_case() -> None:
    through_ccxt = {venue for venue, module in HISTORIES.items() if module.split(".")[2] not in ("yahoo", "alpaca")}
    assert {case.market.partition(":")[0] for case in CASES} == through_ccxt


def test_old_bars_that_a_venue_does_not_keep_are_not_asked_for(home: Path, internet: Internet) -> None:
    tape = Tape(FIRST_MS - 6_000 * HOUR_MS, HOUR_MS, BARS + 6_050)
    hyperliquid.Hyperliquid(internet, {("BTC", "1h"): tape}, NOW_MS)
    held = Desk(home, internet, NOW_MS).download("hyperliquid_perp:BTC")
    assert held.missing == 0
    assert 4_999 <= held.rows <= 5_000
