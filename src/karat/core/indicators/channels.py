"""Channels of extremes: Donchian and Ichimoku. float64[n] in and out; NaN rule of `layer`."""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.price import middles
from karat.core.indicators.windows import nans, window_high, window_low
from karat.core.model.candles import Floats


@compiled
def _donchian(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    upper = window_high(high, period)
    lower = window_low(low, period)
    middle = np.empty(len(high))
    for i in range(len(high)):
        middle[i] = (upper[i] + lower[i]) / 2.0
    return upper, middle, lower


def donchian(high: Floats, low: Floats, period: int = 20) -> tuple[Floats, Floats, Floats]:
    """Upper, middle and lower line including the current bar; first value at period - 1.

    No close is ever above this upper line: a breakout rule needs `donchian_previous`.
    """
    return on_runs(_donchian, (high, low), (whole("period", period),))


@compiled
def delayed(values: Floats, bars: int) -> Floats:
    """The values `bars` bars later, NaN before."""
    n = len(values)
    out = nans(n)
    if n > bars:
        out[bars:] = values[: n - bars]
    return out


@compiled
def _donchian_previous(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats]:
    return delayed(window_high(high, period), 1), delayed(window_low(low, period), 1)


def donchian_previous(high: Floats, low: Floats, period: int = 20) -> tuple[Floats, Floats]:
    """Upper and lower line of the `period` bars before the current one; first value at `period`."""
    return on_runs(_donchian_previous, (high, low), (whole("period", period),))


@compiled
def _ichimoku(
    high: Floats, low: Floats, tenkan_period: int, kijun_period: int, span_period: int, shift: int
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    tenkan = middles(high, low, tenkan_period)
    kijun = middles(high, low, kijun_period)
    span_a = np.empty(len(high))
    for i in range(len(high)):
        span_a[i] = (tenkan[i] + kijun[i]) / 2.0
    span_b = middles(high, low, span_period)
    return tenkan, kijun, span_a, span_b, delayed(span_a, shift), delayed(span_b, shift)


def ichimoku(
    high: Floats,
    low: Floats,
    tenkan_period: int = 9,
    kijun_period: int = 26,
    span_b_period: int = 52,
    shift: int = 26,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Tenkan, kijun, span A and B as known now, and span A and B as plotted at the current bar, `shift` bars old.

    The lagging span is left out: where it is drawn, it is a close of the future.
    """
    periods = (
        whole("tenkan_period", tenkan_period),
        whole("kijun_period", kijun_period),
        whole("span_b_period", span_b_period),
        whole("shift", shift, 0),
    )
    return on_runs(_ichimoku, (high, low), periods)
