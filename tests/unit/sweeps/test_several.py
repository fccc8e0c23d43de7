"""One grid on several markets: what is looked at before any work, and one number of paths for what is pooled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import market_data

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.objective import Consistency
from karat.research.sweeps.objectives import objective_of
from karat.research.sweeps.pooled import pooled
from karat.research.sweeps.several import (
    check_sweepable,
    have_the_same_variants,
    paths_of,
    variants_of,
    with_one_number_of_paths,
)
from karat.research.sweeps.store import SweepFolder
from karat.research.sweeps.sweep import Sweep, sweep
from karat.strategies import find_strategy

STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02)
LEVELS = tuple(round(0.001 * k, 3) for k in range(1, 151))
WIDE = SweepGrid({"fast_period": (5,), "slow_period": (40,)}, {"stop_value": LEVELS})
SMALL = SweepGrid({"fast_period": (5,), "slow_period": (40,)}, {"stop_value": LEVELS[:5]})
EMA = find_strategy("ema_crossover")
SEEDS = (7, 8)


def on(seed: int, bars: int = 900) -> MarketData:
    return market_data(demo_candles(seed, DEMO_SYMBOLS[0], HOUR_MS, bars))


def both(home: Path, grid: SweepGrid, choice: Choice) -> list[tuple[Sweep, SweepFolder]]:
    return [kept_sweep(on(seed), EMA, grid, STOPPED, choice, home=home) for seed in SEEDS]


def test_a_wide_sweep_is_pooled_on_the_few_paths_that_all_variants_have(tmp_path: Path) -> None:
    parts = both(tmp_path, WIDE, Choice())
    assert all(len(result.refined) == 100 for result, _ in parts), "each market scored its own best again"
    even, paths = with_one_number_of_paths(parts)
    assert paths == 100
    few = Consistency(best_share=0.0, best_at_least=0)
    for seed, ours in zip(SEEDS, even, strict=True):
        theirs = sweep(on(seed), EMA, WIDE, STOPPED, objective=few)
        np.testing.assert_array_equal(ours.scores, theirs.scores)
    pool = pooled(even)
    first, second = (one.column("consistency") for one in even)
    np.testing.assert_array_equal(pool.column("consistency"), (first + second) / 2.0)
    best = pool.column("consistency")[pool.best(150, "consistency")]
    assert (np.diff(best) <= 0.0).all(), "nothing that was scored otherwise comes before"


def test_a_small_sweep_is_pooled_on_the_many_paths_that_all_variants_have(tmp_path: Path) -> None:
    parts = both(tmp_path, SMALL, Choice())
    even, paths = with_one_number_of_paths(parts)
    assert paths == 5_000
    for (result, _), ours in zip(parts, even, strict=True):
        np.testing.assert_array_equal(ours.scores, result.scores)
        assert not len(ours.refined)


def test_what_is_worked_out_of_few_paths_is_worked_out_anew(tmp_path: Path) -> None:
    text = "consistency - max_drawdown"
    even, paths = with_one_number_of_paths(both(tmp_path, WIDE, Choice(by=text)))
    assert paths == 100
    for one in even:
        np.testing.assert_allclose(one.column(text), one.column("consistency") - one.column("max_drawdown"))


def test_a_figure_of_the_run_knows_no_paths(tmp_path: Path) -> None:
    parts = both(tmp_path, SMALL, Choice(by="sharpe"))
    even, paths = with_one_number_of_paths(parts)
    assert paths is None and even == [result for result, _ in parts]
    assert paths_of(objective_of("calmar", 0)) is None
    assert paths_of(objective_of("sharpe - growth_low", 0)) == (100, 5_000)


def test_the_same_choice_has_the_same_variants_everywhere(tmp_path: Path) -> None:
    first, second = (result for result, _ in both(tmp_path, WIDE, Choice(Sampler.SOBOL, 40, by="sharpe")))
    assert have_the_same_variants([first, second])
    other, _ = kept_sweep(on(7), EMA, WIDE, STOPPED, Choice(Sampler.SOBOL, 40, 1, by="sharpe"), home=tmp_path)
    assert not have_the_same_variants([first, other])
    assert variants_of(WIDE, Choice(Sampler.SOBOL, 40)) == 40
    assert variants_of(WIDE, Choice(Sampler.TPE, 1_000)) == variants_of(WIDE, Choice()) == 150


@pytest.mark.parametrize(
    ("bars", "choice", "code"),
    [
        (24, Choice(), "record_too_short"),
        (900, Choice(Sampler.TPE, 10, prune=True), "record_too_short"),  # its first half is
    ],
)
def test_a_market_that_is_too_short_is_refused_before_any_work(bars: int, choice: Choice, code: str) -> None:
    check_sweepable(on(7, 2_400), EMA, SMALL, STOPPED, choice, 5, pooled=2)
    with pytest.raises(InputError) as caught:
        check_sweepable(on(7, bars), EMA, SMALL, STOPPED, choice, 5, pooled=2)
    assert caught.value.code == code


def test_a_pool_that_cannot_fit_is_refused_before_any_work() -> None:
    with pytest.raises(InputError) as caught:
        check_sweepable(on(7), EMA, SMALL, STOPPED, Choice(), 10_000, pooled=10**8)
    assert caught.value.code == "too_large"
