"""Other orders of the same trades, other trades, other years."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.research.small_markets import free_policy
from tests.unit.robustness.variants import every_other_bar, wandering, written

from karat.core.model.signals import signals
from karat.research.robustness import json_of, resample_days, resample_trades, shuffle_trades
from karat.research.robustness.bands import PERCENTILES, band_of, points_of
from karat.research.robustness.paths import NEVER_FELL, TOO_FEW_DAYS, trade_returns
from karat.stats import Undefined
from karat.stats.belief.bootstrap import days_of, stationary_blocks
from karat.stats.belief.day_paths import walk_days
from karat.stats.belief.trade_paths import resampled_trades, shuffled_trades
from karat.stats.figure import NO_TRADES


def test_two_trades_have_two_orders_and_one_end():
    """+10% then -10%: the drawdown is 10% in both orders, and so is the end of 0.99."""
    close = [100.0, 110.0, 110.0, 99.0, 99.0]
    bar = np.arange(5)
    said = signals(5, long=(bar == 0) | (bar == 2), exit_long=(bar == 1) | (bar == 3))
    variant = written(close, said)
    assert trade_returns(variant) == pytest.approx([0.1, -0.1])
    found = shuffle_trades(variant, seed=1, paths=400)
    assert found.real == pytest.approx(0.1)
    assert found.drawdown.at(1) == found.drawdown.at(99) == pytest.approx(0.1)
    assert found.equity.after.tolist() == [1, 2]
    assert found.equity.values[-1] == pytest.approx([0.99] * len(PERCENTILES))
    assert found.equity.values[0] == pytest.approx([0.9, 0.9, 0.9, found.equity.values[0][3], 1.1, 1.1, 1.1])


def test_resampled_trades_may_be_the_same_twice():
    """Of the four pairs of +10% and -10% three end at or below the start: 1.21, 0.99, 0.99, 0.81."""
    close = [100.0, 110.0, 110.0, 99.0, 99.0]
    bar = np.arange(5)
    said = signals(5, long=(bar == 0) | (bar == 2), exit_long=(bar == 1) | (bar == 3))
    found = resample_trades(written(close, said), seed=1, paths=4_000)
    assert found.loss == pytest.approx(0.75, abs=0.02)
    assert found.total_return.at(5) == pytest.approx(-0.19)
    assert found.total_return.at(50) == pytest.approx(-0.01)
    assert found.total_return.at(95) == pytest.approx(0.21)
    assert found.drawdown.at(95) == pytest.approx(0.19)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30), st.integers(0, 2**40))
def test_the_last_point_of_a_curve_is_where_its_path_ends(returns, seed):
    returns, after = np.array(returns), points_of(len(returns))
    for paths_of in (shuffled_trades, resampled_trades):
        found = paths_of(returns, seed=seed, paths=5, after=after)
        assert found.curves[:, -1] == pytest.approx(found.final)
        assert found.drawdown == pytest.approx(paths_of(returns, seed=seed, paths=5).drawdown)
        worst = 1.0 - found.curves / np.maximum.accumulate(np.maximum(found.curves, 1.0), axis=1)
        assert worst.max(axis=1) == pytest.approx(found.drawdown, abs=1e-12)
    assert shuffled_trades(returns, seed=seed, paths=5, after=after).final == pytest.approx(np.prod(1.0 + returns))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=20), st.integers(0, 2**40), st.integers(1, 40))
def test_walked_days_are_the_days_of_the_blocks(returns, seed, horizon):
    returns = np.array(returns)
    blocks = stationary_blocks(seed, 4, len(returns), horizon, 3.0)
    found = walk_days(returns, blocks, np.arange(1, horizon + 1))
    for path in range(4):
        equity = np.cumprod(1.0 + returns[days_of(blocks, path, len(returns))])
        assert found.curves[path] == pytest.approx(equity)
        assert found.final[path] == pytest.approx(equity[-1])
        assert found.lowest[path] == pytest.approx(min(equity.min(), 1.0))


def test_an_account_that_is_ruined_does_not_come_back():
    """Two days in debt multiply to a gain; the walk stops at the first."""
    blocks = stationary_blocks(3, 1, 1, 4, 1.0)
    found = walk_days(np.array([-3.0]), blocks, np.array([4]))
    assert found.final[0] == found.lowest[0] == -2.0
    assert found.drawdown[0] == 3.0


def test_a_year_of_a_strategy_that_only_rises_has_neither_loss_nor_ruin():
    close = 100.0 * 1.001 ** np.arange(200) * (1.0 + 0.0001 * np.sin(np.arange(200)))
    found = resample_days(written(close, signals(200, long=np.arange(200) == 0)), seed=1, paths=200)
    assert (found.horizon_days, found.record_days, found.loss, found.ruin) == (365, 200, 0.0, 0.0)
    assert found.drawdown_over_real == NEVER_FELL
    assert 0.35 < found.total_return.at(50) < 0.5  # 1.001 to the power of 365 is 1.44


def test_a_wild_strategy_is_ruined_within_the_year_more_often_than_a_calm_one():
    close, said = wandering(400), signals(400, long=np.arange(400) == 0)
    calm, wild = (
        resample_days(written(close, said, free_policy(size_value=size, leverage=8.0)), seed=1, paths=500)
        for size in (0.2, 4.0)
    )
    assert calm.ruin == 0.0
    assert wild.ruin > 0.1
    assert wild.drawdown.at(95) > calm.drawdown.at(95)


def test_who_was_ruined_on_the_way_is_ruined_whatever_came_after():
    """Down by 60%, up by 150%, day after day: more paths fall below half than end below the start."""
    close = np.where(np.arange(60) % 2 == 0, 100.0, 40.0) * (1.0 + 0.01 * np.sin(np.arange(60)))
    found = resample_days(written(close, signals(60, long=np.arange(60) == 0)), seed=1, paths=500, horizon_days=30)
    assert found.ruin > found.loss > 0.5


def test_what_cannot_be_told_is_not_told():
    quiet = written(np.full(60, 100.0), signals(60))
    assert shuffle_trades(quiet, seed=1) == resample_trades(quiet, seed=1) == NO_TRADES
    assert isinstance(resample_days(quiet, seed=1), Undefined)
    short = written(wandering(20), every_other_bar(20))
    assert resample_days(short, seed=1) == TOO_FEW_DAYS


def test_a_run_without_a_figure_counts_as_the_worst():
    band = band_of([1.0, 2.0, Undefined("bankrupt"), 3.0, 4.0])
    assert band.at(1) == band.at(5) == Undefined("bankrupt")
    assert (band.at(25), band.at(50), band.at(75)) == (1.0, 2.0, 3.0)
    assert (band.count, band.undefined) == (5, 1)
    assert json_of(band)["p1"] == {"undefined": "bankrupt"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_a_band_of_numbers_is_that_of_numpy(values):
    assert band_of(values).values == pytest.approx(np.percentile(values, PERCENTILES))


def test_the_same_seed_gives_the_same_answer_and_another_another():
    variant = written(wandering(120), every_other_bar(120))
    for test in (shuffle_trades, resample_trades, resample_days):
        once, again, other = (json_of(test(variant, seed=seed, paths=100)) for seed in (1, 1, 2))
        assert once == again != other
