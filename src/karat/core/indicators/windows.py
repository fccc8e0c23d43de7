"""Moving windows in O(n), equal to the bit on every prefix, without cancellation.

A running sum that adds the new value and subtracts the old one drifts, and in a frozen market it leaves a variance of
1e-11 where there is none. Here instead:

1. The bars are cut into blocks of one period, counted from the first bar.
2. A window reaches over at most two blocks: sums of the end of the earlier one (built backwards, once, when the later
   block begins) and of the start of the later one (built forwards). They are added, never subtracted.
3. Values are taken relative to the first value of the later block. Every window that uses it contains it, so the
   differences are as small as the window's own range: variances keep their digits, and the mean of equal values is
   that value and their variance 0, exactly.

Nothing looks ahead of the current bar, so a prefix gives the same bits. All kernels here expect finite inputs and
return NaN before bar period - 1, and everywhere if there are fewer bars than that.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.model.candles import Floats

# Up to this period a loop over the window in vector lanes is faster than blocks.
SHORT_PERIOD = 8


@compiled
def nans(length: int) -> Floats:
    """An array of NaN."""
    return np.full(length, np.nan)


@compiled
def rolling_sum(values: Floats, period: int) -> Floats:
    """Sum over the window. For quantities that are naturally relative to 0, such as volume: zeros sum to exactly 0."""
    n = len(values)
    out = nans(n)
    tail = np.zeros(period + 1)
    for block in range(0, n, period):
        stop = min(block + period, n)
        total = 0.0
        if block == 0:
            for i in range(stop):
                total += values[i]
            if stop == period:
                out[period - 1] = total
            continue
        for k in range(period - 1, 0, -1):
            total += values[block - period + k]
            tail[k] = total
        total = 0.0
        for i in range(block, stop):
            total += values[i]
            out[i] = tail[i - block + 1] + total
    return out


@compiled
def _short_means(values: Floats, period: int, out: Floats) -> None:
    """Means over few bars: lag by lag, relative to the current bar, in vector lanes; the order of a bar is its own."""
    if len(values) < period:
        return
    scale = 1.0 / period
    now = values[period - 1 :]
    mean = out[period - 1 :]
    mean[:] = 0.0
    for lag in range(1, period):
        past = values[period - 1 - lag :]
        for i in range(len(mean)):
            mean[i] += past[i] - now[i]
    for i in range(len(mean)):
        mean[i] = now[i] + mean[i] * scale


@compiled
def rolling_mean(values: Floats, period: int) -> Floats:
    """Mean over the window; exactly the value itself while it does not move."""
    n = len(values)
    out = nans(n)
    scale = 1.0 / period
    if period <= SHORT_PERIOD:
        _short_means(values, period, out)
        return out
    tail = np.zeros(period + 1)
    for block in range(0, n, period):
        stop = min(block + period, n)
        base = values[block]
        total = 0.0
        if block == 0:
            for i in range(stop):
                total += values[i] - base
            if stop == period:
                out[period - 1] = base + total * scale
            continue
        for k in range(period - 1, 0, -1):
            total += values[block - period + k] - base
            tail[k] = total
        total = 0.0
        for i in range(block, stop):
            total += values[i] - base
            out[i] = base + (tail[i - block + 1] + total) * scale
    return out


@compiled
def rolling_moments(values: Floats, period: int, less: int) -> tuple[Floats, Floats]:
    """Mean and variance (divisor period - less) over the window; variance exactly 0 while the value does not move."""
    n = len(values)
    mean = nans(n)
    variance = nans(n)
    scale = 1.0 / period
    divisor = 1.0 / (period - less)
    tail = np.zeros(period + 1)
    tail_squares = np.zeros(period + 1)
    for block in range(0, n, period):
        stop = min(block + period, n)
        base = values[block]
        total = 0.0
        squares = 0.0
        if block > 0:
            for k in range(period - 1, 0, -1):
                apart = values[block - period + k] - base
                total += apart
                squares += apart * apart
                tail[k] = total
                tail_squares[k] = squares
            total = 0.0
            squares = 0.0
        for i in range(block, stop):
            apart = values[i] - base
            total += apart
            squares += apart * apart
            if block > 0 or i == period - 1:
                k = i - block + 1
                level = (tail[k] + total) * scale
                mean[i] = base + level
                spread = (tail_squares[k] + squares) - period * (level * level)
                variance[i] = spread * divisor if spread > 0.0 else 0.0
    return mean, variance


@compiled
def line_fits(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Mean of the window and least-squares slope per bar (period at least 2), exactly 0 while the value does not move.

    The sum of place * value is kept with places counted from the later block's first bar.
    """
    n = len(values)
    mean = nans(n)
    slope = nans(n)
    scale = 1.0 / period
    steepness = 12.0 / (period * (period * period - 1.0))
    tail = np.zeros(period + 1)
    tail_placed = np.zeros(period + 1)
    for block in range(0, n, period):
        base = values[block]
        total = 0.0
        placed = 0.0
        if block > 0:
            for k in range(period - 1, 0, -1):
                apart = values[block - period + k] - base
                total += apart
                placed += (k - period) * apart
                tail[k] = total
                tail_placed[k] = placed
            total = 0.0
            placed = 0.0
        for i in range(block, min(block + period, n)):
            place = i - block
            apart = values[i] - base
            total += apart
            placed += place * apart
            if block > 0 or i == period - 1:
                whole = tail[place + 1] + total
                middle = place - (period - 1.0) * 0.5
                mean[i] = base + whole * scale
                slope[i] = ((tail_placed[place + 1] + placed) - middle * whole) * steepness
    return mean, slope


