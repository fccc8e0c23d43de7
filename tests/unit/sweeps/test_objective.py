"""A sweep scores each variant on what its own backtest earned each day, with the same draws for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.research.small_markets import market_data

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.kernel.engine import prepare, run
from karat.research.backtest import MarketData
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import Consistency
from karat.research.sweeps.sweep import sweep
from karat.stats.belief.consistency import consistency
from karat.stats.returns import daily_marks
from karat.strategies import evaluate, find_strategy, resolve

BARS = 1_500
DAYS = 63
STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03)
TRAILED = replace(STOPPED, trail_mode=LevelMode.ATR, trail_value=2.0, daily_loss_limit=0.03)
OBJECTIVE = Consistency(seed=11, paths=40, best_share=0.1, best_at_least=1, best_paths=200, window_days=30)
LEVELS = {"stop_value": (0.01, 0.02, 0.05, 0.1), "take_value": tuple(0.01 * k for k in range(1, 10))}


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, BARS))


def marks_alone(data: MarketData, strategy: str, given: dict, policy: Policy) -> np.ndarray:
    """The equity at the end of each day of a backtest of one variant, the start first."""
    found = find_strategy(strategy)
    signals = evaluate(found, data.market, resolve(found, given))
    record = run(prepare(data.candles, signals, policy, data.instrument))
    closes = data.candles.ts + data.candles.timeframe_ms
    _, marks = daily_marks(closes, record.equity, policy.capital)
    return marks


@pytest.mark.parametrize(
    ("strategy", "grid", "policy"),
    [
        pytest.param("ema_crossover", SweepGrid({"fast_period": (5,)}, LEVELS), STOPPED, id="a table of outcomes"),
        pytest.param("ema_crossover", SweepGrid({"fast_period": (5, 9)}, LEVELS), TRAILED, id="bar by bar"),
        pytest.param("ema_crossover", SweepGrid({"fast_period": (5, 7, 9)}, {}), STOPPED, id="many signal sets"),
        pytest.param(
            "ema_crossover", SweepGrid({"fast_period": (5,)}, {"atr_period": (7, 14), **LEVELS}), TRAILED,
            id="columns of the market differ",
        ),
    ],
)  # fmt: skip
def test_every_score_is_that_of_the_backtest_of_the_variant(data, strategy, grid, policy):
    found = sweep(data, find_strategy(strategy), grid, policy, objective=OBJECTIVE)
    assert len(found.refined) == -(-grid.variants // 10)
    for k in {0, grid.variants - 1, *found.refined.tolist()[:2]}:
        chosen = replace(policy, **grid.policy_at(k % grid.policies))
        marks = marks_alone(data, strategy, grid.parameters_at(k // grid.policies), chosen)
        paths = OBJECTIVE.best_paths if k in found.refined else OBJECTIVE.paths
        draws = OBJECTIVE.draws(len(marks) - 1, paths)
        expected = consistency(marks[None, :], draws, penalty=OBJECTIVE.penalty)
        assert found.scores[k] == pytest.approx(expected[0], rel=1e-9)


def test_the_best_are_those_of_many_paths_first_and_ties_fall_to_the_lower_number(data):
    grid = SweepGrid({"fast_period": (5,)}, LEVELS)
    found = sweep(data, find_strategy("ema_crossover"), grid, STOPPED, objective=OBJECTIVE)
    best = found.best(grid.variants, "consistency")
    many = len(found.refined)
    assert set(best[:many]) == set(found.refined.tolist())
    for part in (best[:many], best[many:]):
        scores = found.column("consistency")[part]
        assert (np.diff(scores) <= 0.0).all()


def test_a_sweep_scores_the_same_with_one_thread_and_with_many(data):
    grid = SweepGrid({"fast_period": (5, 7)}, LEVELS)
    one, many = (
        sweep(data, find_strategy("ema_crossover"), grid, STOPPED, objective=OBJECTIVE, workers=workers)
        for workers in (1, 4)
    )
    np.testing.assert_array_equal(one.scores, many.scores)
    np.testing.assert_array_equal(one.refined, many.refined)


def test_a_record_of_a_few_days_cannot_be_scored():
    short = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 20 * 24))
    with pytest.raises(InputError) as caught:
        sweep(short, find_strategy("ema_crossover"), SweepGrid({}, LEVELS), STOPPED, objective=OBJECTIVE)
    assert caught.value.code == "record_too_short"
