"""Which variants of a sweep lie next to each other.

1. An axis is numeric where its values are numbers; modes, words and switches are not, and neither is a number that is
   off (NaN). Neighbours have the same value on every axis that is not numeric.
2. In a grid, neighbours lie within 20% of the value on each numeric axis, or are the next value up or down: where the
   steps are coarser than 20% the neighbourhood is wider, which is the harder test.
3. In a sample they are the nearest, by their places on the axes, each axis of length 1 from its lowest value to its
   highest and its different values equally far apart.
4. Variants whose parameters contradict each other were never simulated and are nobody's neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.research.sweeps.sweep import Sweep

NEIGHBOURHOOD = 0.2
NEAREST = 16
_BOX_MAX = 20_000  # of more combinations than these, every second value of the longest axis is left out


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """What one name may be. `numbers` is float64 per place, NaN where it is not numeric; `ranks` float64 per place: 0
    for the lowest number, 1 for the highest, equally apart; `different` counts the numbers. `beside` holds for each
    place itself and the places next to it; a value given twice is one. In a sample nobody asks, and it is empty."""

    name: str
    numbers: Floats
    ranks: Floats
    different: int
    beside: tuple[Ints, ...]

    @property
    def is_numeric(self) -> bool:
        return self.different > 0

    def is_at_the_edge(self, place: int) -> bool:
        """Whether the place is the lowest or highest of three numbers or more."""
        return self.different > 2 and self.ranks[place] in (0.0, 1.0)


def axis_of(name: str, values: tuple[Any, ...], reach: float, *, sampled: bool = False) -> Axis:
    """The axis of these values; numbers within `reach` of each other, as a share, are neighbours."""
    words = any(
        hasattr(value, "name") or not isinstance(value, int | float) or isinstance(value, bool) for value in values
    )
    numbers = np.full(len(values), np.nan) if words else np.array(values, np.float64)
    known = np.unique(numbers[~np.isnan(numbers)])
    ranks = np.where(np.isnan(numbers), np.nan, np.searchsorted(known, numbers) / max(len(known) - 1, 1))
    if sampled:
        return Axis(name, numbers, ranks, len(known), ())
    first = [place for place, value in enumerate(numbers) if math.isnan(value) or value not in numbers[:place]]
    beside = tuple(_beside(place, numbers, known, np.array(first), reach) for place in range(len(values)))
    return Axis(name, numbers, ranks, len(known), beside)


def _beside(place: int, numbers: Floats, known: Floats, first: Ints, reach: float) -> Ints:
    own = numbers[place]
    if math.isnan(own):
        return np.array([place])
    at = int(np.searchsorted(known, own))
    next_to = known[max(at - 1, 0) : at + 2]
    others = first[np.isin(numbers[first], next_to) | (np.abs(numbers[first] - own) <= reach * abs(own) * (1.0 + 1e-9))]
    return np.sort(np.append(others[numbers[others] != own], place))


class Ground:
    """The neighbourhoods of a sweep's rows. `sampled`: its variants are a sample of their grid."""

    def __init__(self, sweep: Sweep, *, sampled: bool, reach: float = NEIGHBOURHOOD) -> None:
        halves = [*sweep.grid.parameters.items(), *sweep.grid.policy.items()]
        self.axes = tuple(axis_of(name, values, reach, sampled=sampled) for name, values in halves)
        self._sizes = [len(values) for _, values in halves]
        self._variants = sweep.variants
        self._simulated = ~np.isnan(sweep.column("trades"))
        self._nearest = _Nearest(self, np.flatnonzero(self._simulated)) if sampled else None

    def places(self, rows: Ints) -> Ints:
        """Where the variants of rows stand on each axis, int64[rows, axes]."""
        rest, found = self._variants[rows], np.empty((len(rows), len(self._sizes)), np.int64)
        for axis in range(len(self._sizes) - 1, -1, -1):
            rest, found[:, axis] = np.divmod(rest, self._sizes[axis])
        return found

    def ranks(self, rows: Ints) -> Floats:
        """Where they stand on the numeric axes between 0 and 1, float64[rows, numeric axes]; off is -1."""
        places = self.places(rows)
        columns = [axis.ranks[places[:, k]] for k, axis in enumerate(self.axes) if axis.is_numeric]
        return np.nan_to_num(np.array(columns).reshape(len(columns), len(rows)).T, nan=-1.0)

    def neighbours(self, row: int) -> Ints:
        """The rows next to `row`, ascending, without itself."""
        return self.neighbourhoods([row])[row]

    def neighbourhoods(self, rows: list[int]) -> dict[int, Ints]:
        """The neighbours of each of `rows`."""
        return {row: self._box(row) for row in rows} if self._nearest is None else self._nearest.of(rows)

    def edges(self, row: int) -> tuple[str, ...]:
        """The axes on which the variant has the lowest or highest number of all."""
        places = self.places(np.array([row]))[0]
        return tuple(
            axis.name for axis, place in zip(self.axes, places, strict=True) if axis.is_at_the_edge(int(place))
        )

    def _box(self, row: int) -> Ints:
        own = self.places(np.array([row]))[0]
        sides = [axis.beside[place] for axis, place in zip(self.axes, own, strict=True)]
        _thin(sides, own)
        numbers = np.zeros(1, np.int64)
        for side, size in zip(sides, self._sizes, strict=True):
            numbers = (numbers[:, None] * size + side).ravel()
        at = np.minimum(np.searchsorted(self._variants, numbers), len(self._variants) - 1)
        rows = at[(self._variants[at] == numbers) & self._simulated[at]]
        return rows[rows != row]


