"""Downloads from a fake Binance: what is stored, what is asked, and what goes wrong."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest
from tests.fakes.binance import USDM
from tests.fakes.desk import same
from tests.fakes.server import CUT, DOWN, EMPTY, GARBAGE, SILENCE, Internet, Trouble, as_json, too_many
from tests.fakes.tape import Tape
from tests.unit.feeds.world import BARS, BTC, ETH, FIRST_MS, NOW_MS, World

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.download import Order


@pytest.fixture
def world(home: Path, internet: Internet) -> World:
    return World(home, internet)


def test_every_closed_bar_is_stored_and_the_forming_one_is_not(world: World) -> None:
    held = world.desk.download(BTC)
    assert world.holds_the_truth()
    assert (held.rows, held.added, held.refilled, held.revised, held.missing) == (BARS, BARS, 0, 0, 0)
    assert held.last_ts == NOW_MS - 5_000 - HOUR_MS


def test_the_next_download_asks_for_the_end_alone(world: World) -> None:
    world.desk.download(BTC)
    before = world.asked_bars()
    world.pass_hours(5)
    held = world.desk.download(BTC)
    assert world.holds_the_truth()
    assert (held.added, world.asked_bars() - before) == (5, 1)


def test_nothing_new_leaves_the_lake_as_it_was(world: World) -> None:
    world.desk.download(BTC)
    [before] = world.desk.lake.list()
    assert world.desk.download(BTC).added == 0
    assert world.desk.lake.list() == (before,)


def test_a_hole_in_the_middle_is_refilled_when_the_vendor_has_it_again(world: World) -> None:
    hole = {FIRST_MS + bar * HOUR_MS for bar in (700, 701, 702, 1_500)}
    world.tape.withheld = hole
    held = world.desk.download(BTC)
    assert (held.gaps, held.missing) == (2, 4)
    world.tape.withheld = set()
    held = world.desk.download(BTC, ask_again=True)
    assert (held.added, held.refilled, held.missing) == (0, 4, 0)
    assert world.holds_the_truth()


def test_bars_before_the_first_are_added(world: World) -> None:
    world.desk.download(BTC, since=FIRST_MS + 2_000 * HOUR_MS)
    held = world.desk.download(BTC, since=FIRST_MS)
    assert held.added == 2_000
    assert world.holds_the_truth()


def test_a_bar_that_was_revised_takes_the_place_of_the_old_one(world: World) -> None:
    late = FIRST_MS + (BARS - 2) * HOUR_MS
    world.tape.altered = {late: world.tape.other(late)}
    world.desk.download(BTC)
    world.tape.altered = {}
    held = world.desk.download(BTC)
    assert held.revised == 1
    assert world.holds_the_truth()
    [entry] = world.desk.lake.list()
    assert entry.quality.grade == "repaired"


def test_a_long_revision_is_followed_back_to_where_it_began(world: World) -> None:
    late = [FIRST_MS + bar * HOUR_MS for bar in range(BARS - 60, BARS)]
    world.tape.altered = {ts: world.tape.other(ts) for ts in late}
    world.desk.download(BTC)
    world.tape.altered = {}
    assert world.desk.download(BTC).revised == 60
    assert world.holds_the_truth()


def test_a_series_from_elsewhere_is_not_overwritten_unless_asked_to(world: World) -> None:
    everything = [FIRST_MS + bar * HOUR_MS for bar in range(BARS)]
    world.tape.altered = {ts: world.tape.other(ts) for ts in everything}
    world.desk.download(BTC)
    before = world.desk.stored(BTC)
    world.tape.altered = {}
    assert world.desk.refused(BTC).code == "differs"
    assert same(world.desk.stored(BTC), before)
    assert world.desk.download(BTC, replace=True).revised == BARS
    assert world.holds_the_truth()


@pytest.mark.parametrize("page_max", [1, 7, 499])
def test_short_answers_are_gone_on_from(world: World, page_max: int) -> None:
    world.tape.page_max = page_max
    world.desk.download(BTC, since=NOW_MS - 60 * HOUR_MS)
    truth = world.tape.truth(NOW_MS)
    assert same(world.desk.stored(BTC), truth[truth.ts >= NOW_MS - 60 * HOUR_MS])


def test_rows_out_of_order_and_rows_sent_twice_do_no_harm(world: World) -> None:
    world.tape.shuffled = world.tape.twice = True
    world.desk.download(BTC)
    assert world.holds_the_truth()


@pytest.mark.parametrize(
    "trouble", [DOWN, GARBAGE, EMPTY, CUT, SILENCE, too_many(3)], ids=["503", "html", "empty", "cut", "silent", "429"]
)
def test_one_failure_is_waited_out(world: World, trouble: Trouble) -> None:
    world.internet.script(USDM, None, None, None, None, trouble)
    world.desk.download(BTC)
    assert world.holds_the_truth()


@pytest.mark.parametrize("asked_before", [0, 1, 2])
def test_nonsense_is_waited_out_whatever_was_asked(world: World, asked_before: int) -> None:
    world.internet.script(USDM, *[None] * asked_before, EMPTY)
    world.desk.download(BTC)
    assert world.holds_the_truth()


@pytest.mark.parametrize("status", [429, 418])
def test_the_vendor_is_left_alone_for_as_long_as_it_says(world: World, status: int) -> None:
    world.internet.script(USDM, None, None, None, None, too_many(77, status))
    before = world.desk.clock.now_ms()
    world.desk.download(BTC)
    assert world.desk.clock.now_ms() - before >= 77_000
    assert world.holds_the_truth()


def test_a_ban_is_told_and_not_waited_for(world: World) -> None:
    world.internet.script(USDM, too_many(86_400, 418))
    error = world.desk.refused(BTC)
    assert (type(error), error.code) == (RetryLater, "host_on_hold")


def test_a_download_that_failed_goes_on_where_it_was(world: World) -> None:
    world.internet.script(USDM, *[None] * 4, *[DOWN] * 20)
    error = world.desk.refused(BTC)
    assert (type(error), error.code) == (RetryLater, "vendor_down")
    assert world.desk.lake.list() == ()
    world.internet.calm()
    before = len(world.internet.asked(USDM, "klines"))
    world.desk.download(BTC)
    assert world.holds_the_truth()
    began_ms = int(world.internet.asked(USDM, "klines")[before + 1].query["startTime"])
    assert began_ms == FIRST_MS + 990 * HOUR_MS  # the page that had come, but for its last ten bars


def test_the_vault_is_that_of_the_whole_series_even_after_failures(world: World) -> None:
    world.internet.script(USDM, *[None] * 4, *[DOWN] * 20)
    world.desk.refused(BTC)
    world.internet.calm()
    world.desk.download(BTC)
    [entry] = world.desk.lake.list()
    assert entry.vault_start_ts == FIRST_MS + BARS * 4 // 5 * HOUR_MS


def test_a_symbol_that_is_unknown_is_named_with_its_neighbours(world: World) -> None:
    error = world.desk.refused("binance_perp:BTCUSD")
    assert (type(error), error.code) == (InputError, "symbol_unknown")
    assert "BTCUSDT" in error.hint


def test_a_timeframe_that_the_venue_lacks_is_named_with_those_it_has(world: World) -> None:
    error = world.desk.refused(BTC, "7m")
    assert error.code == "timeframe_unknown"
    assert "15m" in error.hint


def test_a_venue_that_is_unknown_is_named_with_those_there_are(world: World) -> None:
    error = world.desk.refused("kraken:XBTUSD")
    assert error.code == "venue_unknown"
    assert "binance_perp" in error.hint


def test_one_that_fails_leaves_the_others_alone(world: World) -> None:
    orders = [Order(MarketId(name), HOUR_MS) for name in ("binance_perp:NOSUCH", BTC, "kraken:XBTUSD", ETH)]
    outcomes = world.desk.run(*orders)
    assert [outcome.error is None for outcome in outcomes] == [False, True, False, True]
    assert world.holds_the_truth(BTC)
    assert world.holds_the_truth(ETH)


def test_a_wrong_clock_is_told_and_stores_nothing_too_early(world: World) -> None:
    world.desk.clock.turn(7_200)
    held = world.desk.download(BTC)
    assert len(held.notes) == 1
    assert world.holds_the_truth()


def test_a_damaged_series_is_told_and_the_next_download_asks_for_all_of_it_anew(world: World, home: Path) -> None:
    world.desk.download(BTC)
    [before] = world.desk.lake.list()
    next(home.rglob("candles.binance_perp.BTCUSDT.1h.*/close.bin")).unlink()
    assert world.desk.refused(BTC).code == "series_quarantined"
    assert world.desk.download(BTC).added == BARS
    assert world.holds_the_truth()
    assert world.desk.lake.list() == (before,)
    assert world.desk.lake.quarantined() == ()


def test_a_full_disk_is_told_and_nothing_is_lost(world: World) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, hard))  # one page fits, two do not
    try:
        error = world.desk.refused(BTC)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (type(error), error.code) == (RetryLater, "disk_full")
    world.desk.download(BTC)
    assert world.holds_the_truth()


def test_a_record_that_a_crash_cut_is_asked_for_again(world: World) -> None:
    world.internet.script(USDM, *[None] * 5, *[DOWN] * 20)
    world.desk.refused(BTC)
    part = world.desk.downloads / "binance_perp" / "BTCUSDT" / "1h.part"
    part.write_bytes(part.read_bytes()[:-20])
    world.internet.calm()
    world.desk.download(BTC)
    assert world.holds_the_truth()


@pytest.mark.parametrize(
    "numbers",
    [
        ["5", "4", "6", "5", "1"],
        ["5", "6", "4", "7", "1"],
        ["5", "6", "4", "5", "-1"],
        ["5", "6", "4", None, "1"],
        ["x"] * 5,
    ],
)
def test_a_bar_that_cannot_be_one_is_never_stored(world: World, numbers: list[str | None]) -> None:
    bad = as_json([[FIRST_MS, *numbers, FIRST_MS + HOUR_MS - 1, "0", 1, "0", "0", "0"]])
    world.internet.script(USDM, None, None, None, *[Trouble(bad)] * 5)
    error = world.desk.refused(BTC)
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
    assert world.desk.lake.list() == ()


def test_progress_ends_with_everything_settled(world: World) -> None:
    world.desk.download(BTC)
    settled = [one.settled for one in world.desk.told]
    assert settled == sorted(settled)
    assert world.desk.told[-1].settled == world.desk.told[-1].wanted == BARS


def test_two_timeframes_of_one_market_lie_side_by_side(world: World) -> None:
    world.vendor.tapes["BTCUSDT", "1d"] = Tape(FIRST_MS, 24 * HOUR_MS, 200)
    world.desk.download(BTC)
    world.desk.download(BTC, "1d")
    assert np.array_equal(world.desk.stored(BTC, "1d").ts, world.vendor.tapes["BTCUSDT", "1d"].truth(NOW_MS).ts)
    assert world.holds_the_truth()
