"""Moving averages. Seed rules are TA-Lib's: an exponential average starts from the simple one of its first period.

Every function takes one float64[n] column and returns one; NaN before the first bar that can be defined, and under the
NaN rule of `layer`. A period out of range raises InputError `bad_parameter`.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, ordered, real, whole
from karat.core.indicators.recursions import ema_from
from karat.core.indicators.windows import line_fits, nans, rolling_mean, rolling_sum
from karat.core.model.candles import Floats


def sma(values: Floats, period: int = 20) -> Floats:
    """Simple moving average; first value at period - 1."""
    return on_runs(rolling_mean, (values,), (whole("period", period),))


@compiled
def _ema(values: Floats, period: int) -> Floats:
    return ema_from(values, period, 0)


def ema(values: Floats, period: int = 20) -> Floats:
    """Exponential moving average, alpha 2 / (period + 1), seeded with the mean of the first period; from period - 1."""
    return on_runs(_ema, (values,), (whole("period", period),))


@compiled
def _wma(values: Floats, period: int) -> Floats:
    """The centre of weights 1..period lies (period - 1) / 6 bars after the window's middle, on its regression line."""
    if period == 1:
        return values.copy()
    out, slope = line_fits(values, period)
    reach = (period - 1.0) / 6.0
    for i in range(len(out)):
        out[i] += reach * slope[i]
    return out


def wma(values: Floats, period: int = 20) -> Floats:
    """Linearly weighted average, weights 1 (oldest) to period (current); first value at period - 1."""
    return on_runs(_wma, (values,), (whole("period", period),))


@compiled
def _dema(values: Floats, period: int) -> Floats:
    once = ema_from(values, period, 0)
    twice = ema_from(once, period, period - 1)
    for i in range(len(values)):
        twice[i] = 2.0 * once[i] - twice[i]
    return twice


def dema(values: Floats, period: int = 20) -> Floats:
    """Double exponential average, 2 e1 - e2; first value at 2 (period - 1)."""
    return on_runs(_dema, (values,), (whole("period", period),))


@compiled
def _tema(values: Floats, period: int) -> Floats:
    once = ema_from(values, period, 0)
    twice = ema_from(once, period, period - 1)
    thrice = ema_from(twice, period, 2 * (period - 1))
    for i in range(len(values)):
        thrice[i] += 3.0 * (once[i] - twice[i])
    return thrice


def tema(values: Floats, period: int = 20) -> Floats:
    """Triple exponential average, 3 e1 - 3 e2 + e3; first value at 3 (period - 1)."""
    return on_runs(_tema, (values,), (whole("period", period),))


@compiled
def _t3(values: Floats, period: int, v: float) -> Floats:
    step = period - 1
    e2 = ema_from(ema_from(values, period, 0), period, step)
    e3 = ema_from(e2, period, 2 * step)
    e4 = ema_from(e3, period, 3 * step)
    e5 = ema_from(e4, period, 4 * step)
    e6 = ema_from(e5, period, 5 * step)
    c1 = -v * v * v
    c2 = 3.0 * (v * v - c1)
    c3 = -6.0 * v * v - 3.0 * (v - c1)
    c4 = 1.0 + 3.0 * v - c1 + 3.0 * v * v
    for i in range(len(values)):
        e6[i] = c1 * e6[i] + c2 * e5[i] + c3 * e4[i] + c4 * e3[i]
    return e6


def t3(values: Floats, period: int = 5, volume_factor: float = 0.7) -> Floats:
    """Tillson's T3 of six exponential averages; first value at 6 (period - 1)."""
    return on_runs(_t3, (values,), (whole("period", period), real("volume_factor", volume_factor, 0.0, 1.0)))


@compiled
def _kama(values: Floats, period: int, fast: int, slow: int) -> Floats:
    n = len(values)
    out = nans(n)
    if n <= period:
        return out
    steps = np.zeros(n)
    for i in range(1, n):
        steps[i] = abs(values[i] - values[i - 1])
    paths = rolling_sum(steps[1:], period)
    slowest = 2.0 / (slow + 1.0)
    range_of_gains = 2.0 / (fast + 1.0) - slowest
    level = values[period - 1]
    for i in range(period, n):
        path = paths[i - 1]
        way = values[i] - values[i - period]
        # TA-Lib compares the signed way: rounding may leave it a little above the path.
        efficiency = 1.0 if path <= way or path == 0.0 else abs(way / path)
        gain = efficiency * range_of_gains + slowest
        gain *= gain
        level = gain * values[i] + (1.0 - gain) * level
        out[i] = level
    return out


def kama(values: Floats, period: int = 10, fast_period: int = 2, slow_period: int = 30) -> Floats:
    """Kaufman's adaptive average, started from the value at period - 1; first value at period."""
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_kama, (values,), (whole("period", period, 2), fast, slow))


@compiled
def _ema_relative(values: Floats, period: int) -> Floats:
    out = ema_from(values, period, 0)
    for i in range(len(values)):
        out[i] = (out[i] - values[i]) / (values[i] if values[i] != 0.0 else np.nan) * 100.0
    return out


def ema_relative(values: Floats, period: int = 21) -> Floats:
    """The exponential average relative to the value, (ema - value) / value, in percent; NaN where the value is 0."""
    return on_runs(_ema_relative, (values,), (whole("period", period),))
