"""Indicators that go on from where they stopped: the next bars from a state, equal to the bit to the whole column.

1. `kernel(*columns, out..., state, first, stop, *parameters)` writes bars `first` to `stop - 1` of each output. The
   columns reach to `stop`; the outputs hold every bar before `first`. `state` is float64 and belongs to one column and
   one set of parameters; it is zero before bar 0. Bars are gone through in order, each from itself, those before it
   and the state, so how they are parted into calls changes nothing.
2. The arithmetic of a bar is that of the indicator's own kernel, operation by operation: seeds, groups of four of a
   recursion and blocks of a window are counted from bar 0. A law compares the two for every parting (tests).
3. A column that is not finite starts an indicator over (the NaN rule of `layer`); that is not carried here. Who carries
   looks at the bars first and computes from the anchor where one is not finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.recursions import mean_of
from karat.core.indicators.windows import SHORT_PERIOD
from karat.core.model.candles import Floats

_RECURSION = 2  # numbers a recursion keeps: its level at the last whole group, what the group has gathered since
_WINDOW = 2  # numbers a window keeps beside its tails: sums since the block began


@compiled
def _stepped(value: float, place: int, gain: float, decay: float, state: Floats) -> float:
    """One step of `recursions.recurse` for the bar at `place` after the seed, counted from 0."""
    decay2 = decay * decay
    gathered = gain * value
    if place % 4 != 0:
        gathered = decay * state[1] + gain * value
    state[1] = gathered
    if place % 4 == 0:
        return decay * state[0] + gathered
    if place % 4 == 1:
        return decay2 * state[0] + gathered
    if place % 4 == 2:
        return decay2 * decay * state[0] + gathered
    state[0] = decay2 * decay2 * state[0] + gathered
    return state[0]


@compiled
def _ema(values: Floats, out: Floats, state: Floats, first: int, stop: int, period: int) -> None:
    gain = 2.0 / (period + 1.0)
    seed = period - 1
    for i in range(first, stop):
        if i < seed:
            out[i] = math.nan
        elif i == seed:
            state[0] = mean_of(values, 0, period)
            out[i] = state[0]
        else:
            out[i] = _stepped(values[i], i - seed - 1, gain, 1.0 - gain, state)


@compiled
def _sma(values: Floats, out: Floats, state: Floats, first: int, stop: int, period: int) -> None:
    scale = 1.0 / period
    tail = state[_WINDOW:]
    for i in range(first, stop):
        if period <= SHORT_PERIOD:
            mean = 0.0
            for lag in range(1, period):
                mean += values[max(i - lag, 0)] - values[i]
            out[i] = values[i] + mean * scale if i >= period - 1 else math.nan
            continue
        block = i - i % period
        base = values[block]
        if i == block:
            state[0] = 0.0
            if block > 0:
                total = 0.0
                for k in range(period - 1, 0, -1):
                    total += values[block - period + k] - base
                    tail[k] = total
        state[0] += values[i] - base
        if block > 0:
            out[i] = base + (tail[i - block + 1] + state[0]) * scale
        else:
            out[i] = base + state[0] * scale if i == period - 1 else math.nan


@compiled
def _moments(values: Floats, state: Floats, i: int, period: int) -> tuple[float, float]:
    """Mean and population variance of the window that ends at bar i, as `windows.rolling_moments` has them."""
    tail, tail_squares = state[_WINDOW : _WINDOW + period + 1], state[_WINDOW + period + 1 :]
    block = i - i % period
    base = values[block]
    if i == block:
        state[:_WINDOW] = 0.0
        if block > 0:
            total, squares = 0.0, 0.0
            for k in range(period - 1, 0, -1):
                apart = values[block - period + k] - base
                total += apart
                squares += apart * apart
                tail[k] = total
                tail_squares[k] = squares
    apart = values[i] - base
    state[0] += apart
    state[1] += apart * apart
    if i < period - 1:
        return math.nan, math.nan
    k = i - block + 1
    level = (tail[k] + state[0]) * (1.0 / period)
    spread = (tail_squares[k] + state[1]) - period * (level * level)
    return base + level, spread * (1.0 / period) if spread > 0.0 else 0.0


@compiled
def _standard_deviation(values: Floats, out: Floats, state: Floats, first: int, stop: int, period: int) -> None:
    for i in range(first, stop):
        _, variance = _moments(values, state, i, period)
        out[i] = math.sqrt(variance)


@compiled
def _bollinger(
    values: Floats, upper: Floats, middle: Floats, lower: Floats, state: Floats, first: int, stop: int, period: int,
    deviations: float,
) -> None:  # fmt: skip
    for i in range(first, stop):
        mean, variance = _moments(values, state, i, period)
        width = deviations * math.sqrt(variance)
        upper[i] = mean + width
        middle[i] = mean
        lower[i] = mean - width


@compiled
def _rises(values: Floats, sign: float, period: int) -> float:
    """Mean of the first `period` changes in the direction of `sign`, the seed of Wilder's average of them."""
    moves = np.zeros(period + 1)
    for i in range(1, period + 1):
        moves[i] = max((values[i] - values[i - 1]) * sign, 0.0)
    return mean_of(moves, 1, period + 1)


