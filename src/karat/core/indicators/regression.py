"""Least squares on a window. float64[n] in and out; first value at period - 1 unless said; NaN rule of `layer`."""

from __future__ import annotations

import math

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.windows import line_fits, nans, rolling_moments, rolling_pairs, shifted
from karat.core.model.candles import Floats


@compiled
def _linear_regression(values: Floats, period: int) -> Floats:
    out, slope = line_fits(values, period)
    reach = (period - 1.0) * 0.5
    for i in range(len(out)):
        out[i] += reach * slope[i]
    return out


def linear_regression(values: Floats, period: int = 14) -> Floats:
    """End point of the window's regression line on time."""
    return on_runs(_linear_regression, (values,), (whole("period", period, 2),))


@compiled
def _linear_regression_slope(values: Floats, period: int) -> Floats:
    _, slope = line_fits(values, period)
    return slope


def linear_regression_slope(values: Floats, period: int = 14) -> Floats:
    """Slope per bar of the window's regression line on time."""
    return on_runs(_linear_regression_slope, (values,), (whole("period", period, 2),))


@compiled
def _rolling_regression(values: Floats, period: int) -> tuple[Floats, Floats, Floats, Floats]:
    mean, slope = line_fits(values, period)
    _, variance = rolling_moments(values, period, 0)
    endpoint = nans(len(values))
    reach = (period - 1.0) * 0.5
    time_variance = (period * period - 1.0) / 12.0
    for i in range(period - 1, len(values)):
        endpoint[i] = mean[i] + reach * slope[i]
        mean[i] -= reach * slope[i]
        explained = slope[i] * slope[i] * time_variance
        variance[i] = min(1.0, explained / variance[i]) if variance[i] > 0.0 else np.nan
    return slope, mean, endpoint, variance


def rolling_regression(values: Floats, period: int = 20) -> tuple[Floats, Floats, Floats, Floats]:
    """Regression on time: slope per bar, intercept (the line at the window's oldest bar), end point, and R squared.

    R squared is NaN (undefined) while the value does not move.
    """
    return on_runs(_rolling_regression, (values,), (whole("period", period, 2),))


@compiled
def _returns(values: Floats) -> Floats:
    out = np.empty(max(len(values) - 1, 0))
    late = values[1:]
    for i in range(len(out)):
        out[i] = (late[i] - values[i]) / (values[i] if values[i] != 0.0 else np.inf)
    return out


@compiled
def _beta(benchmark: Floats, values: Floats, period: int) -> Floats:
    n = len(values)
    if n <= period:
        return nans(n)
    variance, _, out = rolling_pairs(_returns(benchmark), _returns(values), period)
    for i in range(n - 1):
        out[i] = out[i] / (variance[i] if variance[i] > 0.0 else np.inf)
    return shifted(out, 1)


def beta(benchmark: Floats, values: Floats, period: int = 5) -> Floats:
    """Slope of the values' returns on the benchmark's over `period` returns; first value at `period`.

    0, as TA-Lib has it, while the benchmark does not move.
    """
    return on_runs(_beta, (benchmark, values), (whole("period", period, 2),))


@compiled
def _correlation(x: Floats, y: Floats, period: int) -> Floats:
    variance, other, out = rolling_pairs(x, y, period)
    for i in range(len(out)):
        scale = math.sqrt(variance[i]) * math.sqrt(other[i])
        ratio = out[i] / (scale if scale > 0.0 else np.inf)
        ratio = 1.0 if ratio > 1.0 else ratio
        out[i] = -1.0 if ratio < -1.0 else ratio
    return out


def correlation(x: Floats, y: Floats, period: int = 30) -> Floats:
    """Pearson correlation of two columns; 0, as TA-Lib has it, while one of them does not move."""
    return on_runs(_correlation, (x, y), (whole("period", period, 2),))
