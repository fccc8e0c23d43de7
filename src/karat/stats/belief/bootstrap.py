"""The stationary bootstrap: resampled days that keep what follows what.

A path is a row of blocks of days that follow each other; a block begins anywhere and has a geometric length with a mean
of L days, and a block that runs over the end goes on at the beginning. Sources: Politis and Romano (1994); the
automatic length is that of Politis and White (2004) with the correction of Patton, Politis and White (2009).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.belief.random import uniform_pair
from karat.stats.figure import Undefined, assert_numbers
from karat.stats.ratios import NO_DEVIATION

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_COLUMNS_AT_ONCE = 128  # whose spectra are held together: 8 MB of three years
DRAW_BLOCKS = 1  # the purpose of these numbers, apart from all others that one seed gives


class Blocks(NamedTuple):
    """Blocks of many paths over n days: path p has blocks `offsets[p]` to `offsets[p + 1] - 1`.

    `start[b]` in [0, n); a block covers days start, start + 1, ... (modulo n), `length[b]` of them.
    """

    offsets: Ints
    start: Ints
    length: Ints


def stationary_blocks(seed: int, paths: int, days: int, horizon: int, mean_block: float) -> Blocks:
    """The blocks of `paths` resampled paths of `horizon` days each out of a record of `days`.

    They depend on (seed, path) alone: more paths leave the first ones as they were. `mean_block` >= 1, in days.
    """
    assert days >= 1 and horizon >= 1 and paths >= 1 and mean_block >= 1.0, "a record, a horizon and blocks"
    start, length = np.empty(paths * horizon, np.int64), np.empty(paths * horizon, np.int64)
    offsets = np.empty(paths + 1, np.int64)
    used = _draw(seed, days, horizon, mean_block, offsets, start, length)
    return Blocks(offsets, start[:used].copy(), length[:used].copy())


@compiled
def _draw(seed: int, days: int, horizon: int, mean_block: float, offsets: Ints, start: Ints, length: Ints) -> int:
    stays = 1.0 - 1.0 / mean_block  # probability that the next day follows
    used = 0
    for path in range(len(offsets) - 1):
        offsets[path] = used
        left, draw = horizon, 0
        while left > 0:
            place, longer = uniform_pair(seed, DRAW_BLOCKS, 0, path, draw)
            drawn = 1
            if stays > 0.0 and longer > 0.0:
                drawn = 1 + int(min(math.log(longer) / math.log(stays), float(horizon)))
            elif stays > 0.0:
                drawn = horizon
            start[used] = int(place * days)
            length[used] = min(drawn, left)
            left -= length[used]
            used += 1
            draw += 1
    offsets[len(offsets) - 1] = used
    return used


def days_of(blocks: Blocks, path: int, days: int) -> Ints:
    """The days of a path one by one, int64 in [0, days)."""
    mine = slice(blocks.offsets[path], blocks.offsets[path + 1])
    runs = [start + np.arange(length) for start, length in zip(blocks.start[mine], blocks.length[mine], strict=True)]
    return np.concatenate(runs) % days


def block_lengths(returns: Floats) -> tuple[float, float] | Undefined:
    """Automatic mean block lengths in days, (stationary, circular) bootstrap. float64 without NaN, at least 8.

    The correlogram is cut at the first run of lags that cannot be told from zero.
    """
    assert_numbers(returns, "returns")
    n = len(returns)
    if n < 8:
        return Undefined("fewer than eight returns")
    centred = returns - returns.mean()
    if float(centred @ centred) <= 1e-24 * float(returns @ returns):
        return NO_DEVIATION
    quiet_lags = max(5, int(math.log10(n)))
    farthest = min(math.ceil(math.sqrt(n)) + quiet_lags, n - 2)
    covariances, correlations = _correlogram(centred, farthest)
    last = _last_lag(correlations, quiet_lags, 2.0 * math.sqrt(math.log10(n) / n), farthest)
    lags = np.arange(1, last + 1)
    weights = np.where(lags <= last / 2.0, 1.0, 2.0 * (1.0 - lags / last))
    slope = 2.0 * float(np.sum(weights * lags * covariances[1 : last + 1]))
    long_run = float(covariances[0]) + 2.0 * float(np.sum(weights * covariances[1 : last + 1]))
    longest = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    if long_run**2 <= 1e-24 * float(covariances[0]) ** 2:
        return Undefined("autocorrelations leave no variance")
    scale = (slope**2 / long_run**2 * n) ** (1.0 / 3.0)
    return min(scale, longest), min(1.5 ** (1.0 / 3.0) * scale, longest)


def _correlogram(centred: Floats, farthest: int) -> tuple[Floats, Floats]:
    """Autocovariances of lags 0 to `farthest`, and autocorrelations of what overlaps, absolute."""
    n = len(centred)
    products = np.array([float(np.sum(centred[lag:] * centred[: n - lag])) for lag in range(farthest + 1)])
    squares = np.concatenate(([0.0], np.cumsum(centred * centred)))
    lags = np.arange(farthest + 1)
    later, earlier = squares[n] - squares[lags + 1], squares[n - lags - 1]
    return products / n, np.abs(products) / np.sqrt(later * earlier)


def _last_lag(correlations: Floats, quiet_lags: int, bound: float, farthest: int) -> int:
    """Twice the lag before the first `quiet_lags` lags that are all within `bound`."""
    for lag in range(quiet_lags, farthest + 1):
        if (correlations[lag - quiet_lags : lag] < bound).all():
            return min(2 * max(lag - quiet_lags, 1), farthest)
    return farthest


def variances_of_mean(values: Floats, mean_block: float) -> Floats:
    """Exact variance of `sqrt(n) * mean` of each resampled column of `values`, float64[n, columns] without NaN.

    All lags of a circle (Politis and Romano 1994). The autocovariances come from the columns' spectra.
    """
    n, columns = values.shape
    stays, lags = 1.0 - 1.0 / mean_block, np.arange(1, n)
    weights = np.concatenate(([1.0], 2.0 * ((1.0 - lags / n) * stays**lags + lags / n * stays ** (n - lags))))
    room = 1 << (2 * n - 2).bit_length()  # so that no lag reaches round
    out = np.empty(columns)
    for first in range(0, columns, _COLUMNS_AT_ONCE):
        some = np.ascontiguousarray(values[:, first : first + _COLUMNS_AT_ONCE].T)
        spectrum = np.fft.rfft(some - some.mean(axis=1, keepdims=True), room, axis=1)
        covariances = np.fft.irfft(np.abs(spectrum) ** 2, room, axis=1)[:, :n]
        out[first : first + len(some)] = covariances @ (weights / n)
    return np.maximum(out, 0.0)