@compiled
def _rsi(values: Floats, out: Floats, state: Floats, first: int, stop: int, period: int) -> None:
    gain = 1.0 / period
    rising, falling = state[:_RECURSION], state[_RECURSION:]
    for i in range(first, stop):
        if i < period:
            out[i] = math.nan
            continue
        if i == period:
            rising[0] = _rises(values, 1.0, period)
            falling[0] = _rises(values, -1.0, period)
            rise, fall = rising[0], falling[0]
        else:
            change = values[i] - values[i - 1]
            place = i - period - 1
            rise = _stepped(change if change > 0.0 else 0.0, place, gain, 1.0 - gain, rising)
            fall = _stepped(-change if change < 0.0 else 0.0, place, gain, 1.0 - gain, falling)
        both = rise + fall
        out[i] = 100.0 * rise / (both if both > 0.0 else math.inf)
        if i > period and values[i] == values[i - 1]:
            out[i] = out[i - 1]


@compiled
def _macd(
    values: Floats, line: Floats, signals: Floats, histogram: Floats, state: Floats, first: int, stop: int, fast: int,
    slow: int, signal: int,
) -> None:  # fmt: skip
    """`state` holds the three averages, then the first `signal` values of the line, from which its own is seeded."""
    quick, slower, smoothed = state[0:2], state[2:4], state[4:6]
    early = state[6:]
    seed, defined = slow - 1, slow + signal - 2
    quick_gain, slower_gain, smoothed_gain = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    for i in range(first, stop):
        line[i] = signals[i] = histogram[i] = math.nan
        if i < seed:
            continue
        if i == seed:
            quick[0] = mean_of(values, slow - fast, slow)
            slower[0] = mean_of(values, 0, slow)
            apart = quick[0] - slower[0]
        else:
            short = _stepped(values[i], i - seed - 1, quick_gain, 1.0 - quick_gain, quick)
            apart = short - _stepped(values[i], i - seed - 1, slower_gain, 1.0 - slower_gain, slower)
        if i < seed + signal:
            early[i - seed] = apart
        if i == defined:
            smoothed[0] = mean_of(early, 0, signal)
            signals[i] = smoothed[0]
        elif i > defined:
            signals[i] = _stepped(apart, i - defined - 1, smoothed_gain, 1.0 - smoothed_gain, smoothed)
        if i >= defined:
            line[i] = apart
            histogram[i] = apart - signals[i]


@compiled
def _true_range(high: Floats, low: Floats, close: Floats, i: int) -> float:
    top = high[i] if high[i] > close[i - 1] else close[i - 1]
    bottom = low[i] if low[i] < close[i - 1] else close[i - 1]
    return top - bottom


@compiled
def _atr(
    high: Floats, low: Floats, close: Floats, out: Floats, state: Floats, first: int, stop: int, period: int
) -> None:
    gain = 1.0 / period
    for i in range(first, stop):
        if i < period:
            out[i] = math.nan
        elif i == period:
            ranges = np.zeros(period + 1)
            for k in range(1, period + 1):
                ranges[k] = _true_range(high, low, close, k)
            state[0] = mean_of(ranges, 1, period + 1)
            out[i] = state[0]
        else:
            out[i] = _stepped(_true_range(high, low, close, i), i - period - 1, gain, 1.0 - gain, state)


@compiled
def _extremes(high: Floats, low: Floats, begin: int, end: int) -> tuple[float, float]:
    """Highest high and lowest low of bars `begin` to `end - 1`."""
    top, bottom = high[begin], low[begin]
    for i in range(begin + 1, end):
        top = max(top, high[i])
        bottom = min(bottom, low[i])
    return top, bottom


@compiled
def _donchian(
    high: Floats, low: Floats, upper: Floats, middle: Floats, lower: Floats, state: Floats, first: int, stop: int,
    period: int,
) -> None:  # fmt: skip
    for i in range(first, stop):
        top, bottom = math.nan, math.nan
        if i >= period - 1:
            top, bottom = _extremes(high, low, i + 1 - period, i + 1)
        upper[i] = top
        middle[i] = (top + bottom) / 2.0
        lower[i] = bottom


@compiled
def _donchian_previous(
    high: Floats, low: Floats, upper: Floats, lower: Floats, state: Floats, first: int, stop: int, period: int
) -> None:
    for i in range(first, stop):
        top, bottom = math.nan, math.nan
        if i >= period:
            top, bottom = _extremes(high, low, i - period, i)
        upper[i] = top
        lower[i] = bottom


@dataclass(frozen=True, slots=True)
class Carrying:
    """How an indicator goes on: its kernel, and how many numbers its state has for its arguments."""

    kernel: Callable[..., None]
    state_size: Callable[..., int]


def _recursion(*_: int) -> int:
    return _RECURSION


def _recursions(*_: int) -> int:
    return 2 * _RECURSION


def _averages(_fast: int, _slow: int, signal: int) -> int:
    return 3 * _RECURSION + signal


def _tails(period: int, *_: float) -> int:
    return _WINDOW + 2 * (period + 1)


CARRYING: MappingProxyType[str, Carrying] = MappingProxyType(
    {
        "ema": Carrying(_ema, _recursion),
        "sma": Carrying(_sma, _tails),
        "standard_deviation": Carrying(_standard_deviation, _tails),
        "bollinger": Carrying(_bollinger, _tails),
        "rsi": Carrying(_rsi, _recursions),
        "macd": Carrying(_macd, _averages),
        "atr": Carrying(_atr, _recursion),
        "donchian": Carrying(_donchian, _recursion),
        "donchian_previous": Carrying(_donchian_previous, _recursion),
    }
)
"""Indicators that can be carried, by name. The others are computed from the anchor."""
