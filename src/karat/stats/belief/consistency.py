"""How a result would have varied: the growth of a window of days, resampled, its middle less its spread.

1. A path is one window of days drawn from a variant's own record with the stationary bootstrap. All variants share the
   same draws, so that two of them differ by what they are and not by luck.
2. The growth of a path is made annual. Of all paths three percentiles are kept: the 1st, the middle, the 99th.
3. The score is `middle - penalty * (99th - 1st)`. It pays for growth that comes every time, not for growth that came
   once.

Shuffling days or trades instead would move nothing: the product of the same factors is the same.

A block's growth is the equity at its end over that at its begin, so a path costs its blocks and not its days.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.time import YEAR_DAYS
from karat.stats.belief.bootstrap import Blocks, stationary_blocks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("score", "low", "middle", "high")
WINDOW_DAYS = 180
MEAN_BLOCK_DAYS = 10.0
PENALTY = 0.1
_DAYS_MIN = 30
_LANES = 64  # variants worked on together: a tile of a year of days stays in the second cache
_LOW, _MIDDLE, _HIGH = 0.01, 0.5, 0.99


def window_blocks(seed: int, paths: int, days: int, window_days: int = WINDOW_DAYS) -> Blocks | None:
    """The draws that all variants of a sweep share; a record shorter than the window is resampled in its own length.

    None where there are fewer than 30 days: no score can be told from luck.
    """
    if days < _DAYS_MIN:
        return None
    return stationary_blocks(seed, paths, days, min(window_days, days), MEAN_BLOCK_DAYS)


def consistency(daily: Floats, blocks: Blocks, *, penalty: float = PENALTY, days_per_year: float = YEAR_DAYS) -> Floats:
    """`COLUMNS` of each variant, float64[variants, 4], annual growth as a fraction. **NaN stands for undefined.**

    daily: equity at the end of each day, the start first, float64[variants, days + 1]. A variant whose equity was zero
    or below, or NaN, on any day is undefined: it cannot go on from there. Percentiles interpolate between neighbours.
    """
    out = np.empty((len(daily), len(COLUMNS)))
    horizon = int(blocks.length[: blocks.offsets[1]].sum())
    assert horizon <= daily.shape[1] - 1, "a window is not longer than the record it is drawn from"
    _score(daily, blocks.offsets, blocks.start, blocks.length, days_per_year / horizon, penalty, out)
    return out


@compiled
def _score(
    daily: Floats, offsets: Ints, start: Ints, length: Ints, exponent: float, penalty: float, out: Floats
) -> None:
    variants, days, paths = len(daily), daily.shape[1] - 1, len(offsets) - 1
    tile, growth = np.empty((2 * days + 1, _LANES)), np.empty((paths, _LANES))
    column, sound = np.empty(paths), np.empty(_LANES, np.bool_)
    for first in range(0, variants, _LANES):
        count = min(_LANES, variants - first)
        _fill(daily[first : first + count], tile, sound)
        _grow(tile, offsets, start, length, growth)
        for lane in range(count):
            if not sound[lane]:
                out[first + lane, :] = math.nan
                continue
            for path in range(paths):
                column[path] = growth[path, lane]
            column.sort()
            low, middle = _annual(column, _LOW, exponent), _annual(column, _MIDDLE, exponent)
            high = _annual(column, _HIGH, exponent)
            out[first + lane, 0] = middle - penalty * (high - low)
            out[first + lane, 1], out[first + lane, 2], out[first + lane, 3] = low, middle, high


@compiled
def _fill(daily: Floats, tile: Floats, sound: NDArray[np.bool_]) -> None:
    """Equity over the start, a lane a variant, twice in a row: a block may run over the end of the record."""
    days = daily.shape[1] - 1
    for lane in range(_LANES):
        variant = min(lane, len(daily) - 1)
        sound[lane] = True
        for day in range(days + 1):
            if not 0.0 < daily[variant, day] < math.inf:
                sound[lane] = False
        for day in range(days + 1):
            tile[day, lane] = daily[variant, day] / daily[variant, 0] if sound[lane] else 1.0
        for day in range(1, days + 1):
            tile[days + day, lane] = tile[days, lane] * tile[day, lane]


@compiled
def _grow(tile: Floats, offsets: Ints, start: Ints, length: Ints, growth: Floats) -> None:
    """The growth of each path in each lane."""
    for path in range(len(growth)):
        grown = growth[path]
        grown[:] = 1.0
        for block in range(offsets[path], offsets[path + 1]):
            before, after = tile[start[block]], tile[start[block] + length[block]]
            for lane in range(_LANES):
                grown[lane] *= after[lane] / before[lane]


@compiled
def _annual(ordered: Floats, share: float, exponent: float) -> float:
    """A percentile of growth, made annual."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    left, right = ordered[below] ** exponent - 1.0, ordered[above] ** exponent - 1.0
    return left + (place - below) * (right - left)
