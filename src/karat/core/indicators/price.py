"""Prices made of prices, extremes of a window, and plain changes. float64[n] in and out; NaN rule of `layer`.

Here and in the other rooms a quotient that is 0 where its divisor is 0 divides by infinity there: loops without
branches run in vector lanes.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.windows import nans, window_high, window_low
from karat.core.model.candles import Floats


def rolling_max(values: Floats, period: int = 20) -> Floats:
    """Highest value of the window including the current bar; first value at period - 1."""
    return on_runs(window_high, (values,), (whole("period", period),))


def rolling_min(values: Floats, period: int = 20) -> Floats:
    """Lowest value of the window including the current bar; first value at period - 1."""
    return on_runs(window_low, (values,), (whole("period", period),))


@compiled
def middles(high: Floats, low: Floats, period: int) -> Floats:
    """(highest high + lowest low) / 2 of the window, on finite input."""
    out = window_high(high, period)
    bottom = window_low(low, period)
    for i in range(len(out)):
        out[i] = (out[i] + bottom[i]) / 2.0
    return out


def midprice(high: Floats, low: Floats, period: int = 14) -> Floats:
    """(highest high + lowest low) / 2 of the window; first value at period - 1."""
    return on_runs(middles, (high, low), (whole("period", period),))


@compiled
def _midpoint(values: Floats, period: int) -> Floats:
    return middles(values, values, period)


def midpoint(values: Floats, period: int = 14) -> Floats:
    """(highest + lowest value) / 2 of the window; first value at period - 1."""
    return on_runs(_midpoint, (values,), (whole("period", period),))


@compiled
def typical_prices(high: Floats, low: Floats, close: Floats) -> Floats:
    """`typical_price` on finite input."""
    out = np.empty(len(high))
    for i in range(len(out)):
        out[i] = (high[i] + low[i] + close[i]) / 3.0
    return out


def typical_price(high: Floats, low: Floats, close: Floats) -> Floats:
    """(high + low + close) / 3, from bar 0."""
    return on_runs(typical_prices, (high, low, close), ())


@compiled
def _bop(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    out = np.empty(len(open_))
    for i in range(len(out)):
        span = high[i] - low[i]
        out[i] = (close[i] - open_[i]) / (span if span > 0.0 else np.inf)
    return out


def bop(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Balance of power, (close - open) / (high - low), from bar 0; 0 where the bar has no range."""
    return on_runs(_bop, (open_, high, low, close), ())


@compiled
def _momentum(values: Floats, period: int) -> Floats:
    out = nans(len(values))
    late = values[period:]
    change = out[period:]
    for i in range(len(change)):
        change[i] = late[i] - values[i]
    return out


def momentum(values: Floats, period: int = 10) -> Floats:
    """Value less the value `period` bars before; first value at `period`."""
    return on_runs(_momentum, (values,), (whole("period", period),))


@compiled
def changes_percent(values: Floats, period: int) -> Floats:
    """`roc` on finite input."""
    out = nans(len(values))
    late = values[period:]
    change = out[period:]
    for i in range(len(change)):
        change[i] = (late[i] - values[i]) / (values[i] if values[i] != 0.0 else np.inf) * 100.0
    return out


def roc(values: Floats, period: int = 10) -> Floats:
    """Change over `period` bars in percent; first value at `period`; 0 where the earlier value is 0."""
    return on_runs(changes_percent, (values,), (whole("period", period),))
