"""First-order recursions: out[t] = gain * values[t] + decay * out[t - 1].

A plain loop waits for one multiplication and one addition per bar. Four steps are taken at once instead,
out[t + k] = decay**k * out[t] + c_k with c_k from the values alone, so only every fourth step has to wait. Groups of
four are counted from the seed and the formula of a bar depends on its place in the group only: a prefix gives the same
bits.
"""

from __future__ import annotations

from karat.core.compiled import compiled
from karat.core.indicators.windows import nans
from karat.core.model.candles import Floats


@compiled
def recurse(values: Floats, first: int, seed: float, gain: float, decay: float, out: Floats) -> None:
    """Write out[first] = seed and the recursion from there on; earlier bars are left alone."""
    n = len(values)
    decay2 = decay * decay
    decay3 = decay2 * decay
    decay4 = decay2 * decay2
    level = seed
    out[first] = seed
    i = first + 1
    while i + 3 < n:
        c1 = gain * values[i]
        c2 = decay * c1 + gain * values[i + 1]
        c3 = decay * c2 + gain * values[i + 2]
        c4 = decay * c3 + gain * values[i + 3]
        out[i] = decay * level + c1
        out[i + 1] = decay2 * level + c2
        out[i + 2] = decay3 * level + c3
        level = decay4 * level + c4
        out[i + 3] = level
        i += 4
    if i < n:
        c1 = gain * values[i]
        out[i] = decay * level + c1
        if i + 1 < n:
            c2 = decay * c1 + gain * values[i + 1]
            out[i + 1] = decay2 * level + c2
            if i + 2 < n:
                out[i + 2] = decay3 * level + (decay * c2 + gain * values[i + 2])


@compiled
def mean_of(values: Floats, start: int, stop: int) -> float:
    """Mean of values[start:stop], summed forwards, exact for equal values."""
    base = values[start]
    total = 0.0
    for i in range(start, stop):
        total += values[i] - base
    return base + total / (stop - start)


@compiled
def smooth(values: Floats, period: int, first: int, gain: float) -> Floats:
    """Exponential smoothing of values[first:], seeded at first + period - 1 with their mean; NaN before."""
    n = len(values)
    out = nans(n)
    start = first + period - 1
    if start < n:
        recurse(values, start, mean_of(values, first, start + 1), gain, 1.0 - gain, out)
    return out


@compiled
def ema_from(values: Floats, period: int, first: int) -> Floats:
    """Exponential average of values[first:] with alpha 2 / (period + 1)."""
    return smooth(values, period, first, 2.0 / (period + 1.0))


@compiled
def wilder_from(values: Floats, period: int, first: int) -> Floats:
    """Wilder's average of values[first:], alpha 1 / period."""
    return smooth(values, period, first, 1.0 / period)
