"""Beside empyrical, on series of many kinds, wherever the conventions coincide.

Equal: total return, CAGR, volatility, Sharpe (with a daily rate too), Sortino, downside risk, omega, historical value
at risk and expected shortfall, stability, tail ratio, months and years; maximum drawdown and Calmar on daily bars.
Different on purpose: signs of losses (positive here), undefined with a reason (NaN or infinity there), drawdown and
Calmar of intraday bars (all closes here, daily marks there), tails of fewer days than their level needs.
"""

from __future__ import annotations

import empyrical
import numpy as np
import pytest
from tests.unit.stats.worlds import HOUR, closes, marks_of

from karat.stats import Undefined, calmar, daily_returns, max_drawdown, monthly_table, ratios, returns, tail


def series(kind: str) -> np.ndarray:
    generator = np.random.default_rng(11)
    return {
        "calm": generator.normal(0.0005, 0.01, 700),
        "fat tails": 0.01 * generator.standard_t(3, 1500),
        "losing": generator.normal(-0.002, 0.02, 400),
        "mostly idle": np.where(generator.random(365) < 0.9, 0.0, generator.normal(0.0, 0.03, 365)),
        "hundred and one days": generator.normal(0.001, 0.02, 101),
    }[kind]


KINDS = ["calm", "fat tails", "losing", "mostly idle", "hundred and one days"]


@pytest.mark.parametrize("year", [365, 252])
@pytest.mark.parametrize("kind", KINDS)
def test_figures_equal_the_library(kind, year):
    daily = series(kind)
    marks = marks_of(daily)
    worst = max_drawdown(marks[1:], 1.0)
    growth = returns.cagr(1.0, marks[-1], len(daily), year)
    per_year = {"annualization": year}
    pairs = {
        "total return": (returns.total_return(1.0, marks[-1]), empyrical.cum_returns_final(daily)),
        "cagr": (growth, empyrical.cagr(daily, **per_year)),
        "volatility": (ratios.volatility(daily, year), empyrical.annual_volatility(daily, **per_year)),
        "sharpe": (ratios.sharpe(daily, year), empyrical.sharpe_ratio(daily, **per_year)),
        "sharpe over a rate": (
            ratios.sharpe(daily, year, risk_free_per_day=1e-4),
            empyrical.sharpe_ratio(daily, risk_free=1e-4, **per_year),
        ),
        "downside": (ratios.downside_risk(daily, year), empyrical.downside_risk(daily, **per_year)),
        "sortino": (ratios.sortino(daily, year), empyrical.sortino_ratio(daily, **per_year)),
        "drawdown": (-worst, empyrical.max_drawdown(daily)),
        "calmar": (calmar(growth, worst), empyrical.calmar_ratio(daily, **per_year)),
        "omega": (ratios.omega(daily), empyrical.omega_ratio(daily)),
        "stability": (ratios.stability(daily), empyrical.stability_of_timeseries(daily)),
    }
    for name, (ours, theirs) in pairs.items():
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("level", [0.95, 0.99])
@pytest.mark.parametrize("kind", KINDS)
def test_tails_equal_the_library_with_the_sign_turned(kind, level):
    daily = series(kind)
    cutoff = round(1.0 - level, 10)
    assert tail.value_at_risk(daily, level) == pytest.approx(-empyrical.value_at_risk(daily, cutoff), abs=1e-12)
    shortfall = empyrical.conditional_value_at_risk(daily, cutoff)
    assert tail.expected_shortfall(daily, level) == pytest.approx(-shortfall, abs=1e-12)


@pytest.mark.parametrize("kind", ["calm", "fat tails", "losing"])
def test_tail_ratio_equals_the_library(kind):
    assert tail.tail_ratio(series(kind)) == pytest.approx(empyrical.tail_ratio(series(kind)))


@pytest.mark.parametrize("days", [11, 20, 21, 31, 40, 41, 61, 99, 100, 101, 200, 201])
def test_tails_on_whole_and_broken_places_equal_the_library(days):
    daily = np.random.default_rng(days).normal(0.0, 0.02, days)
    for level, cutoff in ((0.9, 0.1), (0.95, 0.05), (0.99, 0.01)):
        ours = tail.tail_losses(daily, level)
        if days * cutoff < 1 - 1e-9:
            assert all(isinstance(figure, Undefined) for figure in ours)
            continue
        theirs = (empyrical.value_at_risk(daily, cutoff), empyrical.conditional_value_at_risk(daily, cutoff))
        assert ours == pytest.approx([-figure for figure in theirs], abs=1e-12)


def test_hourly_closes_see_a_deeper_drawdown_than_daily_marks():
    equity = 100.0 * np.exp(np.cumsum(np.random.default_rng(2).normal(0.0, 0.01, 24 * 60)))
    _, daily = daily_returns(closes(len(equity), HOUR), equity, 100.0)
    assert len(daily) == 60
    assert max_drawdown(equity, 100.0) > -empyrical.max_drawdown(daily)


def test_the_monthly_table_equals_the_library():
    import pandas

    daily = series("calm")
    close_ts = closes(len(daily))
    rows = monthly_table(close_ts, 100.0 * marks_of(daily)[1:], 100.0)
    days = pandas.to_datetime(close_ts - 1, unit="ms", utc=True)
    theirs = empyrical.aggregate_returns(pandas.Series(daily, days), "monthly")
    ours = [month for row in rows for month in row.months if month is not None]
    assert ours == pytest.approx(list(theirs), abs=1e-12)
    yearly = empyrical.aggregate_returns(pandas.Series(daily, days), "yearly")
    assert [row.total for row in rows] == pytest.approx(list(yearly), abs=1e-12)
