"""Which variants of a grid are simulated: conditions, samples, and what cannot be chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode
from karat.research.sweeps.choice import Sampler, chosen_variants, columns_of
from karat.research.sweeps.conditions import Condition
from karat.research.sweeps.grid import SweepGrid

GRID = SweepGrid(
    {"fast_period": tuple(range(2, 22)), "slow_period": tuple(range(10, 60, 5)), "shorts": (False, True)},
    {"stop_mode": (LevelMode.FRACTION, LevelMode.ATR), "stop_value": (0.01, 0.02, 0.05, 2.0), "leverage": (1.0,)},
)
HUGE = SweepGrid({f"p{k}": tuple(range(100)) for k in range(7)}, {})


def meets(text: str) -> list[dict]:
    chosen = chosen_variants(GRID, Sampler.GRID, None, 0, (Condition(text),))
    return [GRID.variant(int(k)) for k in chosen]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("fast_period < slow_period / 2", lambda v: v["fast_period"] < v["slow_period"] / 2),
        ("2 * fast_period + 1 == slow_period", lambda v: 2 * v["fast_period"] + 1 == v["slow_period"]),
        ("shorts", lambda v: v["shorts"]),
        ("not shorts and stop_value <= 0.02", lambda v: not v["shorts"] and v["stop_value"] <= 0.02),
        (
            'stop_mode == "atr" and stop_value >= 1 or stop_mode != "atr" and stop_value < 1',
            lambda v: (v["stop_mode"] is LevelMode.ATR) == (v["stop_value"] >= 1),
        ),
        ("5 <= fast_period <= 7", lambda v: 5 <= v["fast_period"] <= 7),
        ("-fast_period > -4", lambda v: v["fast_period"] < 4),
    ],
)
def test_a_grid_holds_exactly_the_variants_that_meet_its_conditions(text, rule):
    expected = [variant for variant in map(GRID.variant, range(GRID.variants)) if rule(variant)]
    assert 0 < len(expected) < GRID.variants
    assert meets(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "fast_period", "fast_period <", "fastest > 1", "__import__('os')", "fast_period.real > 1", "stop_mode > 1",
        "stop_mode + 1 > 2", "fast_period and shorts", "[1][0] < 2", "fast_period ** 2 > 4", "stop_mode == 1",
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_in_one_line(text):
    with pytest.raises(InputError) as caught:
        meets(text)
    assert caught.value.code == "bad_condition"
    assert "\n" not in str(caught.value)


def test_conditions_that_nothing_meets_leave_an_empty_grid():
    with pytest.raises(InputError) as caught:
        meets("fast_period > 100")
    assert caught.value.code == "empty_grid"


def test_a_whole_grid_without_conditions_needs_no_numbers():
    assert chosen_variants(GRID, Sampler.GRID, None, 0) is None


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([Sampler.RANDOM, Sampler.SOBOL]), st.integers(1, 2_000), st.integers(0, 2**32))
def test_a_sample_has_as_many_different_variants_as_asked_and_is_the_same_again(sampler, trials, seed):
    condition = (Condition("fast_period < slow_period"),)
    chosen = chosen_variants(GRID, sampler, trials, seed, condition)
    possible = chosen_variants(GRID, Sampler.GRID, None, 0, condition)
    assert len(chosen) == min(trials, len(possible))
    assert (np.diff(chosen) > 0).all()
    assert np.isin(chosen, possible).all()
    np.testing.assert_array_equal(chosen, chosen_variants(GRID, sampler, trials, seed, condition))


@pytest.mark.parametrize("sampler", [Sampler.RANDOM, Sampler.SOBOL])
def test_a_sample_of_a_grid_that_nobody_could_try_spreads_over_every_axis(sampler):
    chosen = chosen_variants(HUGE, sampler, 5_000, 3)
    for values in columns_of(HUGE, chosen).values():
        counts = np.bincount(values.astype(int), minlength=100)
        assert counts.min() > 10 and counts.max() < 110
    with pytest.raises(InputError) as caught:
        chosen_variants(HUGE, Sampler.GRID, None, 0)
    assert caught.value.code == "grid_too_large"


def test_sobol_points_lie_more_evenly_than_random_ones():
    def unevenness(sampler: Sampler) -> float:
        chosen = chosen_variants(HUGE, sampler, 4_096, 3)
        return max(np.bincount(one.astype(int) // 25, minlength=4).std() for one in columns_of(HUGE, chosen).values())

    assert unevenness(Sampler.SOBOL) < unevenness(Sampler.RANDOM) / 3


@pytest.mark.parametrize(("sampler", "trials"), [("grid", 5), ("random", None), ("sobol", 0)])
def test_a_number_of_trials_belongs_to_samples(sampler, trials):
    with pytest.raises(InputError) as caught:
        chosen_variants(GRID, Sampler(sampler), trials, 0)
    assert caught.value.code == "bad_trials"
