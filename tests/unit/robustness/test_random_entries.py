"""Random entries, and signals at other times."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.research.small_markets import free_policy
from tests.unit.robustness.variants import every_other_bar, wandering, written

from karat.core.model.policy import LevelMode
from karat.core.model.signals import signals
from karat.research.robustness import random_entries, random_timing
from karat.research.robustness.random_entries import NO_ROOM, NOT_MATCHED, TARGETS, p_value, put_off, with_entries
from karat.stats import Undefined
from karat.stats.figure import BANKRUPT, NO_TRADES, ONE_DAY

BARS = 400


def knowing(bars: int, close: np.ndarray) -> object:
    """Long for one bar wherever the bar after the fill will rise, four bars apart."""
    bar = np.arange(bars)
    rises = np.append(close[2:] > close[1:-1], [False, False])  # filled at close[bar], held over bar + 1
    long = np.append(close[1:] > close[:-1], False) & (bar % 4 == 0)
    assert rises.any()
    return signals(bars, long=long, exit_long=bar % 4 == 1)


def test_p_counts_the_real_run_among_the_random_ones():
    assert p_value(2.0, [1.0, 3.0, 2.0]) == 3 / 4  # two as good, and itself
    assert p_value(9.0, [1.0] * 99) == 1 / 100
    assert p_value(2.0, [BANKRUPT, Undefined("no deviation")]) == 2 / 3  # unknown counts as good, bankrupt does not
    assert p_value(ONE_DAY, [1.0]) == ONE_DAY


@pytest.mark.parametrize("test", [random_entries, random_timing])
def test_entries_that_know_the_next_bar_are_told_from_random_ones(test):
    close = wandering(BARS)
    found = test(written(close, knowing(BARS, close)), seed=1, runs=60)
    assert found.p_value == 1 / 61
    assert found.real > found.random.at(99)
    assert found.trades.at(50) == pytest.approx(found.trades_real, rel=0.1)


@pytest.mark.parametrize("test", [random_entries, random_timing])
def test_entries_that_know_nothing_are_not(test):
    draws = np.random.default_rng(5).random(BARS)
    said = signals(BARS, long=draws < 0.1, short=draws > 0.9, exit_long=draws > 0.7, exit_short=draws < 0.3)
    found = test(written(wandering(BARS), said), seed=1, runs=60)
    assert found.p_value > 0.05
    assert found.random.at(1) < found.real < found.random.at(99)


def test_random_entries_have_the_sides_of_the_real_ones():
    """All real ones are long, in a market that rises all the time: no random run can be short and lose."""
    close = 100.0 * 1.001 ** np.arange(BARS) * (1.0 + 1e-4 * np.sin(np.arange(BARS)))
    bar = np.arange(BARS)
    said = signals(BARS, long=bar % 10 == 0, exit_long=bar % 5 == 2)
    found = random_entries(written(close, said), seed=1, runs=20)
    assert found.trades_real == 40
    assert found.random.at(1) > 0.0


def test_random_entries_leave_by_the_stops_of_the_policy():
    close = wandering(BARS)
    policy = free_policy(stop_mode=LevelMode.FRACTION, stop_value=0.01, time_exit=5)
    draws = np.random.default_rng(2).random(BARS)
    found = random_entries(written(close, signals(BARS, long=draws < 0.05), policy), seed=1, runs=30)
    assert found.trades.at(50) == pytest.approx(found.trades_real, rel=0.1)


def test_a_random_entry_takes_what_was_said_to_a_real_one():
    """The real entry at a price of 100 has a stop 2 away and half of the confidence: at 200 the stop is 4 away."""
    bar = np.arange(4)
    said = signals(4, long=bar == 0, stop=np.where(bar == 0, 2.0, np.nan), confidence=np.where(bar == 0, 0.5, 1.0))
    variant = written([100.0, 150.0, 200.0, 50.0], said)
    found = with_entries(variant, signals(4), np.array([2, 3]), 1, np.array([0, 0]))
    assert found.entry.tolist() == [0, 0, 1, -1]
    assert found.stop[2:].tolist() == [4.0, 1.0]
    assert found.confidence.tolist() == [0.5, 1.0, 0.5, 0.5]


def test_exits_at_every_bar_but_those_of_the_entries_leave_random_ones_no_chance():
    """An entry whose own exit stands at the same bar is void: one random bar in eight lets an entry through."""
    bar = np.arange(BARS)
    long = bar % 8 == 0
    found = random_entries(written(wandering(BARS), signals(BARS, long=long, exit_long=~long)), seed=1, runs=5)
    assert found.p_value == NOT_MATCHED


def test_signals_that_are_put_off_keep_number_order_and_levels_as_a_share_of_price():
    close = wandering(200)
    bar = np.arange(200)
    variant = written(close, signals(200, long=bar % 10 == 0, exit_long=bar % 10 == 3, stop=0.02 * close))
    later = put_off(variant, 0, 7)
    assert np.flatnonzero(later.entry).tolist() == (np.arange(0, 200, 10) + 7).tolist()
    assert later.stop == pytest.approx(0.02 * close)
    behind = put_off(variant, 50, 7)
    assert np.flatnonzero(behind.entry[50:60]).tolist() == [7]


def test_signals_are_not_put_off_so_far_that_they_come_early_and_know_the_future():
    """The only rise are bars 190 to 220, and the trade holds 200 to 230. Fifteen bars early it would hold nearly all of
    the rise; that is what putting off by all bars but fifteen does, and no run may be given it."""
    bar = np.arange(BARS)
    close = 100.0 * np.exp(0.01 * np.clip(bar - 190, 0, 30) + 1e-4 * np.sin(bar))
    said = signals(BARS, long=bar == 200, exit_long=bar == 230)
    variant = written(close, said)
    found = random_timing(variant, seed=1, runs=300)
    early = variant.with_signals(put_off(variant, 0, BARS - 15)).metrics["sharpe"]
    assert found.random.at(99) < found.real < early
    assert found.random.undefined == 1  # entered at the last bar, so never: unknown counts as good
    assert found.p_value == 2 / 301


def test_targets_can_be_put_off_but_have_no_entries():
    close = wandering(BARS)
    target = np.append(np.sign(np.diff(close)), 0.0)
    variant = written(close, signals(BARS, target=target), free_policy(size_value=0.5))
    assert random_entries(variant, seed=1) == TARGETS
    assert random_timing(variant, seed=1, runs=40).p_value == 1 / 41


def test_without_trades_or_without_room_there_is_no_answer():
    quiet = written(wandering(BARS), signals(BARS))
    assert random_entries(quiet, seed=1) == random_timing(quiet, seed=1) == NO_TRADES
    short = written(wandering(60), every_other_bar(60))
    assert random_timing(short, seed=1) == NO_ROOM
