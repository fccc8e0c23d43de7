"""Drawdown (simulation.md, rule 32), worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.stats.worlds import DAY, MIDNIGHT, closes

from karat.stats import drawdown_figures, drawdown_length, max_drawdown


def test_the_start_is_a_peak():
    assert max_drawdown(np.array([80.0, 90.0, 95.0]), 100.0) == pytest.approx(0.2)
    found = drawdown_figures(closes(3), np.array([80.0, 90.0, 95.0]), 100.0, MIDNIGHT)
    assert (found.peak_bar, found.trough_bar, found.recovery_bar) == (-1, 0, None)
    assert (found.longest_bars, found.longest_days) == (3, 3.0)


def test_the_deepest_fall_is_relative_to_its_own_peak():
    # 120 -> 90 is a quarter; 400 -> 320 loses more money and only a fifth.
    equity = np.array([120.0, 90.0, 400.0, 320.0, 500.0])
    found = drawdown_figures(closes(5), equity, 100.0, MIDNIGHT)
    assert found.max == pytest.approx(0.25)
    assert (found.peak_bar, found.trough_bar, found.recovery_bar) == (0, 1, 2)
    assert found.average == pytest.approx((0.25 + 0.20) / 6)
    assert found.ulcer_index == pytest.approx(((0.25**2 + 0.20**2) / 6) ** 0.5)


def test_a_rise_has_no_drawdown():
    found = drawdown_figures(closes(3), np.array([100.0, 101.0, 102.0]), 100.0, MIDNIGHT)
    assert (found.max, found.longest_bars, found.longest_days, found.recovery_bar) == (0.0, 0, 0.0, None)
    assert found.trough_bar == found.peak_bar


def test_time_under_water_is_counted_in_bars_and_over_gaps_in_days():
    close_ts = MIDNIGHT + DAY * np.array([1, 2, 3, 4, 5, 30, 31], dtype=np.int64)
    equity = np.array([100.0, 90.0, 95.0, 100.0, 110.0, 100.0, 120.0])
    # Two closes under water from day 1 to day 3; one close, on day 30, under the peak of day 5.
    assert drawdown_length(close_ts, equity, 100.0, MIDNIGHT) == (2, 25.0)


def test_a_difference_below_a_billionth_is_back_at_the_peak():
    found = drawdown_figures(closes(2), np.array([100.0 * (1 - 1e-12), 100.0]), 100.0, MIDNIGHT)
    assert found.longest_bars == 0


def test_debt_is_a_drawdown_above_one():
    assert max_drawdown(np.array([-50.0]), 100.0) == pytest.approx(1.5)


def test_no_bars_no_drawdown():
    assert max_drawdown(np.empty(0), 100.0) == 0.0


def test_broken_columns_are_assertions():
    with pytest.raises(AssertionError):
        max_drawdown(np.array([1.0, np.nan]), 1.0)
    with pytest.raises(AssertionError):
        max_drawdown(np.array([1.0]), 0.0)
