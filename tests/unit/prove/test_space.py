"""Which parameters a proof tries."""

from __future__ import annotations

import pytest

from karat.core.model.policy import LevelMode
from karat.research.prove.settings import ProofSettings
from karat.research.prove.space import around, choice_of, number_of, region
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.strategies import find_strategy, strategy_names

STARTERS = [name for name in strategy_names() if find_strategy(name).parameters]


@pytest.mark.parametrize("name", STARTERS)
@pytest.mark.parametrize("axis_values", [3, 5, 7])
def test_a_region_holds_the_default_and_nothing_that_the_strategy_forbids(name: str, axis_values: int) -> None:
    strategy = find_strategy(name)
    grid = region(strategy, axis_values, {})
    for parameter in strategy.parameters:
        values = grid.parameters[parameter.name]
        assert parameter.default in values
        assert set(values) <= set(parameter.values())
        assert 1 < len(values) <= max(axis_values, 2)
        assert list(values) == sorted(values)


def test_periods_are_varied_by_equal_ratios() -> None:
    grid = region(find_strategy("ema_crossover"), 7, {})
    assert grid.parameters["fast_period"] == (10, 13, 16, 20, 25, 32, 40)  # 20 times 2^(k/3), k from -3 to 3
    assert grid.parameters["shorts"] == (False, True)
    assert grid.parameters["band"][0] == 0.0
    assert grid.parameters["band"][-1] == 0.006  # an eighth of the range, to the next step


def test_around_a_variant_are_two_steps_each_way_or_one_where_two_are_too_many() -> None:
    strategy, grid = find_strategy("ema_crossover"), region(find_strategy("ema_crossover"), 7, {})
    chosen = {"fast_period": 20, "slow_period": 50, "band": 0.0, "shorts": True}
    near = around(strategy, grid, chosen, 0.4, 100)
    assert near.parameters["fast_period"] == (12, 16, 20, 24, 28)
    assert near.parameters["slow_period"] == (30, 40, 50, 60, 70)
    assert near.parameters["band"] == (0.0, 0.0005)  # 40% of nothing is nothing: the next step
    assert near.parameters["shorts"] == (True,)
    assert near.variants == 50
    fewer = around(strategy, grid, chosen, 0.4, 49)
    assert fewer.parameters["fast_period"] == (12, 20, 28)
    assert near.variant(number_of(near, chosen)) == chosen
    assert fewer.variant(number_of(fewer, chosen)) == chosen


def test_policy_fields_keep_to_what_the_user_gave() -> None:
    strategy = find_strategy("ema_crossover")
    modes = (LevelMode.ATR, LevelMode.FRACTION)
    grid = region(strategy, 3, {"stop_value": (0.01, 0.02, 0.03, 0.04), "stop_mode": modes})
    chosen = {**{one.name: one.default for one in strategy.parameters}, "stop_value": 0.03, "stop_mode": modes[1]}
    near = around(strategy, grid, chosen, 0.4, 10_000)
    assert near.policy == {"stop_value": (0.02, 0.03, 0.04), "stop_mode": modes}
    assert near.variant(number_of(near, chosen)) == chosen


def test_a_small_grid_is_swept_whole_and_a_large_one_is_sampled() -> None:
    objective, grid = ProofSettings().objective, SweepGrid({"fast_period": (1, 2, 3)}, {})
    assert choice_of(grid, 3, objective, 0).sampler is Sampler.GRID
    sample = choice_of(grid, 2, objective, 0)
    assert (sample.sampler, sample.trials) == (Sampler.SOBOL, 2)
