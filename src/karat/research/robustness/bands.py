"""Many outcomes as a few percentiles: bands of a figure, and fans of curves.

1. A run that has no value for a figure counts as worse than any that has: a bankrupt account must not leave the band it
   would have pulled down. A percentile that falls on such a run has no value either.
2. Percentiles between two runs are interpolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.stats import Figure, Undefined, is_defined

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
POINTS_MAX = 120  # of a fan: enough for a picture, few enough for a page that holds many


@dataclass(frozen=True, slots=True)
class Band:
    """`values` at `PERCENTILES` of `count` outcomes, of which `undefined` had no value and count as the worst."""

    values: tuple[Figure, ...]
    count: int
    undefined: int

    def at(self, percentile: int) -> Figure:
        """The value at one of `PERCENTILES`."""
        return self.values[PERCENTILES.index(percentile)]


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Equity over the start, percentile by percentile, float64[points, PERCENTILES], after `after` trades or days.

    Each point has percentiles of its own: no single path runs along a line of the fan.
    """

    unit: str
    after: Ints
    values: Floats


def band_of(figures: Sequence[Figure] | Floats) -> Band:
    """The band of at least one outcome, floats without NaN or `Undefined`."""
    known = np.array([float(figure) for figure in figures if is_defined(figure)], np.float64)
    count = len(figures)
    assert count >= 1, "a band is of outcomes"
    assert bool(np.isfinite(known).all()), "an outcome is a number or undefined"
    known.sort()
    missing = count - len(known)
    reason = next((figure for figure in figures if isinstance(figure, Undefined)), None)
    return Band(tuple(_percentile(known, missing, reason, share) for share in PERCENTILES), count, missing)


def _percentile(known: Floats, missing: int, reason: Undefined | None, percent: int) -> Figure:
    place = percent / 100.0 * (missing + len(known) - 1)
    below = int(place)
    if below < missing and reason is not None:
        return reason
    left = float(known[below - missing])
    right = float(known[min(below + 1 - missing, len(known) - 1)])
    return left + (place - below) * (right - left)


def points_of(count: int) -> Ints:
    """At most `POINTS_MAX` counts from 1 to `count`, evenly spread, the last among them; none of nothing."""
    if count < 1:
        return np.empty(0, np.int64)
    return np.unique(np.linspace(1, count, min(count, POINTS_MAX)).round().astype(np.int64))


def fan_of(unit: str, after: Ints, curves: Floats) -> Fan:
    """The fan of float64[paths, points] without NaN."""
    return Fan(unit, after, np.percentile(curves, PERCENTILES, axis=0).T)
