"""Worlds of a few bars with the arithmetic written out, to hold the slow simulator to simulation.md by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.simulation.decimal_examples import FLAT, FREE, NAN, PERPETUAL, world
from tests.simulation.decimal_simulator import simulate
from tests.simulation.world import Bar, Run

from karat.core.model.instrument import Kind
from karat.core.model.policy import LevelMode
from karat.core.model.reasons import Reason, Refusal
from karat.core.time import HOUR_MS


def told(run: Run) -> list[tuple[int, int, int, Reason, Decimal]]:
    """Bar, side, lots, reason and price of every fill."""
    return [(fill.bar, fill.side, fill.lots, Reason(fill.reason), fill.price) for fill in run.fills]  # type: ignore[misc]


def test_an_entry_fills_at_the_next_open_and_is_marked_at_the_close():
    run = simulate(world([FLAT, (100, 110, 100, 108)], FREE, entry=[1, 0]))
    # 100 / 100 = 1 unit = 10 lots, bought at 100, worth 108 at the close.
    assert told(run) == [(1, +1, 10, Reason.ENTRY, Decimal(100))]
    assert run.equity == [Decimal(1000), Decimal(1008)]
    assert run.open_lots == 10
    assert run.closed_trades == 0


def test_spread_slippage_and_fee_of_a_taker():
    policy = replace(FREE, half_spread=0.01, slippage_base=0.01, slippage_volume=0.1, taker_fee=0.001)
    run = simulate(world([FLAT, FLAT], policy, entry=[1, 0]))
    fill = run.fills[0]
    # 1 unit of a volume of 100: slippage 0.01 + 0.1 * sqrt(0.01) = 0.02; price 100 * 1.03; fee 0.001 * 103.
    assert (fill.price, fill.fee) == (Decimal(103), Decimal("0.103"))
    assert (fill.spread_cost, fill.slippage_cost) == (1, 2)
    assert run.equity[1] == Decimal(1000) - 3 - Decimal("0.103")


def test_stop_comes_before_take_and_fills_at_the_worse_of_open_and_stop():
    policy = replace(FREE, stop_mode=LevelMode.FRACTION, stop_value=0.05, take_mode=LevelMode.FRACTION, take_value=0.05)
    run = simulate(world([FLAT, (100, 110, 95, 100), FLAT], policy, entry=[1, 0, 0]))
    assert told(run)[1] == (1, -1, 10, Reason.STOP, Decimal(95))
    gap = simulate(world([FLAT, FLAT, (90, 91, 89, 90)], policy, entry=[1, 0, 0]))
    assert told(gap)[1] == (2, -1, 10, Reason.STOP, Decimal(90))


def test_a_take_needs_one_tick_through_and_closes_half():
    policy = replace(FREE, take_mode=LevelMode.FRACTION, take_value=0.05)
    touched = simulate(world([FLAT, (100, 105, 100, 105)], policy, entry=[1, 0]))
    assert len(touched.fills) == 1
    through = simulate(world([FLAT, (100, 106, 100, 105)], policy, entry=[1, 0]))
    assert told(through)[1] == (1, -1, 5, Reason.TAKE, Decimal(105))
    assert through.fills[1].level_ticks == 105
    lenient = simulate(world([FLAT, (100, 105, 100, 105)], replace(policy, strict_limit=False), entry=[1, 0]))
    assert told(lenient)[1] == (1, -1, 5, Reason.TAKE, Decimal(105))


def test_liquidation_costs_exactly_the_margin():
    run = simulate(world([FLAT, (100, 100, 85, 90)], replace(FREE, leverage=10.0), entry=[1, 0]))
    # Without maintenance L is the bankruptcy price, 100 * (1 - 1/10) = 90; the margin was 10.
    assert told(run)[1] == (1, -1, 10, Reason.LIQUIDATION, Decimal(90))
    assert run.equity[1] == 990
    assert run.realised == -10


def test_inverse_result_in_coin():
    inverse = replace(PERPETUAL, kind=Kind.INVERSE, contract_size=10.0, lot=1.0, min_quantity=1.0)
    policy = replace(FREE, capital=10.0)
    run = simulate(world([FLAT, (100, 125, 100, 125), FLAT, FLAT], policy, entry=[1, 0, 0, 0], instrument=inverse))
    # 100 quote units = 10 contracts of 10; at 125 worth 100 * (1/100 - 1/125) = 0.2 coin.
    assert told(run)[0] == (1, 1, 10, Reason.ENTRY, Decimal(100))
    assert run.equity[1] == Decimal("10.2")


def test_an_opposite_entry_reverses_with_two_orders():
    run = simulate(world([FLAT, FLAT, FLAT], FREE, entry=[1, -1, 0]))
    assert told(run)[1:] == [(2, -1, 10, Reason.SIGNAL, Decimal(100)), (2, -1, 10, Reason.ENTRY, Decimal(100))]
    assert [fill.position_before for fill in run.fills] == [0, 10, 0]


def test_a_cooldown_refuses_the_other_side_but_closes():
    run = simulate(world([FLAT, FLAT, FLAT], replace(FREE, cooldown=1), entry=[1, -1, 0]))
    assert told(run)[1:] == [(2, -1, 10, Reason.SIGNAL, Decimal(100))]
    assert run.refusals == [Refusal.NONE, Refusal.COOLDOWN, Refusal.NONE]


def test_the_trailing_stop_moves_at_the_close_and_reports_trail():
    policy = replace(FREE, trail_mode=LevelMode.FRACTION, trail_value=0.1, trail_from_entry=True)
    run = simulate(world([FLAT, (100, 125, 100, 120), (120, 120, 112, 113), FLAT], policy, entry=[1, 0, 0, 0]))
    # 125 - 12.5 = 112.5, down to the tick: 112.
    assert told(run)[1] == (2, -1, 10, Reason.TRAIL, Decimal(112))


def test_a_reentry_limit_fills_one_tick_through_and_only_when_its_first_open_allows():
    policy = replace(
        FREE, stop_mode=LevelMode.FRACTION, stop_value=0.05, reentry_max=1, reentry_offset=0.0, reentry_bars=2
    )
    bars = [FLAT, (100, 100, 95, 97), (97, 98, 94, 97), (97, 97, 97, 97)]
    run = simulate(world(bars, policy, entry=[1, 0, 0, 0]))
    # Stopped at 95; 100 / 97 = 1.03 units at 95 from bar 2 on, whose low of 94 is one tick through.
    assert told(run)[1:] == [(1, -1, 10, Reason.STOP, Decimal(95)), (2, 1, 10, Reason.REENTRY, Decimal(95))]
    assert run.fills[2].decision_bar == 1
    void = simulate(world([FLAT, (100, 100, 95, 97), (95, 98, 94, 97), FLAT], policy, entry=[1, 0, 0, 0]))
    assert len(void.fills) == 2


def test_funding_is_paid_by_what_was_held_before():
    stamps = [(0, 0.01, NAN), (HOUR_MS, 0.01, NAN), (2 * HOUR_MS, 0.01, 200.0)]
    run = simulate(world([FLAT, FLAT, FLAT], FREE, entry=[1, 0, 0], funding=stamps))
    # Entered at the open of bar 1, so only the last stamp counts: 1 * 200 * 0.01.
    assert run.funding == 2
    assert run.equity == [1000, 1000, 998]


def test_what_is_not_affordable_is_cut_or_dropped():
    policy = replace(FREE, size_value=1e9, taker_fee=0.25)
    run = simulate(world([FLAT, FLAT], policy, entry=[1, 0]))
    # 1000 / (100 * 1.25) = 8 units.
    assert told(run) == [(1, 1, 80, Reason.ENTRY, Decimal(100))]
    large = replace(PERPETUAL, min_quantity=9.0)
    dropped = simulate(world([FLAT, FLAT], policy, entry=[1, 0], instrument=large))
    assert dropped.fills == []
    assert dropped.refusals == [Refusal.AFFORD, Refusal.NONE]


def test_a_target_grows_trims_and_turns_through_zero():
    policy = replace(FREE, slippage_base=0.01)
    run = simulate(world([FLAT] * 5, policy, entry=[0] * 5, target=[0.5, 1.0, 0.2, -0.5, NAN]))
    assert [(fill.bar, fill.side, fill.lots, Reason(fill.reason)) for fill in run.fills] == [
        (1, 1, 5, Reason.ENTRY),
        (2, 1, 5, Reason.ENTRY),
        (3, -1, 8, Reason.SIGNAL),
        (4, -1, 2, Reason.SIGNAL),
        (4, -1, 5, Reason.ENTRY),
    ]
    assert run.closed_trades == 1
    assert run.open_lots == -5


def test_a_daily_loss_refuses_until_midnight():
    policy = replace(FREE, size_value=1000.0, daily_loss_limit=0.1, time_exit=1)
    bars = [FLAT, (100, 100, 90, 90), (90, 90, 90, 90), (90, 90, 90, 90)]
    start = [Bar((21 + i) * HOUR_MS, *prices, 100.0) for i, prices in enumerate(bars)]
    run = simulate(world(bars, policy, entry=[1, 0, 1, 1], bars=start))
    # Bar 1 closes at 23:00 with a loss of 10%; bar 2 closes at 00:00, the new day, and may enter.
    assert run.refusals[2] == Refusal.NONE
    earlier = simulate(world(bars, policy, entry=[1, 1, 1, 1], bars=[replace(b, ts=b.ts - HOUR_MS) for b in start]))
    assert earlier.refusals[2] == Refusal.DAILY_LOSS


def test_a_spot_short_borrows_each_bar():
    spot = replace(PERPETUAL, kind=Kind.SPOT)
    policy = replace(FREE, borrow_rate=0.876)
    run = simulate(world([FLAT, FLAT, FLAT], policy, entry=[-1, 0, 0], instrument=spot))
    # 1 unit at 100, 87.6% a year, an hour a bar: 100 * 0.876 / 8760 = 0.01, in bars 1 and 2.
    assert run.borrow == Decimal("0.02")


def test_finer_bars_decide_what_came_first():
    policy = replace(
        FREE,
        stop_mode=LevelMode.FRACTION,
        stop_value=0.05,
        take_mode=LevelMode.FRACTION,
        take_value=0.05,
        take_fraction=1.0,
    )
    bars = [FLAT, (100, 110, 95, 100), FLAT]
    half = HOUR_MS // 2
    finer = [Bar(0, *FLAT, 1.0), Bar(half, *FLAT, 1.0)]
    finer += [Bar(HOUR_MS, 100, 110, 100, 110, 1.0), Bar(HOUR_MS + half, 110, 110, 95, 100, 1.0)]
    run = simulate(world(bars, policy, entry=[1, 0, 0], detail=finer, detail_timeframe_ms=half))
    assert told(run)[1] == (1, -1, 10, Reason.TAKE, Decimal(105))


@pytest.mark.parametrize(("days", "defined"), [(1, False), (3, True)])
def test_sharpe_needs_two_days(days: int, defined: bool):
    n = 24 * days
    rising = [(100.0 + i * i, 101.0 + i * i, 100.0 + i * i, 101.0 + i * i) for i in range(n)]
    run = simulate(world(rising, FREE, entry=[1] + [0] * (n - 1)))
    assert (run.sharpe is not None) == defined
