"""The figures that gates hold against their thresholds, by hand and beside those of a run."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr
from tests.unit.research.small_markets import free_policy, market_data
from tests.unit.robustness.variants import every_other_bar, wandering, written

from karat.core.model.policy import Policy, SizeMode
from karat.core.model.signals import signals
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.gates import figures
from karat.research.gates.thresholds import changed_thresholds, default_thresholds
from karat.research.robustness import variant_of
from karat.stats.figure import BANKRUPT, NO_TRADES, Undefined
from karat.stats.sharpe_error import autocorrelations
from karat.strategies import find_strategy, resolve

LIMITS = default_thresholds()
IN_TURN = np.tile([0.03, -0.01], 200)  # mean 1%, deviation 2%, each the opposite of the day before


def noise(days: int, drift: float = 0.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(drift, 0.01, days)


def independent(days: int = 1_095, drift: float = 0.001) -> np.ndarray:
    found = noise(days, drift)
    assert abs(autocorrelations(found, 1)[0]) < 0.05
    return found


def test_independent_days_grow_with_the_root_of_time():
    returns = independent()
    daily = returns.mean() / returns.std(ddof=1)
    assert figures.annual_sharpe(returns, 365.0, LIMITS) == pytest.approx(daily * math.sqrt(365))
    assert figures.t_ratio(returns, 365.0, LIMITS) == pytest.approx(daily * math.sqrt(1_095))
    assert figures.t_ratio(returns, 252.0, LIMITS) == pytest.approx(daily * math.sqrt(1_095))


def test_days_that_follow_each_other_grow_more_slowly_and_only_where_it_counts():
    calm = noise(1_000)
    trending = 0.002 + 0.5 * calm[1:] + 0.5 * calm[:-1]
    rho = autocorrelations(trending, 1)[0]
    lags = np.arange(1, 365)
    eta = 365.0 / math.sqrt(365.0 + 2.0 * np.sum((365.0 - lags) * rho**lags))  # Lo (2002), equation 20
    daily = trending.mean() / trending.std(ddof=1)
    assert rho > 0.4
    found = figures.t_ratio(trending, 365.0, LIMITS)
    assert found == pytest.approx(daily * eta * math.sqrt(999 / 365))
    deaf = changed_thresholds("[settings.autocorrelation_counts]\nvalue = 0.9")
    assert figures.t_ratio(trending, 365.0, deaf) == pytest.approx(daily * math.sqrt(999))
    assert found < 0.8 * figures.t_ratio(trending, 365.0, deaf)


def test_the_haircut_gives_back_a_ratio_whose_p_is_that_of_one_among_many():

    returns = independent(drift=0.002)
    annual, years = figures.annual_sharpe(returns, 365.0, LIMITS), 3.0
    one, ten = (figures.haircut_sharpe(returns, 365.0, trials, LIMITS) for trials in (1.0, 10.0))
    assert one == pytest.approx(annual)
    single, adjusted = (2.0 * stdtr(1_094, -ratio * math.sqrt(years)) for ratio in (annual, ten))
    assert adjusted == pytest.approx(10.0 * sum(1.0 / k for k in range(1, 11)) * single, rel=1e-9)
    assert figures.haircut_sharpe(returns, 365.0, 1e12, LIMITS) == pytest.approx(0.0, abs=1e-12)
    assert figures.haircut_sharpe(-returns, 365.0, 10.0, LIMITS) == pytest.approx(-annual), "nothing to cut"


@settings(deadline=None, max_examples=30)
@given(st.floats(1.0, 1e6), st.floats(1.0, 10.0), st.floats(0.0, 0.002))
def test_more_trials_never_leave_more(trials: float, times: float, drift: float):
    returns = noise(500, drift)
    few, many = (figures.haircut_sharpe(returns, 365.0, count, LIMITS) for count in (trials, trials * times))
    assert many <= few + 1e-9


def test_the_probability_and_the_length_that_it_asks_for_by_hand():
    ratio = 0.01 / (0.02 * math.sqrt(400 / 399))
    spread = 1.0 + ratio**2 * (1.0 - 1.0) / 4.0  # no skew, kurtosis 1
    chance = NormalDist().cdf(ratio * math.sqrt(399) / math.sqrt(spread))
    assert figures.probabilistic_sharpe(IN_TURN) == pytest.approx(chance)
    days = 1.0 + spread * (NormalDist().inv_cdf(0.95) / ratio) ** 2
    assert figures.minimum_track_days(IN_TURN, LIMITS) == pytest.approx(days)
    assert figures.probabilistic_sharpe(-IN_TURN) == pytest.approx(1.0 - chance)
    assert isinstance(figures.minimum_track_days(-IN_TURN, LIMITS), Undefined)
    at_the_length = IN_TURN[: math.ceil(days)]
    assert figures.probabilistic_sharpe(at_the_length) == pytest.approx(0.95, abs=0.02)


def test_rolling_windows_by_hand_and_as_a_run_has_them():
    short = changed_thresholds("[settings.rolling_days]\nvalue = 2")
    returns = np.array([0.1, 0.1, -0.5, 0.1])  # windows of two days: +21%, -45%, -45%
    assert figures.rolling_positive(returns, short) == pytest.approx(1 / 3)
    assert figures.rolling_worst(returns, 365.0, short) == pytest.approx((1.1 * 0.5) ** (365 / 2) - 1.0)
    strategy = find_strategy("ema_crossover")
    data = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 8_760))
    variant = variant_of(data, strategy, resolve(strategy), Policy())
    daily, metrics = variant.daily_returns(), variant.run.metrics
    assert figures.rolling_positive(daily, LIMITS) == metrics["rolling_cagr_positive"]
    assert figures.rolling_worst(daily, 365.0, LIMITS) == pytest.approx(metrics["rolling_cagr_worst"], rel=1e-9)


def test_a_walk_falls_as_a_motion_does_and_a_curve_that_is_too_good_does_not():
    walks = [figures.drawdown_plausibility(noise(1_095, 0.0005, seed)) for seed in range(60)]
    chances = np.array([one for one in walks if not isinstance(one, Undefined)])
    assert len(chances) > 40
    assert 0.3 < np.median(chances) < 0.7
    assert np.mean(chances < 0.01) < 0.03
    # Gains and losses in turn have the volatility of a walk, and never fall by more than a day.
    assert figures.drawdown_plausibility(0.01 * np.tile([1.1, -1.0], 500)) < 1e-6
    assert isinstance(figures.drawdown_plausibility(noise(300, -0.01)), Undefined)


def test_the_largest_order_over_what_a_thin_bar_trades():
    bars, volume = 200, np.full(200, 50.0)
    volume[:20] = 2.0
    said = signals(bars, long=np.arange(bars) == 100, exit_long=np.arange(bars) == 101)
    policy = free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0)
    variant = written(np.full(bars, 100.0), said, policy, volume=volume)
    # The 5th percentile is a bar that traded 2 units at 100.
    assert figures.order_share_of_volume(variant, LIMITS) == pytest.approx(1_000.0 / 200.0, rel=1e-3)
    busy = changed_thresholds("[settings.volume_percentile]\nvalue = 0.5")
    assert figures.order_share_of_volume(variant, busy) == pytest.approx(1_000.0 / 5_000.0, rel=1e-3)
    dry = written(np.full(bars, 100.0), said, policy, volume=np.where(volume < 50.0, 0.0, volume))
    assert isinstance(figures.order_share_of_volume(dry, LIMITS), Undefined)
    still = written(wandering(60), signals(60))
    assert figures.order_share_of_volume(still, LIMITS) == NO_TRADES


def test_what_cannot_be_told_has_its_reason():
    ruined = np.array([0.1, -1.0, np.nan, np.nan])
    flat, one = np.zeros(400), np.array([0.1])
    for returns, reason in ((ruined, BANKRUPT), (flat, None), (one, None)):
        for found in (
            figures.annual_sharpe(returns, 365.0, LIMITS),
            figures.t_ratio(returns, 365.0, LIMITS),
            figures.haircut_sharpe(returns, 365.0, 5.0, LIMITS),
            figures.probabilistic_sharpe(returns),
            figures.minimum_track_days(returns, LIMITS),
            figures.drawdown_plausibility(returns),
        ):
            assert isinstance(found, Undefined)
            assert reason is None or found == reason
    assert figures.rolling_positive(ruined, LIMITS) == BANKRUPT
    assert isinstance(figures.rolling_worst(one, 365.0, LIMITS), Undefined)
    assert figures.rolling_positive(flat, LIMITS) == 0.0
    variant = written(wandering(60), every_other_bar(60))
    assert not isinstance(figures.order_share_of_volume(variant, LIMITS), Undefined)
