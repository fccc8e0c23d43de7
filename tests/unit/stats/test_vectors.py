"""The metric vectors: empyrical 0.7.1 and quantstats 0.0.86 on one series, Lo's formulas, drawdown, rolling CAGR.

Where the two libraries differ, Karat sides with: historical value at risk (empyrical; quantstats assumes a normal law),
ulcer index over the start and all closes (vector mdd_series; quantstats leaves the start out and divides by n - 1).
Karat has no recovery factor and no figures against a benchmark.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.stats.vectors import load_vector
from tests.unit.stats.worlds import MIDNIGHT, closes, marks_of

from karat.stats import plausibility, ratios, returns, sharpe_error, tail, trades
from karat.stats.drawdown import drawdown_figures, max_drawdown


@pytest.fixture(scope="module")
def metrics(shared):
    return load_vector(shared, "metrics")


@pytest.fixture(scope="module")
def daily(metrics):
    return metrics["inputs"]["returns"]


def test_every_figure_of_empyrical_that_karat_keeps_is_equal(metrics, daily):
    marks = marks_of(daily)
    worst = max_drawdown(marks[1:], 1.0)
    growth = returns.cagr(1.0, marks[-1], len(daily))
    ours = {
        "total_return": returns.total_return(1.0, marks[-1]),
        "cagr": growth,
        "annual_volatility": ratios.volatility(daily),
        "sharpe": ratios.sharpe(daily),
        "sortino": ratios.sortino(daily),
        "calmar": ratios.calmar(growth, worst),
        "max_drawdown": -worst,
        "omega": ratios.omega(daily),
        "tail_ratio": tail.tail_ratio(daily),
        "stability": ratios.stability(daily),
        "var_5": -tail.value_at_risk(daily, 0.95),
        "cvar_5": -tail.expected_shortfall(daily, 0.95),
        "downside_risk": ratios.downside_risk(daily),
    }
    expected = metrics["expected"]["empyrical"]
    assert set(expected) - set(ours) == {"alpha", "beta"}  # need a benchmark
    for name, figure in ours.items():
        assert figure == pytest.approx(expected[name], abs=metrics["tolerance"]["abs"]), name


def test_every_figure_of_quantstats_that_karat_keeps_is_equal(metrics, daily):
    sums = trades.trade_sums(daily)  # quantstats reads win rate, payoff and profit factor off days
    marks = marks_of(daily)
    worst = max_drawdown(marks[1:], 1.0)
    growth = returns.cagr(1.0, marks[-1], len(daily))
    ours = {
        "cagr": growth,
        "sharpe": ratios.sharpe(daily),
        "sortino": ratios.sortino(daily),
        "max_drawdown": -worst,
        "volatility": ratios.volatility(daily),
        "calmar": ratios.calmar(growth, worst),
        "omega": ratios.omega(daily),
        "kelly": trades.kelly_fraction(sums),
        "profit_factor": trades.profit_factor(sums),
        "win_rate": trades.win_rate(sums),
        "payoff_ratio": trades.payoff_ratio(sums),
        "tail_ratio": tail.tail_ratio(daily),
        "gain_to_pain": ratios.gain_to_pain(daily),
    }
    expected = metrics["expected"]["quantstats"]
    assert set(expected) - set(ours) == {"var_95_parametric", "cvar_95", "ulcer_index", "recovery_factor"}
    for name, figure in ours.items():
        assert figure == pytest.approx(expected[name], abs=metrics["tolerance"]["abs"]), name


def test_drawdown_of_the_series_has_its_depth_places_and_length(shared):
    vector = load_vector(shared, "mdd_series")
    expected, within = vector["expected"], vector["tolerance"]["abs"]
    equity = marks_of(vector["inputs"]["returns"])[1:]
    found = drawdown_figures(closes(len(equity)), equity, 1.0, MIDNIGHT)
    assert found.max == pytest.approx(-expected["mdd"], abs=within)
    # The vector counts the start as bar 0.
    assert found.peak_bar + 1 == expected["peak_bar"]
    assert found.trough_bar + 1 == expected["trough_bar"]
    assert found.recovery_bar is not None and found.recovery_bar + 1 == expected["recovery_bar"]
    assert found.longest_bars == expected["longest_underwater_bars"]
    assert found.longest_days == expected["longest_underwater_bars"]
    assert found.ulcer_index == pytest.approx(expected["ulcer_index"], abs=within)
    assert -found.average == pytest.approx(expected["avg_drawdown"], abs=within)


def test_drawdown_of_compounded_trades(shared):
    vector = load_vector(shared, "mc_trades")
    growth = marks_of(vector["inputs"]["trades"])[1:]
    within = vector["tolerance"]["abs_exact"]
    assert growth[-1] == pytest.approx(vector["expected"]["actual_final"], abs=within)
    assert max_drawdown(growth, 1.0) == pytest.approx(vector["expected"]["actual_mdd"], abs=within)


def test_rolling_cagr_of_the_series(shared):
    vector = load_vector(shared, "rolling_cagr")
    inputs, expected = vector["inputs"], vector["expected"]
    found = returns.rolling_cagr(marks_of(inputs["returns"]), inputs["window"], inputs["periods_per_year"])
    ours = {
        "n": len(found),
        "first": found[0],
        "last": found[-1],
        "min": found.min(),
        "median": np.median(found),
        "max": found.max(),
        "share_positive": np.mean(found > 0),
        "p01": np.percentile(found, 1),
        "p99": np.percentile(found, 99),
    }
    assert ours == pytest.approx(expected, abs=vector["tolerance"]["abs"])


def test_annualisation_factors(shared):
    vector = load_vector(shared, "annualisation")
    found = [ratios.annualisation_factor(periods) for periods in vector["inputs"]["per_year"]]
    assert found == pytest.approx(vector["expected"]["factor"], abs=vector["tolerance"]["abs"])


def test_standard_error_of_independent_normal_returns(shared):
    vector = load_vector(shared, "lo_se_iid")
    for sharpe, row in zip(vector["inputs"]["sr"], vector["expected"]["se"], strict=True):
        found = [sharpe_error.sharpe_error_iid(sharpe, n) for n in vector["inputs"]["T"]]
        assert found == pytest.approx(row, abs=vector["tolerance"]["abs"])


def test_time_aggregation_under_ar1(shared):
    vector = load_vector(shared, "lo_eta_ar1")
    found = [sharpe_error.time_aggregation_ar1(vector["inputs"]["q"], rho) for rho in vector["inputs"]["rho"]]
    assert found == pytest.approx(vector["expected"]["eta"], abs=vector["tolerance"]["abs"])
    assert sharpe_error.time_aggregation_ar1(12, 0.0) == pytest.approx(vector["expected"]["sqrt_q"])


def test_autocorrelation_and_standard_errors_from_the_series(shared):
    vector = load_vector(shared, "lo_series")
    inputs, expected, within = vector["inputs"], vector["expected"], vector["tolerance"]["abs"]
    series, q = inputs["returns"], inputs["q"]
    rho = sharpe_error.autocorrelations(series, q - 1)
    assert list(rho) == pytest.approx(expected["autocorr"], abs=within)
    assert sharpe_error.time_aggregation(q, rho) == pytest.approx(expected["eta12"], abs=within)
    per_period = series.mean() / series.std()
    assert sharpe_error.sharpe_error_iid(per_period, len(series)) == pytest.approx(expected["se_iid"], abs=within)
    assert sharpe_error.sharpe_error_non_normal(series) == pytest.approx(expected["se_nonnormal_iid"], abs=within)
    newey_west = sharpe_error.sharpe_error_newey_west(series, inputs["nw_lags"])
    assert newey_west == pytest.approx(expected["se_newey_west"], abs=within)
    yearly = sharpe_error.annual_sharpe_autocorrelated(per_period, series, q)
    assert yearly == pytest.approx(per_period * expected["eta12"], abs=within)


def test_drawdown_that_chance_makes_without_drift(shared):
    vector = load_vector(shared, "mdd_brownian_zero_drift")
    expected, within = vector["expected"], vector["tolerance"]["abs"]
    found = [plausibility.brownian_drawdown_cdf(x, 0.0, 1.0, 1.0) for x in vector["inputs"]["x"]]
    assert found == pytest.approx(expected["cdf"], abs=within)
    assert plausibility.brownian_drawdown_mean(0.0, 1.0, 1.0) == pytest.approx(expected["mean"], abs=within)
    for probability, quantile in expected["quantiles"].items():
        at = plausibility.brownian_drawdown_quantile(float(probability), 0.0, 1.0, 1.0)
        assert at == pytest.approx(quantile, abs=within)


def test_drawdown_that_chance_makes_with_drift(shared):
    vector = load_vector(shared, "mdd_brownian_drift")
    found = [plausibility.brownian_drawdown_mean(mu, 1.0, 1.0) for mu in vector["inputs"]["mu"]]
    assert found == pytest.approx(vector["expected"]["expected_mdd"], abs=vector["tolerance"]["abs"])
