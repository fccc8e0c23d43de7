"""The decimal grid that a column of numbers lies on: how a tick or lot is measured from data.

1. Numbers read from text carry float noise of about 1e-16, numbers that went through float32 about 6e-8 of their size.
   Which of the two a column is, is seen from its bits.
2. The grid has the fewest decimals at which 99.9% of the numbers lie on it within that noise.
3. Within those decimals the step is the largest 1, 2, 2.5 or 5 times a power of ten that divides all of them.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Floats, Ints

DECIMALS_MAX = 10
RECENT_MAX = 20_000  # venues change grids: the newest numbers count, and so many are enough
SHARE_ON_GRID = 0.999  # a bad print in a thousand does not make the grid finer
DISTINCT_MIN = 100  # fewer distinct numbers say nothing about a step above one in the last decimal

_FLOAT64_NOISE = 1e-12
_FLOAT32_NOISE = 6e-8  # half a unit in the last place of a float32
_MANTISSAS = (Fraction(1), Fraction(2), Fraction(5, 2), Fraction(5))


def decimal_step(values: Floats) -> float | None:
    """The step of the decimal grid of `values` in their own unit; NaN, infinite and non-positive values are left out.

    None when nothing is left, or when the values lie on no grid of up to DECIMALS_MAX decimals.
    """
    recent = values[-RECENT_MAX:]
    usable = recent[np.isfinite(recent) & (recent > 0)]
    if len(usable) == 0:
        return None
    noise = _FLOAT32_NOISE if _went_through_float32(usable) else _FLOAT64_NOISE
    for decimals in range(DECIMALS_MAX + 1):
        scaled = usable * 10.0**decimals
        units = np.round(scaled)
        on_grid: NDArray[np.bool_] = (np.abs(scaled - units) <= 1e-6 + noise * scaled) & (units > 0)
        if np.mean(on_grid) >= SHARE_ON_GRID:
            return _step(np.unique(units[on_grid].astype(np.int64)), decimals)
    return None


def _went_through_float32(values: Floats) -> bool:
    rounded = values.astype(np.float32).astype(np.float64)
    whole = bool(np.all(values == np.round(values)))
    return not whole and bool(np.all(rounded == values))


def _step(units: Ints, decimals: int) -> float:
    """The step in original units; a divisor above one counts only where enough numbers share it."""
    divisor = int(np.gcd.reduce(units)) if len(units) >= DISTINCT_MIN else 1
    best = Fraction(1)
    for power in range(len(str(divisor))):
        for mantissa in _MANTISSAS:
            step = mantissa * 10**power
            if step > best and step <= divisor and divisor % step == 0:
                best = step
    return float(best / 10**decimals)