def _thin(sides: list[Ints], own: Ints) -> None:
    """Leave out values of the longest axes until the combinations are few enough; three a side stay."""
    while math.prod(len(side) for side in sides) > _BOX_MAX:
        longest = max(range(len(sides)), key=lambda axis: len(sides[axis]))
        if len(sides[longest]) <= 3:
            return
        at = int(np.searchsorted(sides[longest], own[longest]))
        sides[longest] = sides[longest][at % 2 :: 2]


class _Nearest:
    """The nearest rows by place, among those that are equal in all that is no number."""

    def __init__(self, ground: Ground, rows: Ints) -> None:
        from scipy.spatial import cKDTree

        places, ranks = ground.places(rows), ground.ranks(rows)
        key = np.zeros((len(rows), len(ground.axes)), np.int64)
        for k, axis in enumerate(ground.axes):
            key[:, k] = np.where(np.isnan(axis.numbers), np.arange(len(axis.numbers)), -1)[places[:, k]]
        kinds, self._kind = np.unique(key, axis=0, return_inverse=True)
        self._kind = self._kind.reshape(len(rows))
        self._members = [rows[self._kind == kind] for kind in range(len(kinds))]
        self._ranks = [ranks[self._kind == kind] for kind in range(len(kinds))]
        self._trees = [cKDTree(some) if some.shape[1] else None for some in self._ranks]
        self._kind_of_row = dict(zip(rows.tolist(), self._kind.tolist(), strict=True))

    def of(self, rows: list[int]) -> dict[int, Ints]:
        """The neighbours of each of `rows`, ascending; none of what was not simulated."""
        by_kind: dict[int, list[int]] = {}
        for row in rows:
            by_kind.setdefault(self._kind_of_row.get(row, -1), []).append(row)
        found: dict[int, Ints] = {}
        for kind, some in by_kind.items():
            found |= dict(zip(some, self._of_kind(kind, np.array(some)), strict=True))
        return {row: found[row] for row in rows}

    def _of_kind(self, kind: int, rows: Ints) -> Ints:
        """int64[rows, neighbours]."""
        tree = self._trees[kind] if kind >= 0 else None
        if tree is None or len(self._members[kind]) < 2:
            return np.zeros((len(rows), 0), np.int64)
        members = self._members[kind]
        own = self._ranks[kind][np.searchsorted(members, rows)]
        _, places = tree.query(own, k=min(NEAREST + 1, len(members)))
        near = members[places]
        out = near == rows[:, None]
        out[~out.any(axis=1), -1] = True  # so many stand on the same place that it is not among its own nearest
        return np.sort(near[~out].reshape(len(rows), -1), axis=1)
