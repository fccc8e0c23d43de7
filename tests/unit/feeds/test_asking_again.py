"""What a vendor lacks, and a vendor that is down: asked for again, but not each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.binance import USDM
from tests.fakes.server import DOWN, Internet
from tests.unit.feeds.world import BARS, BTC, FIRST_MS, NOW_MS, World

from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.download import Order


@pytest.fixture
def world(home: Path, internet: Internet) -> World:
    return World(home, internet)


def test_holes_that_the_vendor_lacks_are_left_alone_until_their_pause_has_passed(world: World) -> None:
    world.tape.withheld = {FIRST_MS + bar * HOUR_MS for bar in (700, 1_500)}
    first = world.desk.download(BTC)
    assert first.asked_ms == NOW_MS
    before = world.asked_bars()
    world.pass_hours(5)
    assert world.desk.download(BTC).asked_ms == NOW_MS
    assert world.asked_bars() - before == 1
    world.pass_hours(20)
    world.desk.download(BTC)
    assert world.asked_bars() - before > 2
    world.pass_hours(25)
    before = world.asked_bars()
    held = world.desk.download(BTC)
    assert (world.asked_bars() - before, held.missing) == (1, 2)
    assert held.asked_again_ms == NOW_MS + 25 * HOUR_MS + 7 * 24 * HOUR_MS


def test_a_symbol_that_has_stopped_is_not_asked_for_the_same_silence_each_time(world: World) -> None:
    world.desk.download(BTC)
    world.tape.withheld = {ts for ts in world.tape.rows if ts >= NOW_MS - 5_000}
    world.pass_hours(500)
    world.desk.download(BTC)
    world.pass_hours(1)
    assert world.desk.download(BTC).rows == BARS
    [*_, last] = world.internet.asked(USDM, "klines")
    assert int(last.query["startTime"]) == world.vendor.now_ms - 5_000 - HOUR_MS
    world.tape.withheld = set()
    world.pass_hours(30)
    world.desk.download(BTC)
    assert world.holds_the_truth()


def test_a_vendor_that_is_down_is_not_waited_for_series_after_series(world: World) -> None:
    world.internet.script(USDM, *[DOWN] * 100)
    orders = [Order(MarketId(BTC), HOUR_MS, from_ms=FIRST_MS + bar * HOUR_MS) for bar in range(6)]
    errors = [outcome.error for outcome in world.desk.run(*orders)]
    assert [error.code for error in errors if error] == ["vendor_down"] * 2 + ["not_asked"] * 4
    assert len(world.internet.asked(USDM)) == 10


def test_a_symbol_that_is_gone_leaves_what_the_lake_has(world: World) -> None:
    world.desk.download(BTC)
    del world.vendor.tapes["BTCUSDT", "1h"]
    error = world.desk.refused(BTC)
    assert error.code == "symbol_unknown"
    assert "delisted" in error.hint
    assert world.holds_the_truth()
