"""Funding and mark prices of every venue that has perpetuals: all that was settled, once each, and going on later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fakes import binance, bybit, deribit, hyperliquid, okx
from tests.fakes.desk import Desk, same
from tests.fakes.perpetuals import Perpetuals, Rates
from tests.fakes.server import DOWN, EMPTY, GARBAGE, Internet, Trouble, as_json
from tests.fakes.tape import Tape

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.time import DAY_MS, HOUR_MS
from karat.ingest.orders import Order
from karat.ingest.page import Bars

FIRST_MS = 1_704_067_200_000
DAYS = 85
NOW_MS = FIRST_MS + DAYS * DAY_MS + 90_000
BTC = "binance_perp:BTCUSDT"


@dataclass
class Case:
    """A market, its host, how often it pays, and the key of its tape."""

    market: str
    host: str
    hours: int
    fake: Any
    key: tuple[str, ...]


CASES = [
    Case(BTC, binance.USDM, 8, binance.Binance, ("BTCUSDT", "1h")),
    Case("binance_coinm:BTCUSD_PERP", binance.COINM, 8, binance.Binance, ("BTCUSD_PERP", "1h")),
    Case("bybit_perp:BTCUSDT", bybit.HOST, 8, bybit.Bybit, ("linear", "BTCUSDT", "1h")),
    Case("okx_perp:BTC-USDT-SWAP", okx.HOST, 8, okx.Okx, ("BTC-USDT-SWAP", "1h")),
    Case("deribit:BTC-PERPETUAL", deribit.HOST, 1, deribit.Deribit, ("BTC-PERPETUAL", "1h")),
    Case("hyperliquid_perp:BTC", hyperliquid.HOST, 1, hyperliquid.Hyperliquid, ("BTC", "1h")),
]
WITH_MARK = [case for case in CASES if case.host not in (deribit.HOST, hyperliquid.HOST)]


class World:
    """One case's vendor with its rates and its mark prices, and a desk."""

    def __init__(self, case: Case, home: Path, internet: Internet) -> None:
        self.market, self.internet, self.host = case.market, internet, case.host
        step_ms = case.hours * HOUR_MS
        self.rates = Rates(FIRST_MS, step_ms, (DAYS + 3) * DAY_MS // step_ms)
        self.candles, self.mark = (Tape(FIRST_MS, HOUR_MS, (DAYS + 3) * 24, seed=seed) for seed in (7, 9))
        host = (case.host,) if case.fake is binance.Binance else ()
        marks = case.fake(internet, *host, {case.key: self.mark}, NOW_MS)
        venue = case.fake(internet, *host, {case.key: self.candles}, NOW_MS)
        self.vendor = Perpetuals(internet, case.host, venue, {case.key[-2]: self.rates}, marks)
        self.desk = Desk(home, internet, NOW_MS)

    def stored(self) -> dict[int, float]:
        funding = self.desk.lake.funding(MarketId(self.market))
        return dict(zip(funding.ts.tolist(), funding.rate.tolist(), strict=True))

    def asked(self) -> int:
        return len(self.internet.asked(self.host, "undingRate")) + len(self.internet.asked(self.host, "history"))


@pytest.fixture
def binance_world(home: Path, internet: Internet) -> World:
    return World(CASES[0], home, internet)


@pytest.mark.parametrize("case", CASES, ids=[case.market for case in CASES])
def test_every_rate_is_stored_once_on_its_minute_and_then_the_new_ones(
    case: Case, home: Path, internet: Internet
) -> None:
    world = World(case, home, internet)
    held = world.desk.download(world.market, since=FIRST_MS, kind="funding")
    assert world.stored() == world.rates.truth(NOW_MS)
    assert (held.rows, held.added, held.missing) == (len(world.rates.truth(NOW_MS)),) * 2 + (0,)
    world.vendor.now_ms += DAY_MS
    assert world.desk.download(world.market, kind="funding").added == 24 // case.hours
    assert world.stored() == world.rates.truth(NOW_MS + DAY_MS)


@pytest.mark.parametrize("case", WITH_MARK, ids=[case.market for case in WITH_MARK])
def test_mark_prices_are_stored_beside_the_candles_and_are_none(case: Case, home: Path, internet: Internet) -> None:
    world = World(case, home, internet)
    world.desk.download(world.market, since=NOW_MS - 400 * HOUR_MS)
    world.desk.download(world.market, kind="mark")
    world.desk.download(world.market, kind="funding")
    mark = world.desk.lake.mark(MarketId(world.market), HOUR_MS)
    truth = world.mark.truth(NOW_MS)
    truth.values[:, 4] = 0.0
    assert same(Bars.of(mark), truth[truth.ts >= NOW_MS - 400 * HOUR_MS])
    funding = world.desk.lake.funding(MarketId(world.market))
    assert int(funding.ts[0]) >= int(world.desk.stored(world.market).ts[0])
    assert np.isfinite(funding.mark[:-1]).all()


@pytest.mark.parametrize("case", CASES[4:], ids=[case.market for case in CASES[4:]])
def test_a_venue_without_mark_prices_says_so(case: Case, home: Path, internet: Internet) -> None:
    world = World(case, home, internet)
    error = world.desk.refused(world.market, kind="mark")
    assert (type(error), error.code) == (InputError, "kind_unknown")


def test_what_goes_with_candles_is_left_out_where_there_is_none(home: Path, internet: Internet) -> None:
    world = World(CASES[4], home, internet)
    binance.Binance(internet, binance.SPOT, {("BTCUSDT", "1h"): world.candles}, NOW_MS)
    markets = [MarketId(name) for name in (world.market, "binance_spot:BTCUSDT", "deribit:NOSUCH")]
    orders = [
        Order(market, HOUR_MS, NOW_MS - DAY_MS, kind=kind, if_any=kind != "candles")
        for market in markets
        for kind in ("candles", "funding", "mark")
    ]
    outcomes = world.desk.run(*orders)
    assert [outcome.coverage is not None for outcome in outcomes] == [True, True, False, True] + [False] * 5
    assert [outcome.order.market for outcome in outcomes if outcome.error] == ["deribit:NOSUCH"]
    assert [bool(outcome.note) for outcome in outcomes] == [False, False, True] + [False] * 6
    assert world.desk.refused("binance_spot:BTCUSDT", kind="funding").code == "no_funding"


def test_bringing_up_to_date_asks_once(binance_world: World) -> None:
    binance_world.desk.download(BTC, kind="funding")
    before = binance_world.asked()
    binance_world.desk.download(BTC, kind="funding")
    assert binance_world.asked() - before == 1


def test_what_was_paid_stays_where_the_venue_tells_it_otherwise_later(binance_world: World) -> None:
    binance_world.desk.download(BTC, kind="funding")
    paid, late = binance_world.stored(), max(binance_world.stored())
    binance_world.rates.altered = {late: "0.00999900"}
    held = binance_world.desk.download(BTC, kind="funding")
    assert (held.revised, len(held.notes)) == (1, 1)
    assert binance_world.stored() == paid
    assert binance_world.desk.download(BTC, kind="funding", replace=True).revised == 1
    assert binance_world.stored() == paid | {late: 0.009999}


def test_missing_stamps_are_found_left_alone_for_a_day_and_refilled(binance_world: World) -> None:
    hole = {FIRST_MS + stamp * 8 * HOUR_MS for stamp in (40, 41, 90)}
    binance_world.rates.withheld = hole
    held = binance_world.desk.download(BTC, kind="funding")
    assert (held.gaps, held.missing) == (2, 3)
    binance_world.rates.withheld = set()
    assert binance_world.desk.download(BTC, kind="funding").missing == 3
    binance_world.vendor.now_ms += DAY_MS
    assert binance_world.desk.download(BTC, kind="funding").refilled == 3
    assert binance_world.stored() == binance_world.rates.truth(NOW_MS + DAY_MS)


def test_funding_that_failed_goes_on_where_it_was(home: Path, internet: Internet) -> None:
    world = World(CASES[2], home, internet)
    internet.script(bybit.HOST, *[None] * 6, *[DOWN] * 10)
    error = world.desk.refused(world.market, since=FIRST_MS, kind="funding")
    assert (type(error), error.code) == (RetryLater, "vendor_down")
    assert world.stored() == {}
    internet.calm()
    before = len(internet.asked(bybit.HOST, "funding/history"))
    world.desk.download(world.market, since=FIRST_MS, kind="funding")
    assert world.stored() == world.rates.truth(NOW_MS)
    assert [int(one.query["endTime"]) for one in internet.asked(bybit.HOST, "funding/history")][
        before
    ] < NOW_MS - 60 * DAY_MS


@pytest.mark.parametrize("rate", ["1.5", "nan", "x"])
def test_a_rate_that_cannot_be_one_is_never_stored(binance_world: World, rate: str) -> None:
    bad = as_json([{"symbol": "BTCUSDT", "fundingTime": FIRST_MS, "fundingRate": rate, "markPrice": ""}])
    binance_world.internet.script(binance.USDM, None, None, None, *[Trouble(bad)] * 5)
    error = binance_world.desk.refused(BTC, kind="funding")
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
    assert binance_world.stored() == {}


@pytest.mark.parametrize("trouble", [EMPTY, GARBAGE])
@pytest.mark.parametrize("case", [CASES[0], *CASES[2:5]], ids=lambda case: case.market)
def test_nonsense_is_never_taken_for_no_funding(case: Case, trouble: Trouble, home: Path, internet: Internet) -> None:
    world = World(case, home, internet)
    world.desk.download(world.market, since=NOW_MS - DAY_MS)
    internet.script(case.host, None, None, *[trouble] * 40)
    error = world.desk.refused(world.market, kind="funding")
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