@compiled
def rolling_pairs(x: Floats, y: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    """Population variance of x, of y, and covariance; exactly 0 where one of them does not move."""
    n = len(x)
    variance_x = nans(n)
    variance_y = nans(n)
    covariance = nans(n)
    scale = 1.0 / period
    tails = np.zeros((period + 1, 5))
    for block in range(0, n, period):
        base_x = x[block]
        base_y = y[block]
        sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
        if block > 0:
            for k in range(period - 1, 0, -1):
                dx = x[block - period + k] - base_x
                dy = y[block - period + k] - base_y
                sx += dx
                sy += dy
                sxx += dx * dx
                syy += dy * dy
                sxy += dx * dy
                tails[k, 0], tails[k, 1], tails[k, 2], tails[k, 3], tails[k, 4] = sx, sy, sxx, syy, sxy
            sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(block, min(block + period, n)):
            dx = x[i] - base_x
            dy = y[i] - base_y
            sx += dx
            sy += dy
            sxx += dx * dx
            syy += dy * dy
            sxy += dx * dy
            if block > 0 or i == period - 1:
                k = i - block + 1
                mean_x = (tails[k, 0] + sx) * scale
                mean_y = (tails[k, 1] + sy) * scale
                variance_x[i] = max(0.0, (tails[k, 2] + sxx) * scale - mean_x * mean_x)
                variance_y[i] = max(0.0, (tails[k, 3] + syy) * scale - mean_y * mean_y)
                covariance[i] = (tails[k, 4] + sxy) * scale - mean_x * mean_y
    return variance_x, variance_y, covariance


@compiled
def shifted(values: Floats, first: int) -> Floats:
    """The values with `first` NaN put before them: what a kernel computed on a tail, back in its place."""
    out = nans(len(values) + first)
    out[first:] = values
    return out


@compiled
def window_high(values: Floats, period: int) -> Floats:
    """Highest value of the window. Doubling spans: about log2(period) passes in vector lanes, exact."""
    n = len(values)
    out = nans(n)
    if n < period:
        return out
    now = values.copy()
    then = np.empty(n)
    span = 1
    while span * 2 <= period:
        then[:span] = now[:span]
        late = now[span:]
        early = now[: n - span]
        wide = then[span:]
        for i in range(len(wide)):
            wide[i] = late[i] if late[i] >= early[i] else early[i]
        now, then = then, now
        span *= 2
    late = now[period - 1 :]
    early = now[span - 1 : span - 1 + len(late)]
    top = out[period - 1 :]
    for i in range(len(top)):
        top[i] = late[i] if late[i] >= early[i] else early[i]
    return out


@compiled
def window_low(values: Floats, period: int) -> Floats:
    """Lowest value of the window."""
    n = len(values)
    out = nans(n)
    if n < period:
        return out
    now = values.copy()
    then = np.empty(n)
    span = 1
    while span * 2 <= period:
        then[:span] = now[:span]
        late = now[span:]
        early = now[: n - span]
        wide = then[span:]
        for i in range(len(wide)):
            wide[i] = late[i] if late[i] <= early[i] else early[i]
        now, then = then, now
        span *= 2
    late = now[period - 1 :]
    early = now[span - 1 : span - 1 + len(late)]
    bottom = out[period - 1 :]
    for i in range(len(bottom)):
        bottom[i] = late[i] if late[i] <= early[i] else early[i]
    return out
