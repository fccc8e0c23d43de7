"""Two legs, one position: both enter or none, and where one goes the other goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.unit.fleet.pairs import FREE, MARKETS, NAMES, STOPPED, PairRun, Steady, still

from karat.core.model.candles import Candles
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.time import HOUR_MS
from karat.risk.limits import default_limits, with_limit
from karat.strategies import Market, find_strategy
from karat.strategies.legs import leg_closes, shared_bars

ONE, TWO = MARKETS
CALM = [100.0] * 8
#        entry is decided at hour 1, filled at 2; the basis is gone at hour 3, filled at 4
DEAR = [100.0, 102.0, 102.0, 101.0, 101.0, 101.0, 101.0, 101.0]
HOME = [100.0, 100.0, 100.0, 101.0, 101.0, 101.0, 101.0, 101.0]


def test_a_pair_that_can_be_checked_by_hand() -> None:
    """Hour 1: the second leg is 2% dearer. Each leg is worth 0.8 of 5,000: 40 of the first at 100, and 39.215 of the
    second at 102 (4,000 / 102 = 39.2156...). Hour 3: both cost 101. The first gains 40, the second 39.215."""
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR)).run()
    assert pair.told(0) == [(2, "buy", 40.0, 100.0, "ENTRY"), (4, "sell", 40.0, 101.0, "SIGNAL")]
    assert pair.told(1) == [(2, "sell", 39.215, 102.0, "ENTRY"), (4, "buy", 39.215, 101.0, "SIGNAL")]
    ends = [pair.journal.marks(bot.id).equity[-1] for bot in pair.bots]
    assert ends == pytest.approx([5_040.0, 5_039.215], abs=1e-9)


@pytest.mark.parametrize("proved", [True, False], ids=["read", "recomputed"])
def test_each_leg_makes_the_fills_that_the_kernel_makes_of_its_targets_alone(proved: bool) -> None:
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR), proved=proved).run()
    assert [pair.equals_the_kernel(leg) for leg in (0, 1)] == [2, 2]


@pytest.mark.parametrize("leg", [0, 1])
def test_what_a_gate_refuses_one_leg_the_other_does_not_get(leg: int) -> None:
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR), shares={(leg, 1): 0.0}).run()
    assert pair.fills(0) == pair.fills(1) == ()
    refused, other = pair.traces(leg)[1], pair.traces(1 - leg)[1]
    assert (refused.first, refused.reason) == ("guard", "not now")
    name = pair.bots[leg].name
    assert (other.first, other.reason) == ("other_leg", f"other leg: {name} was refused by guard: not now")


@pytest.mark.parametrize("leg", [0, 1])
def test_what_one_leg_is_cut_to_the_other_is_cut_to_in_proportion(leg: int) -> None:
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR), shares={(leg, 1): 0.25}).run()
    first, second = pair.told(0)[0], pair.told(1)[0]
    assert first[2] == pytest.approx(10.0, abs=0.002) and second[2] == pytest.approx(39.215 / 4, abs=0.002)
    cut = pair.traces(1 - leg)[1]
    assert cut.first == "" and "by other_leg" in cut.reason


def test_a_leg_cut_below_its_minimum_takes_both() -> None:
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR), shares={(0, 1): 0.001}).run()  # 4 of 4,000; the minimum is 5
    assert pair.fills(0) == pair.fills(1) == ()
    assert all("too few for both" in pair.traces(leg)[1].reason for leg in (0, 1))


def test_a_leg_with_less_room_than_its_target_takes_the_other_down_with_it() -> None:
    """First trade: each leg is worth 0.8 of 4,000; the first falls from 100 to 20 and loses 32 * 80 = 2,560 of 5,000.
    Then it may hold 2,440, and 0.8 of that is 1,952: 97.6 at 20. The second could have 3,200; it gets 1,952 at 20.4."""
    policy = Policy(**{**FREE, "leverage": 1.0, "size_value": 4_000.0})
    lost = still(ONE, [100.0, 100.0, 100.0, 20.0, 20.0, 20.0, 20.0, 20.0])
    won = still(TWO, [100.0, 102.0, 102.0, 20.0, 20.0, 20.4, 20.4, 20.4])
    pair = PairRun(lost, won, policy=policy).run()
    assert pair.told(0)[-1] == (6, "buy", 97.6, 20.0, "ENTRY")
    assert pair.told(1)[-1][2] == pytest.approx(1_952 / 20.4, abs=0.005)
    assert "spread-first has room for 97600 lots only" in str(pair.traces(1)[5].chain)


WIDE = [100.0, 102.0, 102.0, 102.0, 102.0, 102.0, 100.0, 102.0, 102.0, 102.0]


def test_where_one_leg_is_stopped_the_other_is_closed_at_its_next_decision() -> None:
    """The first falls to 94 within hour 3, its stop is 95. The second is closed at the open of hour 4. The basis stays
    wide: nothing enters until it was gone, at hour 6; then both do, by the signal of hour 7."""
    first = still(ONE, [100.0] * 10, {3: 94.0})
    pair = PairRun(first, still(TWO, WIDE), policy=STOPPED).run()
    assert pair.told(0)[:2] == [(2, "buy", 40.0, 100.0, "ENTRY"), (3, "sell", 40.0, 95.0, "STOP")]
    assert pair.told(1)[:2] == [(2, "sell", 39.215, 102.0, "ENTRY"), (4, "buy", 39.215, 102.0, "SIGNAL")]
    assert "other leg: spread-first is out (stop)" in pair.traces(1)[3].reason
    events = [one.text for one in pair.journal.events(100)]
    assert "Closed with the pair: spread-first is out (stop)." in events
    assert pair.entered(0) == pair.entered(1) == {1, 7}


@pytest.mark.parametrize("proved", [True, False], ids=["foreseen", "each bar"])
def test_a_leg_that_has_no_bar_when_the_other_is_stopped_is_closed_at_its_next(proved: bool) -> None:
    """The second market has no hour 3. It stands alone from hour 4 on, whose close decides; it is out at hour 5."""
    first = still(ONE, [100.0] * 10, {3: 94.0})
    pair = PairRun(first, still(TWO, [*WIDE[:3], None, *WIDE[4:]]), policy=STOPPED, proved=proved).run()
    assert pair.told(0)[:2] == [(2, "buy", 40.0, 100.0, "ENTRY"), (3, "sell", 40.0, 95.0, "STOP")]
    assert pair.told(1)[:2] == [(2, "sell", 39.215, 102.0, "ENTRY"), (5, "buy", 39.215, 102.0, "SIGNAL")]


@pytest.mark.parametrize("bars", range(1, 10))
def test_a_pair_that_is_begun_anew_after_any_bar_does_the_same(bars: int) -> None:
    legs = still(ONE, [100.0] * 10, {3: 94.0}), still(TWO, WIDE)
    once = PairRun(*legs, policy=STOPPED).run()
    twice = PairRun(*legs, policy=STOPPED).run(bars=bars).run()
    assert [twice.told(leg) for leg in (0, 1)] == [once.told(leg) for leg in (0, 1)]
    for leg in (0, 1):
        assert [one.reason for one in twice.traces(leg).values()] == [one.reason for one in once.traces(leg).values()]
    assert twice.journal.facts()["pair:spread"] == once.journal.facts()["pair:spread"]


def test_targets_that_are_said_at_every_bar_keep_both_legs_and_open_none_of_a_broken_pair() -> None:
    """The first leg is stopped in hour 3. Its target stays, and opens nothing before both were 0, at hour 6. Until then
    each leg follows its target alone: at hour 2 the first, cheaper by 2, grows by 2,500 / 98 - 25 = 0.51."""
    first = still(ONE, [100.0, 100.0, 98.0, 98.0, 98.0, 98.0, 100.0, 98.0, 98.0, 98.0], {3: 90.0})
    second = still(TWO, [100.0, 102.0, 102.0, 102.0, 102.0, 102.0, 100.0, 102.0, 102.0, 102.0])
    pair = PairRun(first, second, strategy=Steady(), policy=STOPPED).run()
    assert [one[:3] for one in pair.told(0)[:3]] == [(2, "buy", 25.0), (3, "buy", 0.51), (3, "sell", 25.51)]
    assert [one[:2] for one in pair.told(1)[:2]] == [(2, "sell"), (4, "buy")]
    assert pair.traces(0)[4].reason == "other leg: spread-first is out (stop); the pair waits for its next signal"
    assert {hour for hour in pair.entered(0) if hour > 3} == {hour for hour in pair.entered(1) if hour > 3} == {7}


def test_where_one_leg_is_liquidated_the_other_is_closed_too() -> None:
    """At 20 times its margin the first leg is gone some 4.5% below its entry; it falls to 90."""
    policy = Policy(**{**FREE, "leverage": 20.0})
    pair = PairRun(still(ONE, [100.0] * 6, {3: 90.0}), still(TWO, WIDE[:6]), policy=policy).run()
    assert [one[4] for one in pair.told(0)] == ["ENTRY", "LIQUIDATION"]
    assert pair.told(1)[-1] == (4, "buy", 39.215, 102.0, "SIGNAL")
    assert "other leg: spread-first is out (liquidation)" in pair.traces(1)[3].reason


def test_where_the_order_of_one_leg_is_not_taken_the_other_is_closed_too() -> None:
    """One lot of the second leg is 39 of it. At the open at which it would be sold that costs 11,700, and 5,000 are
    there."""
    policy = Policy(**{**FREE, "leverage": 1.0})
    second = still(TWO, [100.0, 102.0, 300.0, 300.0, 300.0, 300.0])
    pair = PairRun(still(ONE, [100.0] * 6), second, {"size": 1.0}, policy=policy, lots=(0.001, 39.0)).run()
    assert pair.fills(1) == () and [one[0] for one in pair.told(0)] == [2, 3]
    assert "other leg: spread-second never entered" in pair.traces(0)[2].reason


def test_a_bar_that_one_market_lacks_is_no_decision_and_says_so() -> None:
    """The second market has no hour 1, where the entry would have been; it is wide still at hour 2."""
    lacking: list[float | None] = [100.0, None, 102.0, 102.0, 101.0, 101.0, 101.0]
    first = [100.0, 100.0, 100.0, 100.0, 101.0, 101.0, 101.0]
    pair = PairRun(still(ONE, list(first)), still(TWO, lacking)).run()
    assert pair.entered(0) == pair.entered(1) == {2}
    said = pair.traces(0)[1]
    assert (said.first, said.reason) == ("other_leg", "other leg: spread-second closed no bar then")
    assert [pair.equals_the_kernel(leg) for leg in (0, 1)] == [2, 2]


def test_a_leg_waits_for_the_other_whose_order_waits_for_a_bar() -> None:
    """Both are ordered in at the close of hour 1. The second market has no bar before hour 4."""
    pair = PairRun(still(ONE, [100.0] * 6), still(TWO, [100.0, 102.0, None, None, 102.0, 102.0])).run()
    assert [one[:2] for one in pair.told(0)] == [(2, "buy")] and [one[:2] for one in pair.told(1)] == [(4, "sell")]


def test_a_market_that_begins_later_shares_only_its_own_bars() -> None:
    first, second = still(ONE, [100.0, 101.0, 102.0, 103.0]), still(TWO, [100.0, 102.0, None, 104.0])
    market = Market(first, None, leg_closes(first, second))
    assert shared_bars(market).place.tolist() == [0, 1, 3]
    later = shared_bars(market[1:])
    assert later.place.tolist() == [0, 2] and later.second.tolist() == [102.0, 104.0]


def test_a_leg_whose_kernel_refuses_keeps_the_other_out() -> None:
    """Shorts are off: the second leg, which is to be sold, is refused by its own policy."""
    pair = PairRun(still(ONE, HOME), still(TWO, DEAR), policy=Policy(**FREE, allow_short=False)).run()
    assert pair.fills(0) == pair.fills(1) == ()
    assert pair.traces(0)[1].reason == "other leg: spread-second was refused: side"


def test_the_record_of_a_pair_is_a_fact_of_the_journal() -> None:
    pair = PairRun(still(ONE, [100.0] * 5, {3: 94.0}), still(TWO, WIDE[:5]), policy=STOPPED).run()
    fact = pair.journal.facts()["pair:spread"]
    assert fact["legs"] == ["spread-first", "spread-second"] and fact["markets"] == list(MARKETS)
    assert fact["paused"] == "other leg: spread-first is out (stop)"


REAL = ("BTCUSDT", "ETHUSDT")
LIMITED: dict[str, Any] = {
    "capital": 5_000.0, "size_mode": SizeMode.NOTIONAL, "size_value": 5_000.0, "stop_mode": LevelMode.FRACTION,
    "stop_value": 0.02,
}  # fmt: skip


def real(shared: Path, bars: int) -> tuple[Candles, Candles]:
    """The last hours of two perpetuals."""
    legs: list[Candles] = []
    for name, market in zip(REAL, MARKETS, strict=True):
        table = pl.read_parquet(shared / "data" / "candles" / "binance_perp" / "1h" / f"{name}.parquet")[-bars:]
        columns = {one: table[one].to_numpy().copy() for one in ("ts", "open", "high", "low", "close", "volume")}
        legs.append(Candles(market, HOUR_MS, **columns))
    return legs[0], legs[1]


def test_the_legs_of_a_real_pair_make_the_fills_of_the_kernel_at_real_costs(shared: Path) -> None:
    policy = Policy(capital=5_000.0, size_mode=SizeMode.NOTIONAL, size_value=5_000.0, leverage=5.0)
    pair = PairRun(*real(shared, 2_000), strategy=find_strategy("pairs"), policy=policy).run()
    fills = [pair.equals_the_kernel(leg) for leg in (0, 1)]
    assert fills[0] == fills[1] >= 20


def test_under_the_limits_of_the_fleet_both_legs_enter_or_none_and_nothing_that_was_not_made_is_counted(
    shared: Path,
) -> None:
    policy, legs = Policy(**LIMITED, leverage=2.0), real(shared, 2_500)
    pair = PairRun(*legs, strategy=find_strategy("pairs"), policy=policy, limits=default_limits()).run()
    assert pair.entered(0) == pair.entered(1) and len(pair.entered(0)) >= 5
    said = [trace for leg in (0, 1) for trace in pair.traces(leg).values()]
    assert any(trace.first == "other_leg" and "was refused by filter" in trace.reason for trace in said)
    assert any("is out (stop)" in trace.reason for trace in said)
    late = next(one for one in pair.traces(1).values() if one.first == "filter.volume")  # the first leg was let through
    again = PairRun(*legs, strategy=find_strategy("pairs"), policy=policy, limits=default_limits()).run(
        bars=late.bar + 1
    )
    assert again.traces(0)[late.ts // HOUR_MS].reason.startswith(
        "other leg: spread-second was refused by filter.volume"
    )
    counted = again.journal.facts()[f"breakers:{NAMES[0]}"]["entries"]
    assert all(str(late.ts) not in name for name in counted)


def test_each_leg_counts_while_the_other_is_asked(shared: Path) -> None:
    """One position is allowed in the whole fleet: the first leg would be it, so the second is refused, and both are
    out."""
    policy = Policy(**{**LIMITED, "leverage": 2.0})
    one, _ = with_limit(default_limits(), "filter.positions_fleet", 1)
    pair = PairRun(*real(shared, 800), strategy=find_strategy("pairs"), policy=policy, limits=one).run()
    assert pair.fills(0) == pair.fills(1) == ()
    assert any("spread-second was refused by" in trace.reason for trace in pair.traces(0).values())
