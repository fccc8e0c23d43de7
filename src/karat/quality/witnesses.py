"""Whether others saw it too: a crash that the whole market shares is no error of one series.

A witness is another symbol of the venue, or the same asset elsewhere. It explains a deviation when its own bar at that
time reaches at least EXPLAINS of it from low to high, and is UNUSUAL times its own usual range around then.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Candles, Floats
from karat.quality.local import local_median

EXPLAINS = 0.5
UNUSUAL = 4.0
_RANGE_FLOOR = 1e-4


def unexplained(
    candles: Candles, bars: NDArray[np.intp], deviations: Floats, witnesses: Sequence[Candles]
) -> NDArray[np.intp]:
    """Those of `bars` whose deviation (float64[len(bars)], log price, above 0) no witness shares. Witnesses may be of
    any timeframe; a time at which none has a bar stays unexplained."""
    if len(bars) == 0:
        return bars
    shared = np.zeros(len(bars), np.bool_)
    for witness in witnesses:
        shared |= _explains(witness, candles.ts[bars], deviations)
    return bars[~shared]


def _explains(witness: Candles, at: NDArray[np.int64], deviations: Floats) -> Bools:
    place = np.searchsorted(witness.ts, at, side="right") - 1
    there = place >= 0
    place = np.maximum(place, 0)
    there &= at < witness.ts[place] + witness.timeframe_ms
    spans = np.log(witness.high / witness.low)
    usual = np.maximum(local_median(spans), _RANGE_FLOOR)[place]
    return there & (spans[place] >= EXPLAINS * deviations) & (spans[place] >= UNUSUAL * usual)
