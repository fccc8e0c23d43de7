"""Which variants of a grid are simulated: all that meet its conditions, or a sample of them.

A variant is its number in the whole grid, whatever was chosen: two sweeps of one grid that both hold a variant call it
by the same number. Random numbers are counter-based on (seed, draw, axis), so that a choice can be made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.research.sweeps.conditions import Columns, Condition, column_of
from karat.research.sweeps.grid import SweepGrid
from karat.stats.belief.random import fill_uniforms

GRID_VARIANTS_MAX = 200_000_000
NUMBERS_MAX = 2**62
_AT_ONCE = 1 << 17
_DRAWS_A_TRIAL = 64  # so often a sample may meet a variant that it has, or that the conditions refuse
_DRAW_VARIANT = 6  # the purpose of these numbers, apart from all others that one seed gives


class Sampler(StrEnum):
    """How variants are chosen."""

    GRID = "grid"
    RANDOM = "random"
    SOBOL = "sobol"
    TPE = "tpe"
    NSGA2 = "nsga2"

    @property
    def leads(self) -> bool:
        """Whether it chooses by what came of earlier variants (`research.sweeps.study`), and not beforehand."""
        return self in (Sampler.TPE, Sampler.NSGA2)


def chosen_variants(
    grid: SweepGrid, sampler: Sampler, trials: int | None, seed: int, conditions: Sequence[Condition] = ()
) -> Ints | None:
    """The numbers of the variants to simulate, ascending, each once; None for all of the grid.

    A sample has `trials` variants, or fewer where the conditions leave fewer. Raises InputError `bad_condition`,
    `empty_grid`, `grid_too_large`, `bad_trials`.
    """
    assert not sampler.leads, "what it chooses is not known beforehand"
    if grid.variants >= NUMBERS_MAX:
        raise InputError("grid_too_large", "The grid has too many variants to number.", "Vary fewer fields at once.")
    if sampler is Sampler.GRID:
        if trials is not None:
            raise InputError("bad_trials", "A grid tries all of its variants.", "Leave out --trials, or sample.")
        found = _all(grid, conditions)
    else:
        if trials is None or not 1 <= trials <= GRID_VARIANTS_MAX:
            raise InputError("bad_trials", "A sample wants a number of trials.", "Give --trials, for example 10000.")
        found = _sampled(grid, _draws(grid, sampler, seed), min(trials, grid.variants), conditions)
    if found is not None and not len(found):
        raise InputError("empty_grid", "No variant of the grid meets its conditions.", "Change --where or the grid.")
    return found


def _all(grid: SweepGrid, conditions: Sequence[Condition]) -> Ints | None:
    if grid.variants > GRID_VARIANTS_MAX:
        hint = "Take a sample: --sampler sobol --trials 100000."
        raise InputError("grid_too_large", f"The grid has {grid.variants:,} variants.", hint)
    if not conditions:
        return None
    parts = [
        meeting(grid, np.arange(first, min(first + _AT_ONCE, grid.variants)), conditions)
        for first in range(0, grid.variants, _AT_ONCE)
    ]
    return np.concatenate(parts)


def _sampled(grid: SweepGrid, draws: Iterator[Ints], trials: int, conditions: Sequence[Condition]) -> Ints:
    """The first `trials` different variants of `draws` that meet the conditions."""
    found, drawn = np.zeros(0, np.int64), 0
    while len(found) < trials and drawn < _DRAWS_A_TRIAL * max(trials, _AT_ONCE // _DRAWS_A_TRIAL):
        some = next(draws)
        drawn += len(some)
        together = np.concatenate((found, meeting(grid, some, conditions)))
        _, first = np.unique(together, return_index=True)
        found = together[np.sort(first)]
    return np.sort(found[:trials])


def _draws(grid: SweepGrid, sampler: Sampler, seed: int) -> Iterator[Ints]:
    """Numbers of variants without end, some at once."""
    sizes = [len(values) for half in (grid.parameters, grid.policy) for values in half.values()]
    points = _sobol(len(sizes), seed) if sampler is Sampler.SOBOL else _random(len(sizes), seed)
    for some in points:
        number = np.zeros(len(some), np.int64)
        for axis, size in enumerate(sizes):
            number = number * size + np.minimum((some[:, axis] * size).astype(np.int64), size - 1)
        yield number


def _random(axes: int, seed: int) -> Iterator[Floats]:
    block = 0
    while True:
        some = np.empty((axes, _AT_ONCE))
        for axis in range(axes):
            fill_uniforms(seed, _DRAW_VARIANT, block, axis, some[axis])
        yield some.T
        block += 1


def _sobol(axes: int, seed: int) -> Iterator[Floats]:
    """Scrambled points of low discrepancy (Sobol 1967, Owen 1998)."""
    from scipy.stats.qmc import Sobol

    engine = Sobol(max(axes, 1), scramble=True, rng=seed)
    while True:
        yield engine.random(_AT_ONCE)


def meeting(grid: SweepGrid, numbers: Ints, conditions: Sequence[Condition]) -> Ints:
    """Those of these variants that meet all conditions. Raises InputError `bad_condition`."""
    keeps = np.ones(len(numbers), np.bool_)
    columns = columns_of(grid, numbers) if conditions else {}
    for condition in conditions:
        keeps &= condition.holds(columns)
    return numbers[keeps]


def columns_of(grid: SweepGrid, numbers: Ints) -> Columns:
    """What each of these variants sets, a column a name; words for modes, numbers for all else."""
    rest, columns = numbers, {}
    for name, values in reversed([*grid.parameters.items(), *grid.policy.items()]):
        rest, place = np.divmod(rest, len(values))
        columns[name] = column_of(values)[place]
    return dict(reversed(columns.items()))
