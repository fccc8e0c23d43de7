"""Drawdowns that chance makes: closed forms, limits and laws."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.stats.plausibility import brownian_drawdown_cdf, brownian_drawdown_mean, brownian_drawdown_quantile


def test_without_drift_the_mean_is_known():
    assert brownian_drawdown_mean(0.0, 0.3, 4.0) == pytest.approx(0.3 * math.sqrt(4.0 * math.pi / 2), rel=1e-12)


def test_with_a_strong_drift_the_mean_follows_its_limit():
    # E = 2 s^2 / mu * Q(mu^2 T / (2 s^2)), Q(x) ~ ln(x) / 4 + 0.49088 for large x, from the same paper.
    assert brownian_drawdown_mean(10.0, 1.0, 1.0) == pytest.approx(0.2 * (math.log(50.0) / 4 + 0.49088), rel=0.01)


@pytest.mark.parametrize("drift", [0.5, 1.0, 2.0])
def test_the_two_kinds_of_root_meet_smoothly(drift):
    edge = 1.0 / drift
    steps = [brownian_drawdown_cdf(edge * (1.0 + nudge), drift, 1.0, 1.0) for nudge in (-2e-4, -1e-4, 0.0, 1e-4, 2e-4)]
    slopes = [after - before for before, after in pairwise(steps)]
    assert slopes == pytest.approx([slopes[0]] * 4, rel=2e-2)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.0, 5.0), st.floats(0.05, 3.0), st.floats(0.1, 4.0), st.floats(0.05, 3.0), st.floats(1.01, 2.0))
def test_a_probability_that_rises_with_depth_and_drift_and_falls_with_time(drift, x, time, volatility, more):
    here = brownian_drawdown_cdf(x, drift, volatility, time)
    assert 0.0 <= here <= 1.0
    assert brownian_drawdown_cdf(x * more, drift, volatility, time) >= here - 1e-9
    assert brownian_drawdown_cdf(x, drift, volatility, time * more) <= here + 1e-9
    assert brownian_drawdown_cdf(x, drift + more, volatility, time) >= here - 1e-9
    scaled = brownian_drawdown_cdf(2.0 * x, 2.0 * drift, 2.0 * volatility, time)
    assert scaled == pytest.approx(here, abs=1e-12)


def test_a_quantile_is_the_depth_of_its_probability():
    depth = brownian_drawdown_quantile(0.3, 1.5, 0.4, 2.0)
    assert brownian_drawdown_cdf(depth, 1.5, 0.4, 2.0) == pytest.approx(0.3, abs=1e-10)


def test_no_depth_has_no_probability_and_no_time_is_an_assertion():
    assert brownian_drawdown_cdf(0.0, 1.0, 1.0, 1.0) == 0.0
    with pytest.raises(AssertionError):
        brownian_drawdown_cdf(1.0, 1.0, 0.0, 1.0)
    with pytest.raises(AssertionError):
        brownian_drawdown_cdf(1.0, -1.0, 1.0, 1.0)
