"""Hurst exponent on a moving window: above 0.5 moves persist, below they revert.

1. The window's increments are cut into windows of several sizes, side by side from its oldest bar, the rest left out.
2. Each gives a level per size: the mean rescaled range (R/S: range of the summed deviations over the population
   deviation), or the root of the mean squared residual of a line through the running sum (DFA-1).
3. The exponent is the least-squares slope of log level on log size.

Plain R/S is biased towards 0.5 to 0.6 on small windows; corrected, its small-sample expectation is replaced by the one
of infinite samples. On 100 to 200 bars the standard deviation of either estimate is about 0.1: a hint, no measurement.
Sources: Hurst (1951); Anis and Lloyd (1976) with Peters' factor, added as in Weron (2002); Peng et al. (1994) for DFA.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from karat.core.compiled import compiled
from karat.core.errors import InputError
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.volatility import log_returns
from karat.core.indicators.windows import line_fits, nans, rolling_moments, shifted
from karat.core.model.candles import Floats, Ints

RESCALED_RANGE = 0
RESCALED_RANGE_CORRECTED = 1
DETRENDED_FLUCTUATION = 2
METHODS = {
    "rescaled_range": RESCALED_RANGE,
    "rescaled_range_corrected": RESCALED_RANGE_CORRECTED,
    "detrended_fluctuation": DETRENDED_FLUCTUATION,
}
SIZE_LEAST = 8
SIZE_COUNT = 6
PERIOD_LEAST = 64
# Beyond this size the ratio of gamma functions is taken at its limit (Weron 2002).
EXACT_GAMMA_MOST = 340
# A straight line leaves residuals of this share of its variance by rounding alone.
ROUNDING_SHARE = 1e-12


@compiled
def expected_rescaled_range(size: int) -> float:
    """Expected R/S of `size` independent normal increments."""
    total = 0.0
    for i in range(1, size):
        total += math.sqrt((size - i) / i)
    scale = 1.0 / math.sqrt(size * math.pi / 2.0)
    if size <= EXACT_GAMMA_MOST:
        # gamma((n - 1) / 2) / gamma(n / 2) / sqrt(pi), from n = 2 or 3 up: lgamma differs between libraries.
        scale = 1.0 if size % 2 == 0 else 2.0 / math.pi
        for n in range(4 + size % 2, size + 1, 2):
            scale *= (n - 3.0) / (n - 2.0)
    return (size - 0.5) / size * scale * total


@compiled
def _rescaled_ranges(increments: Floats, size: int, period: int) -> Floats:
    """R/S of the `size` increments up to each bar that ends a window of some period; NaN where they are all equal."""
    periods_more = len(increments) - period
    out = nans(len(increments))
    mean, variance = rolling_moments(increments, size, 0)
    for i in range(size - 1, len(increments)):
        if (i - size + 1) % size > periods_more:
            continue
        total = 0.0
        top = 0.0
        bottom = 0.0
        for k in range(i - size + 1, i + 1):
            total += increments[k] - mean[i]
            top = total if total > top else top
            bottom = total if total < bottom else bottom
        if variance[i] > 0.0:
            out[i] = (top - bottom) / math.sqrt(variance[i])
    return out


@compiled
def _fluctuations(increments: Floats, size: int) -> Floats:
    """Mean squared residual of a line through the running sum over the `size` bars up to each bar."""
    profile = np.empty(len(increments))
    total = 0.0
    for i in range(len(increments)):
        total += increments[i]
        profile[i] = total
    _, slope = line_fits(profile, size)
    _, out = rolling_moments(profile, size, 0)
    time_variance = (size * size - 1.0) / 12.0
    for i in range(size - 1, len(out)):
        residual = out[i] - slope[i] * slope[i] * time_variance
        out[i] = residual if residual > ROUNDING_SHARE * out[i] else 0.0
    return out


@compiled
def _mean_level(pieces: Floats, last: int, period: int, size: int) -> float:
    """Mean over the windows of `size` within the `period` bars up to `last`; NaN where none is defined."""
    total = 0.0
    count = 0
    for k in range(period // size):
        piece = pieces[last - period + (k + 1) * size]
        if piece >= 0.0:
            total += piece
            count += 1
    return total / count if count > 0 else np.nan


@compiled
def exponents(increments: Floats, sizes: Ints, period: int, method: int) -> Floats:
    """The exponent of the `period` increments up to each bar, on finite input."""
    n = len(increments)
    out = nans(n)
    if n < period:
        return out
    out[period - 1 :] = 0.0
    middle = 0.0
    for size in sizes:
        middle += math.log(size) / len(sizes)
    spread = 0.0
    for size in sizes:
        spread += (math.log(size) - middle) ** 2
    for size in sizes:
        if method == DETRENDED_FLUCTUATION:
            pieces = _fluctuations(increments, size)
        else:
            pieces = _rescaled_ranges(increments, size, period)
        weight = (math.log(size) - middle) / spread
        correction = 0.0
        if method == DETRENDED_FLUCTUATION:
            # Levels are squares: half their logarithm is the logarithm of the root.
            weight *= 0.5
        elif method == RESCALED_RANGE_CORRECTED:
            correction = math.sqrt(0.5 * math.pi * size) - expected_rescaled_range(size)
        for i in range(period - 1, n):
            level = _mean_level(pieces, i, period, size) + correction
            out[i] += weight * math.log(level) if level > 0.0 else np.nan
    return out


def default_sizes(period: int) -> Ints:
    """Six window sizes from 8 to a quarter of the period, evenly spaced in logarithm."""
    return np.unique(np.round(np.geomspace(SIZE_LEAST, period // 4, SIZE_COUNT)).astype(np.int64))


def hurst_exponent(increments: ArrayLike, sizes: ArrayLike, method: str = "detrended_fluctuation") -> float:
    """One exponent for all the increments, with windows of the given sizes; NaN where it is undefined.

    Methods: `rescaled_range`, `rescaled_range_corrected`, `detrended_fluctuation`. Raises InputError for others,
    and for fewer than two sizes or sizes not within 4 and the number of increments.
    """
    values = np.asarray(increments, dtype=np.float64)
    chosen = np.unique(np.asarray(sizes, dtype=np.int64))
    if method not in METHODS:
        raise InputError("bad_parameter", f"'{method}' is not a method.", f"Use one of {', '.join(METHODS)}.")
    if len(chosen) < 2 or chosen[0] < 4 or chosen[-1] > len(values):
        raise InputError("bad_parameter", f"Window sizes must be two or more, from 4 to {len(values)}.")
    return float(on_runs(exponents, (values,), (chosen, len(values), METHODS[method]))[-1])


@compiled
def _of_prices(close: Floats, sizes: Ints, period: int, method: int) -> Floats:
    if len(close) <= period:
        return nans(len(close))
    return shifted(exponents(log_returns(close)[1:], sizes, period, method), 1)


def hurst(close: Floats, period: int = 200) -> Floats:
    """Exponent of the last `period` log returns by DFA-1; first value at `period`; NaN where the price stands still."""
    bars = whole("period", period, PERIOD_LEAST)
    return on_runs(_of_prices, (close,), (default_sizes(bars), bars, DETRENDED_FLUCTUATION), positive=True)


def hurst_rescaled_range(close: Floats, period: int = 200) -> Floats:
    """Exponent of the last `period` log returns by corrected R/S; first value at `period`; NaN where nothing moves."""
    bars = whole("period", period, PERIOD_LEAST)
    return on_runs(_of_prices, (close,), (default_sizes(bars), bars, RESCALED_RANGE_CORRECTED), positive=True)
