"""Wilder's directional movement (1978), with TA-Lib's seeds: sums of bars 1..period - 1, first value at bar `period`.

float64[n] in and out; NaN rule of `layer`. A frozen market leaves every value where it was.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.recursions import recurse, wilder_from
from karat.core.indicators.volatility import true_ranges
from karat.core.indicators.windows import nans
from karat.core.model.candles import Floats


@compiled
def _movements(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """Upward and downward movement: the larger of the two extensions beyond the bar before, if positive."""
    plus = np.zeros(len(high))
    minus = np.zeros(len(high))
    high_now = high[1:]
    low_now = low[1:]
    plus_now = plus[1:]
    minus_now = minus[1:]
    for i in range(len(high_now)):
        up = high_now[i] - high[i]
        down = low[i] - low_now[i]
        plus_now[i] = up if (up > down) & (up > 0.0) else 0.0
        minus_now[i] = down if (down > up) & (down > 0.0) else 0.0
    return plus, minus


@compiled
def _wilder_sums(values: Floats, period: int) -> Floats:
    out = nans(len(values))
    seed = 0.0
    for i in range(1, period):
        seed += values[i]
    recurse(values, period - 1, seed, 1.0, 1.0 - 1.0 / period, out)
    return out


@compiled
def _indices(high: Floats, low: Floats, close: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    """Plus DI, minus DI and DX on finite input."""
    n = len(high)
    if n <= period:
        return nans(n), nans(n), nans(n)
    ranges = true_ranges(high, low, close)
    plus, minus = _movements(high, low)
    spans = _wilder_sums(ranges, period)
    up = _wilder_sums(plus, period)
    down = _wilder_sums(minus, period)
    up[:period] = np.nan
    down[:period] = np.nan
    strength = nans(n)
    for i in range(n):
        span = spans[i] if spans[i] > 0.0 else np.inf
        up[i] = 100.0 * up[i] / span
        down[i] = 100.0 * down[i] / span
        both = up[i] + down[i]
        strength[i] = 100.0 * abs(up[i] - down[i]) / (both if both > 0.0 else np.inf)
    for i in range(period + 1, n):
        if ranges[i] == 0.0 and plus[i] == 0.0 and minus[i] == 0.0:
            # All three sums shrink alike: the ratios are those of the bar before, to the bit.
            up[i] = up[i - 1]
            down[i] = down[i - 1]
            strength[i] = strength[i - 1]
        elif up[i] == 0.0 and down[i] == 0.0:
            strength[i] = strength[i - 1]
    return up, down, strength


@compiled
def _plus_di(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    return _indices(high, low, close, period)[0]


def plus_di(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Plus directional indicator, 0 to 100; first value at `period`; 0 if there never was a range."""
    return on_runs(_plus_di, (high, low, close), (whole("period", period, 2),))


@compiled
def _minus_di(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    return _indices(high, low, close, period)[1]


def minus_di(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Minus directional indicator, 0 to 100; first value at `period`; 0 if there never was a range."""
    return on_runs(_minus_di, (high, low, close), (whole("period", period, 2),))


@compiled
def _dx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    return _indices(high, low, close, period)[2]


def dx(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Directional index, 100 |plus - minus| / (plus + minus); first value at `period`; held without movement."""
    return on_runs(_dx, (high, low, close), (whole("period", period, 2),))


@compiled
def _adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    return wilder_from(_indices(high, low, close, period)[2], period, period)


def adx(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Average directional index: mean of DX over bars period..2 period - 1, the first value, then Wilder's average."""
    return on_runs(_adx, (high, low, close), (whole("period", period, 2),))
