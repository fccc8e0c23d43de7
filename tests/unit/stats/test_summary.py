"""The summary: complete, ordered, finite or with a reason, whatever happened."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from tests.unit.stats.worlds import DAY, HOUR, MIDNIGHT, run_of, trades_of

from karat.stats import METRICS, SummaryInput, Undefined, daily_returns, is_defined, sharpe, summary, to_json

RISING = [100.0 * 1.01**day for day in range(1, 11)]
RUNS = {
    "nothing happened": run_of([100.0] * 10),
    "one bar": run_of([101.0]),
    "one day of hours": run_of([101.0, 99.0, 100.0], step=HOUR),
    "only gains": run_of(RISING, trades=trades_of(5.0, 5.0)),
    "only losses": run_of([99.0, 98.0, 97.0], trades=trades_of(-1.0, -1.0, -1.0)),
    "one trade": run_of([100.0, 101.0, 101.0], trades=trades_of(1.0)),
    "bankrupt at once": run_of([-50.0], trades=trades_of(-150.0)),
    "bankrupt and idle": run_of([50.0, 0.0, 0.0, 0.0]),
    "bankrupt and back": run_of([50.0, -10.0, 30.0, 40.0], trades=trades_of(-110.0, 50.0)),
    "a fortune in two days": run_of([1e5, 1e9], start=1.0),
    "no worth left in the trade results": run_of([100.0, 100.0], trades=trades_of(0.0, 1e-12)),
    "two hundred days": run_of([100.0 + day % 7 for day in range(200)], trades=trades_of(3.0, -2.0)),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_every_figure_is_a_finite_number_or_has_a_reason(run):
    figures = summary(run)
    assert tuple(figures) == tuple(metric.name for metric in METRICS)
    for name, figure in figures.items():
        if isinstance(figure, Undefined):
            assert figure.reason, name
        else:
            assert type(figure) is float and math.isfinite(figure), name
    json.dumps({name: to_json(figure) for name, figure in figures.items()}, allow_nan=False)


def test_undefined_figures_of_an_idle_run_say_why():
    figures = summary(RUNS["nothing happened"])
    assert figures["sharpe"] == Undefined("daily returns do not vary")
    assert figures["calmar"] == Undefined("equity never fell")
    assert figures["win_rate"] == Undefined("no trade was closed")
    assert figures["value_at_risk_95"] == Undefined("fewer than 20 days")
    assert figures["rolling_cagr_worst"] == Undefined("fewer than 180 days")
    assert figures["total_return"] == figures["max_drawdown"] == figures["volatility"] == figures["exposure"] == 0.0


def test_one_day_cannot_be_annualised():
    figures = summary(RUNS["one day of hours"])
    for name in ("cagr", "volatility", "sharpe", "sharpe_error", "sortino", "calmar"):
        assert figures[name] == Undefined("fewer than two days"), name
    assert figures["total_return"] == 0.0
    assert figures["max_drawdown"] == pytest.approx(2 / 101)


def test_a_bankrupt_run_keeps_what_is_still_true_of_it():
    figures = summary(RUNS["bankrupt and back"])
    assert figures["total_return"] == -0.6
    assert figures["max_drawdown"] == pytest.approx(1.1)
    assert figures["sharpe"] == Undefined("equity was zero or below")
    assert figures["win_rate"] == 0.5


def test_a_small_run_by_hand():
    # Two days of two 12-hour bars: 100 -> 90, 110 | 132, 99. One long of the last two bars.
    trades = dataclasses.replace(
        trades_of(20.0, -21.0),
        fees=np.array([1.0, 1.0]),
        funding=np.array([0.5, -1.5]),
        spread=np.array([1.0, 1.0]),
        slippage=np.array([1.0, 1.0]),
        bars_held=np.array([1, 2]),
        entry_notional=np.array([100.0, 105.0]),
        risk=np.array([10.0, np.nan]),
    )
    run = SummaryInput(
        close_ts=MIDNIGHT + 12 * HOUR * np.arange(1, 5, dtype=np.int64),
        equity=np.array([90.0, 110.0, 132.0, 99.0]),
        start=100.0,
        start_ts=MIDNIGHT,
        position=np.array([0.0, 1.0, -1.0, 0.0]),
        trades=trades,
        traded_notional=431.0,
        rolling_days=2,
    )
    expected = {
        "total_return": -0.01,
        "cagr": 0.99**182.5 - 1,
        "rolling_cagr_worst": 0.99**182.5 - 1,
        "rolling_cagr_median": 0.99**182.5 - 1,
        "rolling_cagr_positive": 0.0,
        "volatility": math.sqrt(0.02 * 365),  # days +0.1 and -0.1
        "sharpe": 0.0,
        "sharpe_error": math.sqrt(365 / 2),
        "sortino": 0.0,
        "calmar": (0.99**182.5 - 1) / 0.25,
        "max_drawdown": 0.25,
        "drawdown_bars": 1.0,
        "drawdown_days": 0.5,
        "ulcer_index": math.sqrt((0.1**2 + 0.25**2) / 5),
        "worst_day": -0.1,
        "best_day": 0.1,
        "worst_month": -0.01,
        "months_positive": 0.0,
        "days": 2.0,
        "trades": 2.0,
        "win_rate": 0.5,
        "profit_factor": 20 / 21,
        "payoff_ratio": 20 / 21,
        "expectancy": -0.5,
        "expectancy_r": 2.0,
        "trade_return": 0.0,
        "best_trade": 20.0,
        "worst_trade": -21.0,
        "bars_held": 1.5,
        "exposure": 0.5,
        "turnover": 431.0 / 107.75 / (2 / 365),
        "costs": 5.0,
        "cost_share": 1.25,
    }
    figures = summary(run)
    assert {name: figure for name, figure in figures.items() if is_defined(figure)} == pytest.approx(expected, abs=1e-9)
    assert set(figures) - set(expected) == {
        "value_at_risk_95",
        "expected_shortfall_95",
        "value_at_risk_99",
        "expected_shortfall_99",
    }


def test_sessions_make_a_year_of_252_days():
    by_calendar = run_of([101.0, 99.0, 103.0])
    by_session = dataclasses.replace(by_calendar, session_keys=by_calendar.close_ts // DAY - 1)
    _, daily = daily_returns(by_calendar.close_ts, by_calendar.equity, 100.0)
    assert summary(by_calendar)["sharpe"] == sharpe(daily, 365)
    assert summary(by_session)["sharpe"] == sharpe(daily, 252)


def test_names_are_unique_and_described():
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert all(metric.meaning.endswith(".") and metric.unit and metric.source for metric in METRICS)


@pytest.mark.parametrize(
    "broken",
    [
        {"equity": np.array([100.0, np.nan])},
        {"position": np.zeros(3)},
        {"position": np.array([0.0, np.nan])},
        {"start": 0.0},
        {"trades": trades_of(1.0, math.nan)},
        {"trades": trades_of(1.0, costs=math.nan)},
        {"close_ts": np.array([2 * DAY, DAY])},
        {"close_ts": np.empty(0, np.int64), "equity": np.empty(0), "position": np.empty(0)},
    ],
    ids=lambda broken: ", ".join(broken),
)
def test_broken_inputs_are_assertions(broken):
    with pytest.raises(AssertionError):
        summary(dataclasses.replace(run_of([100.0, 101.0]), **broken))
