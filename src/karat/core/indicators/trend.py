"""Trend followers with a side: supertrend and the parabolic stop. float64[n] in and out; NaN rule of `layer`."""

from __future__ import annotations

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, real, whole
from karat.core.indicators.volatility import average_range
from karat.core.indicators.windows import nans
from karat.core.model.candles import Floats


@compiled
def _supertrend(high: Floats, low: Floats, close: Floats, period: int, multiple: float) -> tuple[Floats, Floats]:
    n = len(close)
    value = average_range(high, low, close, period)
    direction = nans(n)
    side = 1.0
    upper = 0.0
    lower = 0.0
    for i in range(period, n):
        width = multiple * value[i]
        middle = (high[i] + low[i]) / 2.0
        above = middle + width
        below = middle - width
        if i == period:
            upper = above
            lower = below
        else:
            if close[i - 1] > upper or above < upper:
                upper = above
            if close[i - 1] < lower or below > lower:
                lower = below
            if close[i] < lower:
                side = -1.0
            elif close[i] > upper:
                side = 1.0
        direction[i] = side
        value[i] = lower if side > 0.0 else upper
    return value, direction


def supertrend(
    high: Floats, low: Floats, close: Floats, period: int = 10, multiple: float = 3.0
) -> tuple[Floats, Floats]:
    """Band that trails the trend, in price, and its direction, 1.0 up or -1.0 down; both from bar `period`.

    The upper band only falls until a close above it, the lower only rises until a close below it. Starts upward.
    """
    return on_runs(_supertrend, (high, low, close), (whole("period", period), real("multiple", multiple)))


@compiled
def _sar(high: Floats, low: Floats, step: float, most: float) -> Floats:
    n = len(high)
    out = nans(n)
    if n < 2:
        return out
    down = low[0] - low[1]
    up = not (down > 0.0 and down > high[1] - high[0])
    extreme = high[1] if up else low[1]
    stop = low[0] if up else high[0]
    pace = step
    for i in range(1, n):
        # Before the first step TA-Lib takes the current bar for the one before it.
        last = max(i - 1, 1)
        ceiling = max(high[last], high[i])
        floor = min(low[last], low[i])
        if up:
            turned = low[i] <= stop
        else:
            turned = high[i] >= stop
        if turned:
            up = not up
            stop = min(extreme, floor) if up else max(extreme, ceiling)
            extreme = high[i] if up else low[i]
            pace = step
            out[i] = stop
        else:
            out[i] = stop
            beyond = high[i] > extreme if up else low[i] < extreme
            if beyond:
                extreme = high[i] if up else low[i]
                pace = min(pace + step, most)
        stop += pace * (extreme - stop)
        stop = min(stop, floor) if up else max(stop, ceiling)
    return out


def sar(high: Floats, low: Floats, acceleration: float = 0.02, maximum: float = 0.2) -> Floats:
    """Wilder's parabolic stop and reverse, in price; first value at bar 1.

    The first side is down when bar 1 extends further down than up, as in TA-Lib.
    """
    step = real("acceleration", acceleration)
    return on_runs(_sar, (high, low), (step, real("maximum", maximum, step)))
