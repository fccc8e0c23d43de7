"""The same asset at another venue: bars whose price stands far from what it is there.

The log ratio of the two prices, less its local median (a premium may last), is measured in its own local deviations,
for close, high and low. A bar differs where that is above DEVIATIONS_MAX and APART_MIN. The series whose price lies
further from its own neighbours gets the finding; the other is believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Candles, Floats
from karat.core.time import iso
from karat.quality.findings import Finding
from karat.quality.local import BLOCK, local_median, local_scale

DEVIATIONS_MAX = 30.0
APART_MIN = 0.05  # log price: in a rush two venues are apart by a few per cent for an hour
SAME_ASSET = 0.25  # log price: the median distance up to which two series are the same asset in the same currency
_SCALE_FLOOR = 1e-4
_SIDE = 2


def venue_findings(candles: Candles, other: Candles) -> list[Finding]:
    """Bars of `candles` that stand apart from `other`, the same asset at the same timeframe elsewhere."""
    _, own, its = np.intersect1d(candles.ts, other.ts, return_indices=True)
    if len(own) < BLOCK or abs(np.median(np.log(candles.close[own] / other.close[its]))) > SAME_ASSET:
        return []
    apart: dict[int, tuple[str, float]] = {}
    for column in ("close", "high", "low"):
        ours, theirs = np.log(getattr(candles, column)[own]), np.log(getattr(other, column)[its])
        distance = ours - theirs
        distance = distance - local_median(distance)
        far = np.abs(distance) > np.maximum(APART_MIN, DEVIATIONS_MAX * local_scale(distance, _SCALE_FLOOR))
        guilty = far & (_from_neighbours(ours) >= _from_neighbours(theirs))
        for place in np.flatnonzero(guilty).tolist():
            if abs(distance[place]) > abs(apart.get(place, ("", 0.0))[1]):
                apart[place] = (column, float(distance[place]))
    return [_finding(candles, int(own[place]), other, *apart[place]) for place in sorted(apart)]


def _from_neighbours(values: Floats) -> Floats:
    """How far each value lies from the median of the two before and the two after it."""
    padded = np.pad(values, _SIDE, mode="edge")
    windows: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, 2 * _SIDE + 1)
    return np.abs(values - np.median(np.delete(windows, _SIDE, axis=1), axis=1))


def _finding(candles: Candles, bar: int, other: Candles, column: str, distance: float) -> Finding:
    ts = int(candles.ts[bar])
    what = f"{iso(ts)}: the {column} stands {np.expm1(distance):+.2%} from {other.market}'s"
    return Finding("differs_from_venue", ts, ts + candles.timeframe_ms, 1, what)
