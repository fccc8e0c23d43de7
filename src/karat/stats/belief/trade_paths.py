"""What else the same trades might have given: the order shuffled, or trades drawn again.

Returns of trades are simple returns on the whole equity, compounded. Shuffling cannot move where equity ends; it tells
how deep a drawdown another order would have made. Drawing again, with replacement, moves both. Trades that depend on
each other need blocks: use the stationary bootstrap of days (`bootstrap`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.belief.random import uniform_pair
from karat.stats.figure import Undefined, assert_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHUFFLE, RESAMPLE = 2, 3  # purposes of their numbers, apart from all others that one seed gives


class TradePaths(NamedTuple):
    """One value a path: final equity for a start of 1, and the deepest drawdown as a fraction of the peak.

    `curves` is equity after each of the counts of trades asked for, float64[paths, counts].
    """

    final: Floats
    drawdown: Floats
    curves: Floats


NO_CURVES: Ints = np.empty(0, np.int64)
"""Asks for no curves."""


def resampled_trades(returns: Floats, *, seed: int, paths: int, after: Ints = NO_CURVES) -> TradePaths | Undefined:
    """`paths` rows of as many trades drawn with replacement. float64 without NaN, above -1.

    `after` are the counts of trades at which curves are kept: int64, rising strictly, from 1 to all of them.
    """
    return _paths(returns, seed, paths, RESAMPLE, after)


def shuffled_trades(returns: Floats, *, seed: int, paths: int, after: Ints = NO_CURVES) -> TradePaths | Undefined:
    """`paths` other orders of the same trades; `after` as in `resampled_trades`."""
    return _paths(returns, seed, paths, SHUFFLE, after)


def _paths(returns: Floats, seed: int, paths: int, purpose: int, after: Ints) -> TradePaths | Undefined:
    assert paths >= 1, "at least one path"
    assert_numbers(returns, "returns of trades")
    if len(returns) < 2:
        return Undefined("fewer than two trades")
    if (returns <= -1.0).any():
        return Undefined("a trade lost everything")
    assert not len(after) or (after[0] >= 1 and after[-1] <= len(returns)), "curves are kept after trades"
    assert bool((np.diff(after) > 0).all()), "counts of trades rise strictly"
    found = TradePaths(np.empty(paths), np.empty(paths), np.empty((paths, len(after))))
    _walk(np.log1p(returns), seed, purpose, np.array(after), found.final, found.drawdown, found.curves)
    return found


@compiled
def _walk(logs: Floats, seed: int, purpose: int, after: Ints, final: Floats, drawdown: Floats, curves: Floats) -> None:
    trades = len(logs)
    order = np.empty(trades)
    for path in range(len(final)):
        for place in range(trades):
            order[place] = logs[place]
        for place in range(trades - 1, -1, -1):
            drawn, _ = uniform_pair(seed, purpose, 0, path, place)
            if purpose == RESAMPLE:
                order[place] = logs[int(drawn * trades)]
            else:
                other = int(drawn * (place + 1))
                order[place], order[other] = order[other], order[place]
        equity, peak, deepest, kept = 0.0, 0.0, 0.0, 0
        for place in range(trades):
            equity += order[place]
            peak = max(peak, equity)
            deepest = min(deepest, equity - peak)
            if kept < len(after) and after[kept] == place + 1:
                curves[path, kept] = math.exp(equity)
                kept += 1
        final[path], drawdown[path] = math.exp(equity), 1.0 - math.exp(deepest)
