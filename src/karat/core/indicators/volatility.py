"""Ranges and volatility. All per bar; `yearly` scales to a year.

Logarithmic measures need positive prices: a bar without them is treated like a NaN (see `layer`).
Sources: Wilder (1978) for ATR; Parkinson (1980); Garman and Klass (1980); Rogers and Satchell (1991).
"""

from __future__ import annotations

import math

import numpy as np

from karat.core.compiled import compiled
from karat.core.errors import InputError
from karat.core.indicators.layer import on_runs, ordered, whole
from karat.core.indicators.recursions import wilder_from
from karat.core.indicators.windows import nans, rolling_mean, rolling_moments
from karat.core.model.candles import Floats
from karat.core.time import DAY_MS, YEAR_DAYS


@compiled
def true_ranges(high: Floats, low: Floats, close: Floats) -> Floats:
    """True range on finite input; NaN at the first bar, which has no close before it."""
    n = len(high)
    out = nans(n)
    if n < 2:
        return out
    high_now = high[1:]
    low_now = low[1:]
    wide = out[1:]
    for i in range(len(wide)):
        before = close[i]
        top = high_now[i] if high_now[i] > before else before
        bottom = low_now[i] if low_now[i] < before else before
        wide[i] = top - bottom
    return out


def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """Range of the bar and the close before it, in price; first value at bar 1."""
    return on_runs(true_ranges, (high, low, close), ())


@compiled
def average_range(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """`atr` on finite input."""
    return wilder_from(true_ranges(high, low, close), period, 1)


def atr(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Average true range in price: Wilder's average seeded with the mean of true ranges 1..period; from bar period."""
    return on_runs(average_range, (high, low, close), (whole("period", period),))


@compiled
def _natr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    out = average_range(high, low, close, period)
    for i in range(len(out)):
        out[i] = 100.0 * out[i] / (close[i] if close[i] != 0.0 else np.nan)
    return out


def natr(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Average true range in percent of the close; NaN where the close is 0."""
    return on_runs(_natr, (high, low, close), (whole("period", period),))


@compiled
def _atr_ratio(high: Floats, low: Floats, close: Floats, fast: int, slow: int) -> Floats:
    ranges = true_ranges(high, low, close)
    out = wilder_from(ranges, fast, 1)
    long = wilder_from(ranges, slow, 1)
    for i in range(len(out)):
        out[i] = out[i] / (long[i] if long[i] > 0.0 else np.nan)
    return out


def atr_ratio(high: Floats, low: Floats, close: Floats, fast_period: int = 7, slow_period: int = 14) -> Floats:
    """Fast over slow average true range, above 1 when ranges widen; NaN where the slow one is 0."""
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_atr_ratio, (high, low, close), (fast, slow))


@compiled
def log_returns(close: Floats) -> Floats:
    """`log_return` on positive input."""
    out = nans(len(close))
    for i in range(1, len(close)):
        out[i] = math.log(close[i] / close[i - 1])
    return out


def log_return(close: Floats) -> Floats:
    """Natural logarithm of close over the close before; first value at bar 1."""
    return on_runs(log_returns, (close,), (), positive=True)


@compiled
def _realised_volatility(close: Floats, period: int) -> Floats:
    n = len(close)
    out = nans(n)
    if n <= period:
        return out
    _, variance = rolling_moments(log_returns(close)[1:], period, 1)
    late = out[1:]
    for i in range(len(late)):
        late[i] = math.sqrt(variance[i])
    return out


def realised_volatility(close: Floats, period: int = 20) -> Floats:
    """Sample deviation (divisor period - 1) of `period` log returns, per bar; first value at bar `period`."""
    return on_runs(_realised_volatility, (close,), (whole("period", period, 2),), positive=True)


@compiled
def _root_of_mean(terms: Floats, period: int) -> Floats:
    """Square root of the window's mean; NaN where that is negative, which only impossible candles bring about."""
    out = rolling_mean(terms, period)
    for i in range(len(out)):
        out[i] = math.sqrt(out[i] if out[i] >= 0.0 else np.nan)
    return out


@compiled
def _garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    weight = 2.0 * math.log(2.0) - 1.0
    terms = np.empty(len(open_))
    for i in range(len(terms)):
        span = math.log(high[i] / low[i])
        body = math.log(close[i] / open_[i])
        terms[i] = 0.5 * span * span - weight * body * body
    return _root_of_mean(terms, period)


def garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats, period: int = 20) -> Floats:
    """sqrt(mean(0.5 ln(high/low)^2 - (2 ln 2 - 1) ln(close/open)^2)) per bar; first value at period - 1."""
    return on_runs(_garman_klass, (open_, high, low, close), (whole("period", period),), positive=True)


@compiled
def _parkinson(high: Floats, low: Floats, period: int) -> Floats:
    scale = 0.25 / math.log(2.0)
    terms = np.empty(len(high))
    for i in range(len(terms)):
        span = math.log(high[i] / low[i])
        terms[i] = scale * span * span
    return _root_of_mean(terms, period)


def parkinson(high: Floats, low: Floats, period: int = 20) -> Floats:
    """sqrt(mean(ln(high/low)^2) / (4 ln 2)) per bar; first value at period - 1."""
    return on_runs(_parkinson, (high, low), (whole("period", period),), positive=True)


@compiled
def _rogers_satchell(open_: Floats, high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    terms = np.empty(len(open_))
    for i in range(len(terms)):
        body = math.log(close[i] / open_[i])
        up = math.log(high[i] / open_[i])
        down = math.log(low[i] / open_[i])
        terms[i] = up * (up - body) + down * (down - body)
    return _root_of_mean(terms, period)


def rogers_satchell(open_: Floats, high: Floats, low: Floats, close: Floats, period: int = 20) -> Floats:
    """sqrt(mean(ln(h/c) ln(h/o) + ln(l/c) ln(l/o))) per bar, free of drift; first value at period - 1."""
    return on_runs(_rogers_satchell, (open_, high, low, close), (whole("period", period),), positive=True)


def bars_per_year(timeframe_ms: int) -> float:
    """Bars of this length in 365 days. Raises InputError when the length is not positive."""
    if timeframe_ms <= 0:
        raise InputError("bad_timeframe", f"A timeframe of {timeframe_ms} ms is not possible.", "Use more than 0.")
    return YEAR_DAYS * DAY_MS / timeframe_ms


def yearly(volatility: Floats, timeframe_ms: int) -> Floats:
    """A per-bar volatility as one per year of 365 days: times the square root of the bars in a year."""
    return volatility * math.sqrt(bars_per_year(timeframe_ms))
