"""Comparisons that strategies make of columns: bool[n] out, false wherever anything they need is NaN.

Each is one compiled pass that releases the interpreter lock. The right side is a column of the same length or a number.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.errors import InputError
from karat.core.indicators.layer import column, whole
from karat.core.indicators.windows import rolling_sum, window_high, window_low
from karat.core.model.candles import Bools, Floats


@compiled
def _above(left: Floats, right: Floats) -> Bools:
    out = np.empty(len(left), dtype=np.bool_)
    for i in range(len(left)):
        out[i] = left[i] > right[i]
    return out


@compiled
def _above_level(left: Floats, level: float) -> Bools:
    out = np.empty(len(left), dtype=np.bool_)
    for i in range(len(left)):
        out[i] = left[i] > level
    return out


@compiled
def _below_level(left: Floats, level: float) -> Bools:
    out = np.empty(len(left), dtype=np.bool_)
    for i in range(len(left)):
        out[i] = left[i] < level
    return out


@compiled
def _crossed_above(left: Floats, right: Floats) -> Bools:
    out = np.zeros(len(left), dtype=np.bool_)
    left_now = left[1:]
    right_now = right[1:]
    crossed = out[1:]
    for i in range(len(crossed)):
        crossed[i] = (left_now[i] > right_now[i]) & (left[i] <= right[i])
    return out


@compiled
def _crossed_above_level(left: Floats, level: float) -> Bools:
    out = np.zeros(len(left), dtype=np.bool_)
    left_now = left[1:]
    crossed = out[1:]
    for i in range(len(crossed)):
        crossed[i] = (left_now[i] > level) & (left[i] <= level)
    return out


@compiled
def _crossed_below_level(left: Floats, level: float) -> Bools:
    out = np.zeros(len(left), dtype=np.bool_)
    left_now = left[1:]
    crossed = out[1:]
    for i in range(len(crossed)):
        crossed[i] = (left_now[i] < level) & (left[i] >= level)
    return out


def _pair(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    first, second = column(left), column(right)
    if len(first) != len(second):
        raise InputError(
            "bad_input", f"Cannot compare {len(first)} bars with {len(second)}.", "Use one market's columns."
        )
    return first, second


def above(left: Floats, right: Floats | float) -> Bools:
    """left > right, bar by bar."""
    if isinstance(right, np.ndarray):
        return _above(*_pair(left, right))
    return _above_level(column(left), float(right))


def below(left: Floats, right: Floats | float) -> Bools:
    """left < right, bar by bar."""
    if isinstance(right, np.ndarray):
        return _above(*_pair(right, left))
    return _below_level(column(left), float(right))


def crossed_above(left: Floats, right: Floats | float) -> Bools:
    """left > right now and left <= right on the bar before; false at the first bar."""
    if isinstance(right, np.ndarray):
        return _crossed_above(*_pair(left, right))
    return _crossed_above_level(column(left), float(right))


def crossed_below(left: Floats, right: Floats | float) -> Bools:
    """left < right now and left >= right on the bar before; false at the first bar."""
    if isinstance(right, np.ndarray):
        return _crossed_above(*_pair(right, left))
    return _crossed_below_level(column(left), float(right))


@compiled
def _market_alive(high: Floats, low: Floats, volume: Floats, period: int) -> Bools:
    top = window_high(high, period)
    bottom = window_low(low, period)
    traded = rolling_sum(volume, period)
    out = np.empty(len(top), dtype=np.bool_)
    for i in range(len(top)):
        out[i] = (top[i] > bottom[i]) & (traded[i] > 0.0)
    return out


def market_alive(high: Floats, low: Floats, volume: Floats, period: int) -> Bools:
    """Whether the window has both range and volume; false before period - 1.

    Where it has not, indicators stand at values that inform about nothing and no signal may follow: `and` this to a
    signal. Inputs are candles, without NaN (rule 6).
    """
    return _market_alive(column(high), column(low), column(volume), whole("period", period))
