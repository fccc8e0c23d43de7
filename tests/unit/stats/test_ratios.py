"""Ratios of daily returns, worked by hand, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from karat.stats import Undefined, calmar, sharpe, sharpe_columns, sharpe_from_sums, sortino, volatility
from karat.stats.figure import BANKRUPT, ONE_DAY
from karat.stats.ratios import NO_DEVIATION, NO_LOSING_DAY, downside_risk, gain_to_pain, omega, stability

UP_DOWN = np.array([0.03, -0.01])  # mean 0.01, sample deviation sqrt(2 * 0.02^2 / 1)


def test_two_days_by_hand():
    deviation = math.sqrt(2 * 0.02**2)
    assert volatility(UP_DOWN) == pytest.approx(deviation * math.sqrt(365))
    assert sharpe(UP_DOWN) == pytest.approx(0.01 / deviation * math.sqrt(365))
    assert sharpe(UP_DOWN, 252) == pytest.approx(0.01 / deviation * math.sqrt(252))
    assert sharpe(UP_DOWN, 365, risk_free_per_day=0.01) == pytest.approx(0.0, abs=1e-12)
    assert downside_risk(UP_DOWN) == pytest.approx(math.sqrt(0.01**2 / 2) * math.sqrt(365))
    assert sortino(UP_DOWN) == pytest.approx(0.01 / math.sqrt(0.01**2 / 2) * math.sqrt(365))
    assert omega(UP_DOWN) == pytest.approx(3.0)
    assert gain_to_pain(UP_DOWN) == pytest.approx(2.0)
    assert calmar(0.5, 0.25) == 2.0


RATIOS = [sharpe, sortino, volatility, downside_risk, omega, gain_to_pain, stability]


@pytest.mark.parametrize("ratio", RATIOS)
def test_fewer_than_two_days_are_undefined(ratio):
    assert ratio(np.array([0.01])) == ONE_DAY
    assert isinstance(ratio(np.empty(0)), Undefined)


@pytest.mark.parametrize("ratio", RATIOS)
def test_lost_equity_is_undefined(ratio):
    assert ratio(np.array([0.01, -1.0, np.nan, np.nan])) == BANKRUPT


@pytest.mark.parametrize("constant", [0.0, 0.01, -0.003, 1e-9, 0.1])
@pytest.mark.parametrize("days", [2, 30, 4000])
def test_returns_that_do_not_vary_have_no_sharpe(constant, days):
    assert sharpe(np.full(days, constant)) == NO_DEVIATION
    assert volatility(np.full(days, constant)) == 0.0


def test_small_deviations_are_still_deviations():
    wobble = 0.01 + 1e-6 * np.tile([1.0, -1.0], 500)
    assert sharpe(wobble) == pytest.approx(0.01 / wobble.std(ddof=1) * math.sqrt(365), rel=1e-6)


def test_without_a_losing_day_downside_ratios_are_undefined():
    gains = np.array([0.01, 0.02, 0.0])
    assert sortino(gains) == NO_LOSING_DAY
    assert omega(gains) == NO_LOSING_DAY
    assert gain_to_pain(gains) == NO_LOSING_DAY


def test_calmar_carries_the_reason_of_its_parts():
    assert calmar(BANKRUPT, 0.5) == BANKRUPT
    assert calmar(0.1, ONE_DAY) == ONE_DAY
    assert calmar(0.1, 0.0) == Undefined("equity never fell")


def test_stability_of_steady_growth_is_one_and_of_none_undefined():
    assert stability(np.full(50, 0.01)) == pytest.approx(1.0)
    assert isinstance(stability(np.zeros(50)), Undefined)


def test_sums_give_the_sharpe_of_the_series_to_the_bit():
    daily = np.random.default_rng(7).normal(0.001, 0.02, 900)
    total = squares = 0.0
    for value in daily.tolist():
        total += value
        squares += value * value
    assert sharpe_from_sums(len(daily), total, squares) == sharpe(daily)
    assert sharpe_columns(len(daily), np.array([total]), np.array([squares]))[0] == sharpe(daily)


def test_columns_of_a_sweep_hold_nan_where_a_sharpe_is_undefined():
    n = np.array([1, 2, 3, 3, 3], dtype=np.int64)
    totals = np.array([0.1, 0.02, 0.0, np.nan, 0.03])
    squares = np.array([0.01, 0.001, 0.0, np.nan, 0.0003])
    columns = sharpe_columns(n, totals, squares, 252)
    for column in range(len(n)):
        figure = sharpe_from_sums(int(n[column]), float(totals[column]), float(squares[column]), 252)
        if isinstance(figure, Undefined):
            assert math.isnan(columns[column])
        else:
            assert columns[column] == figure
    assert [math.isnan(value) for value in columns] == [True, False, True, True, True]
    assert sharpe_from_sums(3, math.nan, math.nan) == BANKRUPT
