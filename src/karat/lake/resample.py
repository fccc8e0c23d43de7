"""Coarser bars from finer ones, causally.

1. Buckets are `[b, b + timeframe)` on the UTC grid. A bucket is known when its last moment has passed, never earlier.
2. The first bucket is dropped unless a bar opens it; the last unless a bar ends it: the edges are not guessed.
3. A bucket inside with missing bars is kept and counted as a hole. A bucket without any bar is a hole as well.
4. Open of the first bar, highest high, lowest low, close of the last, sum of volumes from left to right: a bucket
   depends on its own bars only, so a longer history never changes an earlier bucket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Floats
from karat.core.time import grid_origin_ms, timeframe_text


def resample(candles: Candles, timeframe_ms: int) -> tuple[Candles, int]:
    """Candles at a multiple of their timeframe, and how many inner buckets lacked bars.

    Raises InputError `range_without_data` when no bucket is full.
    """
    assert timeframe_ms % candles.timeframe_ms == 0, "only a multiple of the stored timeframe can be built"
    origin = grid_origin_ms(timeframe_ms)
    bucket = (candles.ts - origin) // timeframe_ms * timeframe_ms + origin
    starts = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    ends = np.concatenate((starts[1:], [len(bucket)]))
    first = 0 if candles.ts[0] == bucket[0] else 1
    reached = candles.ts[-1] + candles.timeframe_ms == bucket[-1] + timeframe_ms
    last = len(starts) if reached else len(starts) - 1
    if first >= last:
        text = timeframe_text(timeframe_ms)
        source = f"{len(candles)} bars of {timeframe_text(candles.timeframe_ms)}"
        message = f"{candles.market} has no full {text} bar in {source}."
        raise InputError("range_without_data", message, "Ask for a finer timeframe, or import more data.")
    starts, ends = starts[first:last], ends[first:last]
    bars_per_bucket = timeframe_ms // candles.timeframe_ms
    built = Candles(
        market=candles.market,
        timeframe_ms=timeframe_ms,
        ts=bucket[starts],
        open=candles.open[starts],
        high=np.maximum.reduceat(candles.high[: ends[-1]], starts),
        low=np.minimum.reduceat(candles.low[: ends[-1]], starts),
        close=candles.close[ends - 1],
        volume=_sums_left_to_right(candles.volume, starts, ends),
    )
    return built, int(np.count_nonzero(ends - starts < bars_per_bucket))


def _sums_left_to_right(values: Floats, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> Floats:
    """Sum of each `[start, end)`, added in order: the order of a library sum is its own affair and may change."""
    total = values[starts].copy()
    for offset in range(1, int((ends - starts).max())):
        inside = starts + offset < ends
        total[inside] += values[starts[inside] + offset]
    return total
