"""Hills and spikes that can be seen with the eye, and sweeps of a market."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.research.small_markets import market_data

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.plateau import Plateaus
from karat.research.plateau_ground import NEAREST, Ground, axis_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import Sweep, sweep
from karat.stats.figure import Undefined
from karat.strategies import find_strategy

NAN = math.nan
COARSE = (10, 20, 40, 80, 160, 320, 640)  # each step far beyond 20%: the next value either side is the neighbourhood


def swept(sharpes, grid: SweepGrid, variants=None, earned=None) -> Sweep:
    """A sweep with these Sharpe ratios; NaN was simulated without one, None contradicts itself. Earns what it says."""
    flat = [value for row in sharpes for value in row]
    sharpe = np.array([NAN if value is None else value for value in flat], np.float64)
    trades = np.array([NAN if value is None else 50.0 for value in flat])
    earned = np.nan_to_num(sharpe) / 10.0 if earned is None else np.array(earned, np.float64)
    figures = np.column_stack((earned, np.full(len(flat), 0.1), sharpe, trades))
    numbers = np.arange(len(flat)) if variants is None else np.asarray(variants, np.int64)
    return Sweep(grid, numbers, figures, np.zeros((0, 4)), np.zeros(0, np.int64), 365, 365.0, None)


def square(sharpes) -> Sweep:
    """A grid of two coarse axes, rows by the first."""
    return swept(sharpes, SweepGrid({"slow": COARSE[: len(sharpes)], "fast": COARSE[: len(sharpes[0])]}, {}))


SPIKE_AND_HILL = [
    [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.1, 5.0, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    [0.1, 0.1, 0.1, 1.0, 1.1, 1.0, 0.1],
    [0.1, 0.1, 0.1, 1.1, 1.2, 1.1, 0.1],
    [0.1, 0.1, 0.1, 1.0, 1.1, 1.0, 0.1],
    [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
]
TOP_OF_HILL, SPIKE = 4 * 7 + 4, 1 * 7 + 1


def test_a_lone_spike_loses_against_a_lower_broad_hill():
    found = square(SPIKE_AND_HILL)
    assert found.best(1) == [SPIKE]
    (centre,) = Plateaus(found).centres()
    assert centre.row == TOP_OF_HILL
    assert found.settings(centre.row) == {"slow": 160, "fast": 160}


def test_the_scores_of_both_by_hand():
    plateaus = Plateaus(square(SPIKE_AND_HILL))
    hill, spike = plateaus.of(TOP_OF_HILL), plateaus.of(SPIKE)
    assert (hill.neighbours, hill.median) == (8, pytest.approx(1.05))  # four of 1.0 and four of 1.1
    assert hill.score == pytest.approx(1.05 / 1.2)
    assert hill.profitable == 1.0 and hill.edges == ()
    assert spike.score == pytest.approx(0.1 / 5.0)


def test_of_a_flat_top_the_middle_is_taken():
    flat = [[1.0 if 1 <= row <= 5 and 1 <= column <= 5 else -0.5 for column in range(7)] for row in range(7)]
    (centre,) = Plateaus(square(flat)).centres()
    assert centre.row == 3 * 7 + 3
    assert centre.score == 1.0


def test_of_two_flat_tops_that_are_equal_each_has_its_own_middle():
    one = [[1.0 if row <= 2 and (column <= 2 or column >= 4) else 0.1 for column in range(7)] for row in range(3)]
    found = Plateaus(square(one)).centres(2)
    assert [centre.row for centre in found] == [1 * 7 + 1, 1 * 7 + 5]


def test_a_second_centre_is_another_plateau():
    first, second = Plateaus(square(SPIKE_AND_HILL)).centres(2)
    assert first.row == TOP_OF_HILL
    ground = Ground(square(SPIKE_AND_HILL), sampled=False)
    assert second.row not in ground.neighbours(first.row)


def test_an_optimum_on_the_edge_says_on_which_axis():
    rising = [[float(row + 1)] * 3 for row in range(5)]
    found = Plateaus(square(rising))
    assert found.of(4 * 3 + 1).edges == ("slow",)
    assert found.of(2 * 3 + 1).edges == ()
    assert found.of(0).edges == ("slow", "fast")


def test_who_never_was_simulated_is_no_neighbour_and_who_has_no_sharpe_is_a_bad_one():
    grid = SweepGrid({"fast": COARSE[:3], "slow": COARSE[:3]}, {})
    gone = Plateaus(swept([[None, 1.0, 1.0], [None, 2.0, 1.0], [None, None, 1.0]], grid)).of(4)
    assert (gone.neighbours, gone.median, gone.score) == (4, 1.0, 0.5)
    silent = Plateaus(swept([[NAN, 1.0, 1.0], [NAN, 2.0, 1.0], [NAN, NAN, NAN]], grid)).of(4)
    assert (silent.neighbours, silent.median, silent.score) == (8, 0.0, 0.0)
    assert silent.profitable == 3 / 8


def test_what_cannot_be_told_has_its_reason():
    lonely = Plateaus(square([[2.0]]))
    assert isinstance(lonely.of(0).score, Undefined) and lonely.centres() == []
    losing = Plateaus(square([[-1.0, -1.0, -1.0]]))
    assert isinstance(losing.of(1).score, Undefined) and losing.centres() == []
    assert losing.of(1).median == -1.0
    silent = Plateaus(square([[1.0, NAN, 1.0]])).of(1)
    assert isinstance(silent.score, Undefined) and isinstance(silent.objective, Undefined)
    assert silent.median == 1.0
    faint = Plateaus(square([[1.0, 5e-324, 1.0]])).of(1)
    assert isinstance(faint.score, Undefined)


def test_neighbours_are_within_20_percent_or_next_on_the_axis():
    fine = axis_of("period", (7, 8, 9, 10, 11, 12, 13, 20), 0.2)
    assert fine.beside[3].tolist() == [1, 2, 3, 4, 5]  # 8 to 12
    assert fine.beside[6].tolist() == [4, 5, 6, 7]  # 10.4 to 15.6, and 20 as the next
    assert fine.beside[7].tolist() == [6, 7]
    unsorted = axis_of("period", (100, 1, 10, 10), 0.2)
    assert unsorted.beside[2].tolist() == [0, 1, 2]  # the same value twice is no neighbour of itself
    around_zero = axis_of("shift", (-0.5, 0.0, 0.5), 0.2)
    assert around_zero.beside[1].tolist() == [0, 1, 2]


def test_modes_words_and_numbers_that_are_off_have_no_neighbours():
    for values in ((LevelMode.NONE, LevelMode.ATR), ("a", "b"), (True, False)):
        axis = axis_of("mode", values, 0.2)
        assert not axis.is_numeric and [side.tolist() for side in axis.beside] == [[0], [1]]
    off = axis_of("stop_value", (NAN, 0.01, 0.02), 0.2)
    assert [side.tolist() for side in off.beside] == [[0], [1, 2], [1, 2]]


def test_a_plateau_does_not_reach_across_a_mode():
    grid = SweepGrid({"period": COARSE[:3]}, {"stop_mode": (LevelMode.FRACTION, LevelMode.ATR)})
    found = Plateaus(swept([[1.0, 9.0], [2.0, 9.0], [1.0, 9.0]], grid)).of(2)  # period 20, FRACTION
    assert (found.neighbours, found.median) == (2, 1.0)


def sampled_hill(seed: int) -> tuple[Sweep, int]:
    """3,000 of 40,000 variants: a broad hill of height 2 around (140, 60), noise, and three spikes of 6 elsewhere."""
    draw = np.random.default_rng(seed)
    grid = SweepGrid({"slow": tuple(range(1, 201)), "fast": tuple(range(1, 201))}, {})
    numbers = np.sort(draw.choice(40_000, 3_000, replace=False))
    slow, fast = numbers // 200 + 1, numbers % 200 + 1
    away = np.hypot(slow - 140, fast - 60)
    sharpe = 2.0 * np.exp(-((away / 50.0) ** 2)) + 0.1 * draw.normal(size=3_000)
    spikes = draw.choice(np.flatnonzero(away > 120.0), 3, replace=False)
    sharpe[spikes] = 6.0
    return swept([sharpe], grid, numbers), int(spikes[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_sample_the_hill_is_found_too(seed):
    found, spike = sampled_hill(seed)
    plateaus = Plateaus(found, sampled=True)
    assert found.column("sharpe")[found.best(1)[0]] == 6.0
    (centre,) = plateaus.centres()
    chosen = found.settings(centre.row)
    assert math.hypot(chosen["slow"] - 140, chosen["fast"] - 60) < 25.0
    assert centre.neighbours == NEAREST and centre.score > 0.8
    assert plateaus.of(spike).score < 0.2


def test_the_nearest_of_a_sample_by_hand():
    # One axis of 101 values, a sample of 20: the 16 nearest of 50 are all but 0, 1 and 2.
    places = [0, 1, 2, 45, 48, 50, 51, 57, *range(60, 72)]
    grid = SweepGrid({"period": tuple(range(101))}, {})
    ground = Ground(swept([[1.0] * 20], grid, places), sampled=True)
    assert ground.neighbours(5).tolist() == [3, 4, *range(6, 20)]
    assert len(ground.neighbours(0)) == NEAREST


def test_a_neighbourhood_of_very_many_is_thinned_evenly():
    values = tuple(1_000 + k for k in range(101))  # all of them within 20% of each other
    grid = SweepGrid({"a": values, "b": values}, {"c": (1.0, 2.0, 3.0)})
    ground = Ground(swept([[1.0] * grid.variants], grid), sampled=False)
    row = (50 * 101 + 50) * 3 + 1
    near = ground.places(ground.neighbours(row))
    assert len(near) == 51 * 101 * 3 - 1  # of 30,602 every second value of one axis
    assert set(near[:, 0].tolist()) == set(range(0, 101, 2)) and near[:, 2].tolist().count(1) == 51 * 101 - 1


def test_a_sample_keeps_modes_apart():
    grid = SweepGrid({"period": tuple(range(50))}, {"stop_mode": (LevelMode.FRACTION, LevelMode.ATR)})
    ground = Ground(swept([[1.0] * 100], grid), sampled=True)
    assert all(row % 2 == 0 for row in ground.neighbours(40).tolist())
    assert all(row % 2 == 1 for row in ground.neighbours(41).tolist())


@pytest.mark.parametrize("by", ["max_drawdown", "consistency"])
def test_an_objective_that_is_no_height_is_refused(by):
    with pytest.raises(InputError) as refused:
        Plateaus(square([[1.0, 2.0, 1.0]]), by)
    assert refused.value.code == "bad_objective"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-40, 40).map(lambda k: k / 20.0), min_size=25, max_size=25), st.floats(0.1, 100.0))
def test_a_centre_is_as_high_as_any_and_its_score_has_no_unit(values, unit):
    table = [values[5 * k : 5 * k + 5] for k in range(5)]
    plateaus = Plateaus(square(table))
    scaled = Plateaus(square([[unit * value for value in row] for row in table]))
    heights = {row: min(one.objective, one.median) for row in range(25) if (one := plateaus.of(row)).objective > 0.0}
    centres = plateaus.centres()
    assert bool(centres) == bool(heights)
    for centre in centres:
        assert heights[centre.row] == pytest.approx(max(heights.values()), abs=1e-8)
        assert scaled.of(centre.row).score == pytest.approx(centre.score, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 24), st.floats(0.1, 50.0))
def test_a_higher_peak_alone_never_raises_its_own_score(row, by):
    table = [[1.0 + 0.1 * k + 0.01 * j for j in range(5)] for k in range(5)]
    before = Plateaus(square(table)).of(row)
    table[row // 5][row % 5] += by
    assert Plateaus(square(table)).of(row).score < before.score


def test_neighbours_of_a_real_sweep_are_the_variants_they_should_be():
    data = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_000))
    grid = SweepGrid(
        {"fast_period": (5, 10, 20), "slow_period": (15, 30, 60)}, {"take_value": (0.01, 0.02, 0.023, 0.04)}
    )
    policy = Policy(take_mode=LevelMode.FRACTION, take_value=0.03)
    found = sweep(data, find_strategy("ema_crossover"), grid, policy)
    ground = Ground(found, sampled=False)
    row = next(k for k in range(36) if found.settings(k) == {"fast_period": 10, "slow_period": 30, "take_value": 0.02})
    near = [found.settings(k) for k in ground.neighbours(row).tolist()]
    wanted = [
        {"fast_period": fast, "slow_period": slow, "take_value": take}
        for fast in (5, 10, 20)
        for slow in (15, 30, 60)
        for take in (0.01, 0.02, 0.023)
        if fast < slow and (fast, slow, take) != (10, 30, 0.02)
    ]  # fast 20 with slow 15 contradicts itself
    assert near == wanted
