"""Local, robust scales: what is usual around a bar, unmoved by the bar itself.

A median breaks down only when half of its values are wrong (Hampel 1974, "The influence curve and its role in robust
estimation"); a mean breaks down with one. Medians are taken over blocks of BLOCK bars, and a bar's value is the median
of its own block and the two beside it: linear in time, where a window that moves bar by bar is not.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats

BLOCK = 48  # bars: half a day of 15m, two days of 1h; long enough for a median, short enough to follow volatility
NORMAL = 1.4826  # makes the median absolute deviation of a normal sample its standard deviation
_BESIDE = 3


def local_median(values: Floats, block: int = BLOCK) -> Floats:
    """For each of float64[n] the median of its block, smoothed over the blocks beside it. NaN is passed over."""
    count = len(values)
    if count == 0:
        return values.copy()
    blocks = max(1, count // block)  # the last block takes the rest, so that none is short
    starts = np.arange(blocks) * block
    stops = np.append(starts[1:], count)
    full = values[: (blocks - 1) * block].reshape(blocks - 1, block)
    medians = np.append(np.nanmedian(full, axis=1) if len(full) else [], np.nanmedian(values[starts[-1] :]))
    padded = np.concatenate((medians[:1], medians, medians[-1:]))
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, _BESIDE), axis=1)
    return np.repeat(smooth, stops - starts)


def local_scale(values: Floats, floor: float) -> Floats:
    """The local standard deviation of float64[n] around zero, by NORMAL times the local median of the absolute values;
    never below `floor`."""
    return np.maximum(NORMAL * local_median(np.abs(values)), floor)
