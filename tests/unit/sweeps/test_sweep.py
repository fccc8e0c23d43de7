"""A sweep says of each variant what a backtest of that variant says, however its grid is cut into batches."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.model.candles import Funding
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles, demo_funding, demo_instrument
from karat.kernel.engine import prepare, run
from karat.kernel.loop import closing_day
from karat.kernel.prepare import Extras
from karat.kernel.sweep import sharpe_of
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.research.backtest import MarketData
from karat.research.backtest_market import market_data
from karat.research.sweeps.batches import plan_of
from karat.research.sweeps.grid import SweepGrid, parse_grid, values_of
from karat.research.sweeps.sweep import SweepThreads, before_vault, sweep
from karat.strategies import evaluate, find_strategy, resolve

BARS = 1_500
STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03)


@pytest.fixture
def data(tmp_path: Path) -> MarketData:
    symbol = DEMO_SYMBOLS[0]
    candles = demo_candles(7, symbol, HOUR_MS, BARS)
    lake = open_lake(tmp_path)
    with lake.change() as change:
        quality = measure(candles, sessions=False)
        change.put_candles(candles, quality, sessions=False)
        change.put_funding(market_id(symbol), demo_funding(7, symbol, HOUR_MS, BARS), quality)
    return market_data(lake, market_id(symbol), HOUR_MS)


def alone(data: MarketData, strategy: str, given: dict, policy: Policy) -> tuple[float, float, float, int]:
    found = find_strategy(strategy)
    signals = evaluate(found, data.market, resolve(found, given))
    record = run(prepare(data.candles, signals, policy, data.instrument, Extras(funding=data.market.funding)))
    state = record.state
    sharpe = sharpe_of(*closing_day(state.marks), 365.0)
    return state.marks.equity / policy.capital - 1, state.marks.max_drawdown, sharpe, state.money.closed_trades


def same(ours: np.ndarray, theirs: tuple[float, ...]) -> bool:
    return all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
        for a, b in zip(ours, theirs, strict=True)
    )


def test_every_variant_of_many_policies_over_shared_signals_is_its_backtest(data: MarketData):
    grid = SweepGrid(
        {"fast_period": (5, 10), "slow_period": (40,)},
        {"stop_value": (0.01, 0.02, 0.05, 0.1), "take_value": tuple(0.01 * k for k in range(1, 10))},
    )
    found = sweep(data, find_strategy("ema_crossover"), grid, STOPPED)
    assert found.trials == grid.variants == 72
    assert found.column("trades").max() > 10
    for k in range(0, grid.variants, 5):
        policy = Policy(**{**_fields(STOPPED), **grid.policy_at(k % grid.policies)})
        assert same(found.figures[k], alone(data, "ema_crossover", grid.parameters_at(k // grid.policies), policy))


def test_every_variant_of_many_signal_sets_is_its_backtest(data: MarketData):
    grid = SweepGrid({"period": tuple(range(10, 60)), "entry_deviations": (1.5, 2.0)}, {"atr_period": (7, 14)})
    found = sweep(data, find_strategy("bollinger_mean_reversion"), grid, STOPPED)
    for k in range(0, grid.variants, 37):
        policy = Policy(**{**_fields(STOPPED), **grid.policy_at(k % grid.policies)})
        given = grid.parameters_at(k // grid.policies)
        assert same(found.figures[k], alone(data, "bollinger_mean_reversion", given, policy))


def test_parameters_that_contradict_each_other_are_skipped_and_not_counted_as_trials(data: MarketData):
    grid = SweepGrid({"fast_period": (10, 50), "slow_period": (20, 60)}, {})
    found = sweep(data, find_strategy("ema_crossover"), grid, Policy())
    assert found.skipped == 1
    assert found.trials == 3
    assert np.isnan(found.figures[2]).all(), "fast 50 above slow 20"
    assert 2 not in found.best(4)


def test_a_full_policy_takes_the_full_kernel_and_agrees(data: MarketData):
    policy = Policy(
        **{**_fields(STOPPED), "trail_mode": LevelMode.ATR, "trail_value": 2.0, "cooldown": 3, "daily_loss_limit": 0.03}
    )
    grid = SweepGrid({"period": (20, 30)}, {"cooldown": (0, 5)})
    found = sweep(data, find_strategy("donchian_breakout"), SweepGrid({"entry_period": (20, 30)}, grid.policy), policy)
    for k in range(4):
        chosen = Policy(**{**_fields(policy), **grid.policy_at(k % 2)})
        assert same(found.figures[k], alone(data, "donchian_breakout", {"entry_period": (20, 30)[k // 2]}, chosen))


def test_a_sweep_ends_before_the_vault():
    assert before_vault(None, 100) == 100
    assert before_vault(150, 100) == 100
    assert before_vault(50, 100) == 50


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2,5", ["1", "2", "5"]),
        ("10..30..10", ["10", "20", "30"]),
        ("0.01..0.03..0.01", ["0.01", "0.02", "0.03"]),
    ],
)
def test_a_range_holds_both_its_ends(text: str, expected: list[str]):
    assert values_of(text) == expected


@pytest.mark.parametrize("text", ["1..2", "5..1..1", "1..5..0", "a..b..c"])
def test_a_range_without_values_is_refused(text: str):
    with pytest.raises(InputError, match=r"range|values"):
        values_of(text)


def test_a_grid_out_of_range_is_refused_before_anything_runs():
    found = find_strategy("ema_crossover")
    with pytest.raises(InputError, match=r"out of range|fast_period"):
        parse_grid(found, {"fast_period": "100000"}, {}, {})
    with pytest.raises(InputError, match="no field"):
        parse_grid(found, {}, {"stop_valu": "0.1"}, {})
    with pytest.raises(InputError, match="both fixed and varied"):
        parse_grid(found, {"fast_period": "10"}, {}, {"fast_period": "10"})


def test_the_instrument_of_the_demo_is_the_one_swept(data: MarketData):
    assert data.instrument == demo_instrument(DEMO_SYMBOLS[0])
    assert isinstance(data.market.funding, Funding)


def _fields(policy: Policy) -> dict:
    return {name: getattr(policy, name) for name in Policy.__dataclass_fields__}


def test_a_small_sweep_is_sketched_while_it_runs_as_if_it_were_run_again(data: MarketData):
    grid = SweepGrid({"fast_period": (5, 10, 50), "slow_period": (20, 40)}, {"stop_value": (0.01, 0.02, 0.05)})
    rows = np.array([0, 1, 4, 5, 9, 10, 12, 13, 17])  # of 50 and 20, 50 and 40 nothing is simulated
    once = sweep(data, find_strategy("ema_crossover"), grid, STOPPED, variants=rows, sketched=True)
    plan = plan_of(data, find_strategy("ema_crossover"), grid, STOPPED)
    with SweepThreads(plan, 2, None) as threads:
        kept = threads.figures(rows, None)
        twice = threads.finished(rows, kept.figures, kept.scores, None, sketched=True)
    assert once.trials == 6
    assert np.array_equal(once.figures, twice.figures, equal_nan=True)
    assert once.sketch.as_json() == twice.sketch.as_json()
    assert once.sketch.counts.sum() == 6
