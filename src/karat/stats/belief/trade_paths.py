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

SHUFFLE, RESAMPLE = 2, 3  # purposes of their numbers, apart from all others that one seed gives


class TradePaths(NamedTuple):
    """One value a path: final equity for a start of 1, and the deepest drawdown as a fraction of the peak."""

    final: Floats
    drawdown: Floats


def resampled_trades(returns: Floats, *, seed: int, paths: int) -> TradePaths | Undefined:
    """`paths` rows of as many trades drawn with replacement. float64 without NaN, above -1."""
    return _paths(returns, seed, paths, RESAMPLE)


def shuffled_trades(returns: Floats, *, seed: int, paths: int) -> TradePaths | Undefined:
    """`paths` other orders of the same trades."""
    return _paths(returns, seed, paths, SHUFFLE)


def _paths(returns: Floats, seed: int, paths: int, purpose: int) -> TradePaths | Undefined:
    assert paths >= 1, "at least one path"
    assert_numbers(returns, "returns of trades")
    if len(returns) < 2:
        return Undefined("fewer than two trades")
    if (returns <= -1.0).any():
        return Undefined("a trade lost everything")
    found = TradePaths(np.empty(paths), np.empty(paths))
    _walk(np.log1p(returns), seed, purpose, found.final, found.drawdown)
    return found


@compiled
def _walk(logs: Floats, seed: int, purpose: int, final: Floats, drawdown: Floats) -> None:
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
        equity, peak, deepest = 0.0, 0.0, 0.0
        for place in range(trades):
            equity += order[place]
            peak = max(peak, equity)
            deepest = min(deepest, equity - peak)
        final[path], drawdown[path] = math.exp(equity), 1.0 - math.exp(deepest)
