"""The objectives of a sweep are what the same statistics say of each variant's own backtest."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import market_data
from tests.unit.sweeps.test_objective import LEVELS, STOPPED, marks_alone

from karat.core.errors import InputError
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.ledger.account import effective_number
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.objective import Consistency
from karat.research.sweeps.objective_ratios import moments_of
from karat.research.sweeps.objectives import Expression, objective_of
from karat.research.sweeps.sweep import Sweep, sweep
from karat.stats.belief.deflated import Moments, deflated_sharpe, moments
from karat.stats.ratios import calmar
from karat.stats.returns import cagr
from karat.strategies import find_strategy

EMA = find_strategy("ema_crossover")
GRID = SweepGrid({"fast_period": (5,)}, LEVELS)


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_500))


def swept(data: MarketData, by: str, grid: SweepGrid = GRID) -> Sweep:
    return sweep(data, EMA, grid, STOPPED, objective=objective_of(by, 3))


def marks_of(data: MarketData, k: int) -> np.ndarray:
    chosen = replace(STOPPED, **GRID.policy_at(k % GRID.policies))
    return marks_alone(data, "ema_crossover", GRID.parameters_at(k // GRID.policies), chosen)


def test_calmar_is_that_of_the_backtest(data):
    found = swept(data, "calmar")
    for k in (0, 17, GRID.variants - 1):
        marks = marks_of(data, k)
        growth = cagr(marks[0], marks[-1], len(marks) - 1, found.days_per_year)
        assert found.column("cagr")[k] == pytest.approx(growth, rel=1e-9)
        fall = float(found.column("max_drawdown")[k])
        assert found.column("calmar")[k] == pytest.approx(calmar(growth, fall), rel=1e-9)
    assert found.best(1, "calmar") == [int(np.nanargmax(found.column("calmar")))]


def test_deflated_sharpe_is_that_of_its_own_days_against_the_luck_of_this_sweep(data):
    found = swept(data, "deflated_sharpe")
    assert found.sketch is not None
    trials = max(1.0, effective_number(found.trials, found.sketch))
    variance = max(float(np.var(found.daily_sharpes, ddof=1)), 1.0 / found.days)
    for k in (0, 17, GRID.variants - 1):
        marks = marks_of(data, k)
        own = moments(marks[1:] / marks[:-1] - 1.0)
        assert isinstance(own, Moments)
        expected = deflated_sharpe(own, variance, trials)
        assert found.column("deflated_sharpe")[k] == pytest.approx(expected, rel=1e-6)
    assert ((found.column("deflated_sharpe") > 0.0) & (found.column("deflated_sharpe") < 1.0)).all()


def test_more_trials_leave_less_of_the_same_variant(data):
    few = swept(data, "deflated_sharpe", SweepGrid({"fast_period": (5,)}, {}))
    wide = SweepGrid({"fast_period": tuple(range(3, 30)), "slow_period": (40, 80)}, {})
    many = swept(data, "deflated_sharpe", wide)
    same = wide.parameters["fast_period"].index(5) * 2
    alone = SweepGrid({"fast_period": (5,), "slow_period": (40,)}, {})
    assert many.column("deflated_sharpe")[same] < swept(data, "deflated_sharpe", alone).column("deflated_sharpe")[0]
    assert few.trials == 1


def test_moments_by_hand_and_none_of_what_lost_everything():
    told = moments_of(np.array([[100.0, 110.0, 99.0, 108.9], [100.0, 100.0, 100.0, 100.0], [100.0, 0.0, 0.0, 0.0]]))
    # returns 0.1, -0.1, 0.1: centred 1/15, -2/15, 1/15; skew -1/sqrt(2), kurtosis 1.5
    assert told[0] == pytest.approx([-1.0 / math.sqrt(2.0), 1.5], rel=1e-9)
    assert np.isnan(told[1:]).all()


def test_the_worst_percentile_is_a_column_of_consistency_and_orders(data):
    worst, steady = swept(data, "growth_low"), swept(data, "consistency")
    np.testing.assert_array_equal(worst.scores, steady.scores)
    best = worst.best(5, "growth_low")
    assert (np.diff(worst.column("growth_low")[best]) <= 0.0).all()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("sharpe - 2 * max_drawdown", lambda s: s.column("sharpe") - 2.0 * s.column("max_drawdown")),
        ("total_return * (trades >= 20)", lambda s: s.column("total_return") * (s.column("trades") >= 20)),
        ("calmar / trades", lambda s: s.column("calmar") / s.column("trades")),
        ("deflated_sharpe * cagr", lambda s: s.column("deflated_sharpe") * s.column("cagr")),
        ("growth_low - max_drawdown", lambda s: s.column("growth_low") - s.column("max_drawdown")),
    ],
)
def test_an_expression_is_what_it_says_of_each_variant(data, text, rule):
    found = swept(data, text)
    np.testing.assert_array_equal(found.column(text), rule(found))
    best = found.best(3, text)
    assert found.column(text)[best[0]] == np.nanmax(found.column(text))
    assert bool(len(found.refined)) == ("growth" in text)


def test_an_expression_is_undefined_where_anything_in_it_is():
    formula = objective_of("(sharpe > 1) * total_return / max_drawdown", 0)
    assert isinstance(formula, Expression)
    columns = {
        "sharpe": np.array([2.0, np.nan, 2.0]), "total_return": np.array([0.1, 0.1, 0.1]),
        "max_drawdown": np.array([0.2, 0.2, 0.0]),
    }  # fmt: skip
    np.testing.assert_array_equal(formula.formulas[0].values(columns), [0.5, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("profit", "unknown_figure"), ("sharpe -", "bad_objective"), ("sharpe - profit", "bad_objective"),
        ("sharpe > 1", "bad_objective"), ("1 + 1", "bad_objective"), ("", "bad_objective"),
        ("sharpe ** 2", "bad_objective"), ("__import__('os')", "bad_objective"), ("sharpe + 'a'", "bad_objective"),
        ("1" + "0" * 400 + " * sharpe", "bad_objective"), ("sharpe.real + 1", "bad_objective"),
    ],
)  # fmt: skip
def test_what_is_no_objective_is_refused_in_one_line(text, code):
    with pytest.raises(InputError) as caught:
        objective_of(text, 0)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("by", ["deflated_sharpe", "calmar", "consistency - max_drawdown", "growth_low"])
def test_a_kept_sweep_reads_back_every_column(data, tmp_path: Path, by):
    first, folder = kept_sweep(data, EMA, GRID, STOPPED, Choice(by=by), home=tmp_path)
    assert folder.finished()
    again, _ = kept_sweep(data, EMA, GRID, STOPPED, Choice(by=by), home=tmp_path)
    alone = sweep(data, EMA, GRID, STOPPED, objective=objective_of(by, 0))
    for other in (again, alone):
        assert other.score_names == first.score_names
        np.testing.assert_array_equal(first.scores, other.scores)
        np.testing.assert_array_equal(first.refined, other.refined)


def test_an_objective_that_no_variant_has_orders_none_of_them():
    quiet = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 8))  # no average is known so early: no trade
    found = swept(quiet, "sharpe * 1")
    assert found.trials == GRID.variants
    assert found.best(5, "sharpe * 1") == []


def test_the_default_stays_what_it_was():
    assert objective_of("consistency", 4) == Consistency(4)
    assert all(objective_of(name, 0) is None for name in ("sharpe", "total_return", "max_drawdown", "trades"))
