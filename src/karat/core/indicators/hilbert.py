"""Ehlers' instantaneous trendline ("Rocket Science for Traders", 2001), with TA-Lib's start.

1. Smooth the price with weights 4, 3, 2, 1.
2. A Hilbert transform of seven taps, tuned to the period of the bar before, splits it into in-phase and
   quadrature parts.
3. The phase they turn per bar gives the dominant cycle's period, limited to 6..50 bars and smoothed.
4. The trendline is the mean price over that period, smoothed with weights 4, 3, 2, 1.

The transform's memory starts at bar 37 with zeros; values come from bar 63 on. float64[n] in and out; NaN rule of
`layer`.
"""

from __future__ import annotations

import math

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs
from karat.core.indicators.windows import nans
from karat.core.model.candles import Floats

MEMORY_FROM = 37
FIRST_VALUE = 63
# Taps of the transform and limits of the period: Ehlers (2001), chapters 6 and 7.
OUTER_TAP = 0.0962
INNER_TAP = 0.5769
PERIOD_LEAST = 6.0
PERIOD_MOST = 50.0
DEGREES = 45.0 / math.atan(1.0)


@compiled
def _quarter_turn(values: Floats, i: int, tuning: float) -> float:
    """The Hilbert transform at bar i; values before bar MEMORY_FROM are zeros."""
    outer = OUTER_TAP * (values[i] - values[i - 6])
    return (outer + INNER_TAP * (values[i - 2] - values[i - 4])) * tuning


@compiled
def _cycle_period(before: float, in_phase: float, quadrature: float) -> float:
    """The period from the turn of one bar, held near the one before and within limits, smoothed."""
    period = before
    if in_phase != 0.0 and quadrature != 0.0:
        period = 360.0 / (math.atan(quadrature / in_phase) * DEGREES)
    period = min(period, 1.5 * before)
    period = max(period, 0.67 * before)
    period = max(PERIOD_LEAST, min(PERIOD_MOST, period))
    return 0.2 * period + 0.8 * before


@compiled
def _cycle_periods(values: Floats) -> Floats:
    """The smoothed dominant period per bar from MEMORY_FROM on, 0 before."""
    n = len(values)
    price = np.zeros(n)
    detrended = np.zeros(n)
    quadrature = np.zeros(n)
    out = np.zeros(n)
    period, i2_before, q2_before, real, imaginary = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(MEMORY_FROM, n):
        tuning = 0.075 * period + 0.54
        price[i] = (4.0 * values[i] + 3.0 * values[i - 1] + 2.0 * values[i - 2] + values[i - 3]) / 10.0
        detrended[i] = _quarter_turn(price, i, tuning)
        quadrature[i] = _quarter_turn(detrended, i, tuning)
        in_phase = detrended[i - 3]
        turned_in_phase = _quarter_turn(detrended, i - 3, tuning)
        turned_quadrature = _quarter_turn(quadrature, i, tuning)
        q2 = 0.2 * (quadrature[i] + turned_in_phase) + 0.8 * q2_before
        i2 = 0.2 * (in_phase - turned_quadrature) + 0.8 * i2_before
        real = 0.2 * (i2 * i2_before + q2 * q2_before) + 0.8 * real
        imaginary = 0.2 * (i2 * q2_before - q2 * i2_before) + 0.8 * imaginary
        i2_before = i2
        q2_before = q2
        period = _cycle_period(period, real, imaginary)
        out[i] = 0.33 * period + 0.67 * out[i - 1]
    return out


@compiled
def _ht_trendline(values: Floats) -> Floats:
    n = len(values)
    out = nans(n)
    periods = _cycle_periods(values)
    first, second, third = 0.0, 0.0, 0.0
    for i in range(MEMORY_FROM, n):
        bars = int(periods[i] + 0.5)
        total = 0.0
        for k in range(bars):
            total += values[i - k] - values[i]
        mean = values[i] + total / bars if bars > 0 else 0.0
        if i >= FIRST_VALUE:
            out[i] = (4.0 * mean + 3.0 * first + 2.0 * second + third) / 10.0
        third = second
        second = first
        first = mean
    return out


def ht_trendline(values: Floats) -> Floats:
    """Hilbert transform trendline, in price; first value at bar 63."""
    return on_runs(_ht_trendline, (values,), ())
