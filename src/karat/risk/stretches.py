"""Many bars at once for the circuit breakers: how far they only let time go by.

`calm_until` says of a row of bars which is the first that `breakers.after` must be told of, because it would latch,
release or count something; to be told of all bars before it comes to no more than `passed`. A test holds both equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from karat.risk.breakers import Breaker, BreakerState
from karat.risk.case import LARGEST
from karat.risk.limits import Limits

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BarsClosed:
    """Bars `first` and following, a cell each: when they closed (UTC ms), the bot's equity then and when the day began
    (its currency; what is no number counts as unknown), whether the data was whole, and of the signals to enter the
    confidence. `asked`: where there was such a signal."""

    first: int
    now_ms: NDArray[np.int64]
    equity: Floats
    equity_day_start: Floats
    data_intact: Bools
    asked: Bools
    confidence: Floats


def calm_until(state: BreakerState, bars: BarsClosed, limits: Limits) -> int:
    """The number of the first of `bars` that changes more than the clock of `state`; where none does, that after the
    last."""
    numbers = bars.first + np.arange(len(bars.now_ms))
    stirs = _counts(state, bars, limits)
    latched = {one.breaker for one in state.latches}
    if Breaker.DATA not in latched:
        stirs |= ~bars.data_intact
    if Breaker.DAILY_DRAWDOWN not in latched:
        stirs |= _loses(bars, limits.value("breakers.daily_drawdown"))
    for one in state.latches:
        if one.until_ms is not None:
            stirs |= bars.now_ms >= one.until_ms
        else:
            stirs |= bars.data_intact if one.until_bar is None else numbers >= one.until_bar
    found = int(stirs.argmax()) if len(stirs) else 0
    return bars.first + (found if len(stirs) and stirs[found] else len(stirs))


def passed(state: BreakerState, bar: int, now_ms: int) -> BreakerState:
    """The state after calm bars, of which `bar` was the last."""
    return replace(state, bar=bar, now_ms=now_ms)


def _counts(state: BreakerState, bars: BarsClosed, limits: Limits) -> Bools:
    """Where a low confidence is counted, or one that is not low begins the count anew."""
    low = ~((limits.value("breakers.confidence") <= bars.confidence) & (bars.confidence <= 1.0))
    return bars.asked & (low | (state.low_confidences > 0))


def _loses(bars: BarsClosed, limit: float) -> Bools:
    """Where the day has lost more than it may, or nobody can tell."""
    now, start = bars.equity, bars.equity_day_start
    known = (np.abs(now) <= LARGEST) & (np.abs(start) <= LARGEST) & (start > 0.0)
    lost = (start - now) / np.where(known, start, 1.0)
    return ~known | (lost > limit)
