"""The axes of a sweep as charts show them: what varied, in its order, in at most `BINS_MAX` bins each.

An axis of numbers is in their order, off first; modes and words keep the order they were given in. An axis with more
values than bins has several neighbouring values in each, and its bins say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.model.candles import Ints
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import Sweep

BINS_MAX = 32


@dataclass(frozen=True, slots=True, eq=False)
class DrawnAxis:
    """One thing that varied. `labels` of its bins; `bin_of` int16[places], the bin of each place in the grid."""

    name: str
    labels: tuple[str, ...]
    bin_of: Ints
    binned: bool


def drawn_axes(grid: SweepGrid) -> tuple[DrawnAxis, ...]:
    """The axes that have two values or more, in the order of the grid."""
    halves = [*grid.parameters.items(), *grid.policy.items()]
    return tuple(_axis(name, values) for name, values in halves if len({str(one) for one in values}) > 1)


def _axis(name: str, values: tuple[Any, ...]) -> DrawnAxis:
    words = any(
        hasattr(one, "name") or not isinstance(one, int | float) or isinstance(one, bool) for one in values
    )  # a mode is a whole number too
    numbers = not words
    different = list(dict.fromkeys(values if not numbers else (_off_or(one) for one in values)))
    if numbers:
        different.sort(key=lambda one: (one is not None, one or 0.0))
    rank = {one: k for k, one in enumerate(different)}
    bins = min(len(different), BINS_MAX)
    of_rank = [k * bins // len(different) for k in range(len(different))]
    bin_of = np.array([of_rank[rank[_off_or(one) if numbers else one]] for one in values], np.int16)
    words = [[word(different[k]) for k in range(len(different)) if of_rank[k] == at] for at in range(bins)]
    labels = tuple(some[0] if len(some) == 1 else f"{some[0]}..{some[-1]}" for some in words)
    return DrawnAxis(name, labels, bin_of, bins < len(different))


def _off_or(value: Any) -> Any:
    return None if value != value else value


def word(value: Any) -> str:
    """A setting as the page writes it."""
    if value is None or value != value:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.name.lower() if hasattr(value, "name") else f"{value:g}" if isinstance(value, float) else str(value)


def bins_of(sweep: Sweep, axes: tuple[DrawnAxis, ...]) -> dict[str, Ints]:
    """The bin of each row on each of these axes, int16[rows] by name."""
    wanted = {axis.name: axis for axis in axes}
    rest, found = sweep.variants, {}
    for name, values in reversed([*sweep.grid.parameters.items(), *sweep.grid.policy.items()]):
        rest, place = np.divmod(rest, len(values))
        if name in wanted:
            found[name] = wanted[name].bin_of[place]
    return {axis.name: found[axis.name] for axis in axes}
