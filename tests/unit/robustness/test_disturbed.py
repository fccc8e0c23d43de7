"""Entries missed, fills worse, prices noisy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.research.small_markets import candles, free_policy
from tests.unit.robustness.variants import every_other_bar, wandering, written

from karat.core.indicators.volatility import atr
from karat.core.model.candles import Candles
from karat.core.model.policy import Policy
from karat.core.model.signals import signals
from karat.research.robustness import missed_entries, noisy_prices, worse_fills
from karat.research.robustness.disturbed import dearer, entry_stretches, without_entries
from karat.research.robustness.noise import noisy_candles
from karat.stats import Undefined
from karat.stats.figure import NO_TRADES

BARS = 120


def test_consecutive_bars_that_ask_for_one_side_are_one_entry():
    long = np.array([0, 1, 1, 0, 1, 0, 0, 0], bool)
    short = np.array([0, 0, 0, 1, 0, 0, 1, 1], bool)
    assert entry_stretches(signals(8, long=long, short=short)).tolist() == [-1, 0, 0, 1, 2, -1, 3, 3]


def test_a_target_that_is_not_said_anew_goes_on():
    target = np.array([math.nan, 1.0, math.nan, 0.5, 0.0, -1.0, math.nan, 1.0])
    assert entry_stretches(signals(8, target=target)).tolist() == [-1, 0, 0, 0, -1, 1, 1, 2]
    missed = np.array([False, False, False, False, False, True, True, False])
    gone = without_entries(signals(8, target=target), missed).target
    assert gone[5] == 0.0 and math.isnan(gone[6]) and gone[7] == 1.0


def test_a_missed_reversal_still_closes_what_was_held():
    """Long at 100, and at 110 the short that is missed: out at 110, not held down to 90."""
    bar = np.arange(5)
    said = signals(5, long=bar == 0, short=bar == 1)
    gone = without_entries(said, bar == 1)
    run = written([100.0, 110.0, 90.0, 90.0, 90.0], said).with_signals(gone)
    assert run.trades.side.tolist() == [1]
    assert run.trades.exit_price[0] == pytest.approx(110.0)
    assert run.open_position is None


def test_with_no_entry_missed_nothing_changes_and_with_all_missed_nothing_is_traded():
    variant = written(wandering(BARS), every_other_bar(BARS))
    none, every = (missed_entries(variant, seed=1, probability=share, runs=3) for share in (0.0, 1.0))
    assert none.sharpe.at(1) == none.sharpe.at(99) == variant.run.metrics["sharpe"]
    assert none.trades.at(50) == len(variant.run.trades)
    assert every.trades.at(99) == 0.0
    assert isinstance(every.sharpe.at(50), Undefined)
    assert every.loss == 1.0  # an account that never traded has not gained


def test_of_many_entries_about_a_fifth_is_missed():
    variant = written(wandering(BARS), every_other_bar(BARS))
    found = missed_entries(variant, seed=1, probability=0.2, runs=100)
    assert len(variant.run.trades) == 59
    assert found.trades.at(50) == pytest.approx(0.8 * 59, abs=2.0)
    assert found.trades.at(1) < found.trades.at(99) < 59


def test_a_missed_trade_makes_room_for_one_that_could_not_be_made():
    """A long of ten bars stands in the way of the long in its middle. Missing the first makes the second, which is
    held to the same exit: seen in bars, and not as a trade that is struck off."""
    bar = np.arange(20)
    said = signals(20, long=(bar == 2) | (bar == 6), exit_long=bar == 12)
    variant = written(wandering(20), said)
    assert variant.run.trades.bars_held.tolist() == [10 + 1]
    run = variant.with_signals(without_entries(said, bar == 2))
    assert run.trades.bars_held.tolist() == [6 + 1]


def test_worse_fills_lose_and_never_gain():
    policy = Policy(size_value=0.5)
    variant = written(wandering(BARS), every_other_bar(BARS), policy)
    found = worse_fills(variant, seed=1, times_max=3.0, runs=20)
    same = worse_fills(variant, seed=1, times_max=1.0, runs=3)
    assert same.total_return.at(1) == same.total_return.at(99) == variant.run.metrics["total_return"]
    assert found.total_return.at(99) < variant.run.metrics["total_return"]
    thrice = variant.with_policy(dearer(policy, 3.0)).metrics["total_return"]
    assert thrice < found.total_return.at(1)


def test_noise_of_nothing_is_the_market_and_noise_moves_it_within_its_share():
    variant = written(wandering(BARS), every_other_bar(BARS), free_policy(size_value=0.5))
    still, noisy = (noisy_prices(variant, seed=1, share=share, runs=10) for share in (0.0, 0.3))
    assert still.total_return.at(1) == still.total_return.at(99) == variant.run.metrics["total_return"]
    assert noisy.total_return.at(1) < variant.run.metrics["total_return"] < noisy.total_return.at(99)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**60), st.integers(0, 1000), st.floats(0.0, 3.0))
def test_noisy_bars_are_bars(seed, path, share):
    real = candles(wandering(60))
    found = noisy_candles(real, 0.01, seed=seed, path=path, share=share)
    assert (found.low <= np.minimum(found.open, found.close)).all()
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.low > 0.0).all()
    width = np.nan_to_num(atr(real.high, real.low, real.close, 14))
    assert (np.abs(found.close - real.close) <= share * width + 0.005 + 1e-9).all()
    np.testing.assert_array_equal(found.ts, real.ts)
    np.testing.assert_array_equal(found.close[:14], real.close[:14])  # no ATR yet
    # An open is the close before, as it was: noise makes no gaps of its own but those of rounding.
    assert (np.abs(found.open[1:] - found.close[:-1]) <= 0.01 + 1e-9).all()


def test_a_price_near_nothing_does_not_fall_below_a_tick():
    near = Candles(
        candles([1.0]).market, 3_600_000, np.arange(40) * 3_600_000, np.full(40, 0.02), np.full(40, 0.05),
        np.full(40, 0.01), np.full(40, 0.02), np.ones(40),
    )  # fmt: skip
    assert noisy_candles(near, 0.01, seed=1, path=0, share=5.0).low.min() >= 0.01


def test_without_a_trade_there_is_nothing_to_disturb():
    quiet = written(wandering(40), signals(40))
    assert missed_entries(quiet, seed=1) == worse_fills(quiet, seed=1) == noisy_prices(quiet, seed=1) == NO_TRADES
