"""Deviation from the mean, and bands of it. float64[n] in and out; first value at period - 1; NaN rule of `layer`."""

from __future__ import annotations

import math

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, real, whole
from karat.core.indicators.recursions import ema_from
from karat.core.indicators.volatility import average_range
from karat.core.indicators.windows import nans, rolling_moments
from karat.core.model.candles import Floats


@compiled
def _variance(values: Floats, period: int) -> Floats:
    _, variances = rolling_moments(values, period, 0)
    return variances


def variance(values: Floats, period: int = 20) -> Floats:
    """Population variance of the window, exactly 0 while the value does not move."""
    return on_runs(_variance, (values,), (whole("period", period),))


@compiled
def _standard_deviation(values: Floats, period: int) -> Floats:
    _, out = rolling_moments(values, period, 0)
    for i in range(len(out)):
        out[i] = math.sqrt(out[i])
    return out


def standard_deviation(values: Floats, period: int = 20) -> Floats:
    """Population standard deviation of the window, exactly 0 while the value does not move."""
    return on_runs(_standard_deviation, (values,), (whole("period", period),))


@compiled
def _zscore(values: Floats, period: int) -> Floats:
    out, variances = rolling_moments(values, period, 0)
    for i in range(len(out)):
        out[i] = (values[i] - out[i]) / math.sqrt(variances[i] if variances[i] > 0.0 else np.nan)
    return out


def zscore(values: Floats, period: int = 20) -> Floats:
    """Population deviations from the window's mean; NaN (undefined) while the value does not move."""
    return on_runs(_zscore, (values,), (whole("period", period, 2),))


@compiled
def _bollinger(values: Floats, period: int, deviations: float) -> tuple[Floats, Floats, Floats]:
    middle, upper = rolling_moments(values, period, 0)
    lower = nans(len(values))
    for i in range(len(values)):
        width = deviations * math.sqrt(upper[i])
        upper[i] = middle[i] + width
        lower[i] = middle[i] - width
    return upper, middle, lower


def bollinger(values: Floats, period: int = 20, deviations: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Upper, middle and lower band: simple average and `deviations` population deviations around it."""
    return on_runs(_bollinger, (values,), (whole("period", period), real("deviations", deviations)))


@compiled
def _keltner(
    high: Floats, low: Floats, close: Floats, period: int, atr_period: int, multiple: float
) -> tuple[Floats, Floats, Floats]:
    middle = ema_from(close, period, 0)
    upper = average_range(high, low, close, atr_period)
    lower = nans(len(close))
    for i in range(len(close)):
        width = multiple * upper[i]
        upper[i] = middle[i] + width
        lower[i] = middle[i] - width
    return upper, middle, lower


def keltner(
    high: Floats, low: Floats, close: Floats, period: int = 20, atr_period: int = 10, multiple: float = 2.0
) -> tuple[Floats, Floats, Floats]:
    """Upper, middle and lower band: exponential average of the close and `multiple` average true ranges around it.

    The middle starts at period - 1, the bands at the later of that and atr_period.
    """
    parameters = (whole("period", period), whole("atr_period", atr_period), real("multiple", multiple))
    return on_runs(_keltner, (high, low, close), parameters)
