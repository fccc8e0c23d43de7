"""Oscillators of the whole bar: channel index, Williams, money flow, ultimate, aroon.

float64[n] in and out; NaN before the first bar that can be defined, and under the NaN rule of `layer`. A window without
range or without flow gives TA-Lib's 0, which is not information.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, whole
from karat.core.indicators.price import typical_prices
from karat.core.indicators.windows import nans, rolling_mean, rolling_sum, shifted, window_high, window_low
from karat.core.model.candles import Floats

# Lambert (1980): with this factor most values of the index lie between -100 and 100.
CHANNEL_FACTOR = 0.015
LANE_BARS = 256


@compiled
def _cci(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """The mean absolute deviation has no running form: a loop over the window, in lanes of bars."""
    price = typical_prices(high, low, close)
    n = len(price)
    out = rolling_mean(price, period)
    sums = np.empty(LANE_BARS)
    for start in range(period - 1, n, LANE_BARS):
        stop = min(start + LANE_BARS, n)
        deviation = sums[: stop - start]
        deviation[:] = 0.0
        mean = out[start:stop]
        for lag in range(period):
            past = price[start - lag : stop - lag]
            for i in range(len(deviation)):
                deviation[i] += abs(past[i] - mean[i])
        now = price[start:stop]
        for i in range(len(deviation)):
            scale = CHANNEL_FACTOR * (deviation[i] / period)
            mean[i] = (now[i] - mean[i]) / (scale if scale > 0.0 else np.inf)
    return out


def cci(high: Floats, low: Floats, close: Floats, period: int = 20) -> Floats:
    """Commodity channel index of the typical price; first value at period - 1. Costs O(n * period). Frozen: 0."""
    return on_runs(_cci, (high, low, close), (whole("period", period, 2),))


@compiled
def _williams_r(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    out = window_high(high, period)
    bottom = window_low(low, period)
    for i in range(len(out)):
        span = out[i] - bottom[i]
        out[i] = (close[i] - out[i]) / (span if span > 0.0 else np.inf) * 100.0
    return out


def williams_r(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Williams %R, -100 (at the window's low) to 0 (at its high); first value at period - 1. Frozen: 0."""
    return on_runs(_williams_r, (high, low, close), (whole("period", period),))


@compiled
def _mfi(high: Floats, low: Floats, close: Floats, volume: Floats, period: int) -> Floats:
    n = len(close)
    out = nans(n)
    if n <= period:
        return out
    price = typical_prices(high, low, close)
    inflow = np.zeros(n - 1)
    flow = np.zeros(n - 1)
    now = price[1:]
    traded = volume[1:]
    for i in range(len(now)):
        money = now[i] * traded[i]
        inflow[i] = money if now[i] > price[i] else 0.0
        flow[i] = money if now[i] != price[i] else 0.0
    inflows = rolling_sum(inflow, period)
    flows = rolling_sum(flow, period)
    late = out[1:]
    for i in range(len(late)):
        late[i] = 100.0 * inflows[i] / (flows[i] if flows[i] > 0.0 else np.inf)
    return out


def mfi(high: Floats, low: Floats, close: Floats, volume: Floats, period: int = 14) -> Floats:
    """Money flow index, 0 to 100: share of typical price * volume on rising bars; first value at `period`. No flow: 0.

    TA-Lib also gives 0 where the window's flow is below 1.0 of any currency; that depends on the unit and is not done.
    """
    return on_runs(_mfi, (high, low, close, volume), (whole("period", period),))


@compiled
def _pressure(buying: Floats, ranges: Floats, period: int) -> Floats:
    """Buying pressure over true range, both summed over the window; 0 where there is no range."""
    out = rolling_sum(buying, period)
    whole_range = rolling_sum(ranges, period)
    for i in range(len(out)):
        out[i] = out[i] / (whole_range[i] if whole_range[i] > 0.0 else np.inf)
    return out


@compiled
def _ultimate(high: Floats, low: Floats, close: Floats, short: int, middle: int, long: int) -> Floats:
    n = len(close)
    if n <= max(short, middle, long):
        return nans(n)
    buying = np.empty(n - 1)
    ranges = np.empty(n - 1)
    high_now = high[1:]
    low_now = low[1:]
    close_now = close[1:]
    for i in range(n - 1):
        bottom = low_now[i] if low_now[i] < close[i] else close[i]
        top = high_now[i] if high_now[i] > close[i] else close[i]
        buying[i] = close_now[i] - bottom
        ranges[i] = top - bottom
    out = _pressure(buying, ranges, short)
    second = _pressure(buying, ranges, middle)
    third = _pressure(buying, ranges, long)
    for i in range(n - 1):
        out[i] = 100.0 * (4.0 * out[i] + 2.0 * second[i] + third[i]) / 7.0
    return shifted(out, 1)


def ultimate_oscillator(
    high: Floats, low: Floats, close: Floats, short_period: int = 7, middle_period: int = 14, long_period: int = 28
) -> Floats:
    """Williams' ultimate oscillator, 0 to 100; first value at the longest period. Frozen: 0."""
    periods = (
        whole("short_period", short_period),
        whole("middle_period", middle_period),
        whole("long_period", long_period),
    )
    return on_runs(_ultimate, (high, low, close), periods)


@compiled
def _bars_since_high(values: Floats, window: int, sign: float) -> Floats:
    """Bars since the window's highest sign * value, the most recent one on ties; blocks as in `windows`, exact."""
    n = len(values)
    out = nans(n)
    tail = np.empty(window + 1)
    tail_place = np.zeros(window + 1, dtype=np.int64)
    for block in range(0, n, window):
        tail[window] = -np.inf
        if block > 0:
            best = -np.inf
            place = 0
            for k in range(window - 1, 0, -1):
                value = sign * values[block - window + k]
                newer = value > best
                best = value if newer else best
                place = block - window + k if newer else place
                tail[k] = best
                tail_place[k] = place
        best = -np.inf
        place = 0
        for i in range(block, min(block + window, n)):
            value = sign * values[i]
            newer = value >= best
            best = value if newer else best
            place = i if newer else place
            if block > 0 or i == window - 1:
                k = i - block + 1
                out[i] = i - (place if best >= tail[k] else tail_place[k])
    return out


@compiled
def _aroon(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    down = _bars_since_high(low, period + 1, -1.0)
    up = _bars_since_high(high, period + 1, 1.0)
    difference = nans(len(high))
    for i in range(len(high)):
        down[i] = 100.0 * (period - down[i]) / period
        up[i] = 100.0 * (period - up[i]) / period
        difference[i] = up[i] - down[i]
    return down, up, difference


def aroon(high: Floats, low: Floats, period: int = 25) -> tuple[Floats, Floats, Floats]:
    """Aroon down, up and oscillator over period + 1 bars: 100 when the extreme is the current bar, 0 when the oldest.

    With ties the most recent bar counts. First value at `period`.
    """
    return on_runs(_aroon, (high, low), (whole("period", period),))
