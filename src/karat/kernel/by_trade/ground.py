"""What is read from trade to trade: blocks of bars, where signals leave, and the track that puts it together."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.bare import bare
from karat.core.compiled import borrowing, compiled, inlined
from karat.core.model.candles import Floats, Ints
from karat.kernel.deciding import ENTRY_BITS, EXIT_LONG, EXIT_SHORT, LONG, SHORT
from karat.kernel.records import Bars
from karat.kernel.signals import read_only
from karat.kernel.views import Closing, Opening

BLOCK, LARGE_BLOCK = 8, 64  # bars; `bar & 7` and `bar >> 3` below are of these


class Ground(NamedTuple):
    """A market's bars in blocks of 8 and of 64, four numbers a block: low, high, lowest close, highest close."""

    blocks: Floats
    large_blocks: Floats
    close_lows: Floats  # row k: the lowest close of 2^k blocks of 8 from each one on, a row after the other
    close_highs: Floats
    powers: Ints  # per number of blocks: the largest k with 2^k at most that
    next_day: Ints  # per bar: first later bar on another day of marks; n when none


class Events(NamedTuple):
    """Per bar the first one, it or later, whose signals ask to enter, or close a long or a short; n when none."""

    enter: NDArray[np.int32]
    leave_long: NDArray[np.int32]
    leave_short: NDArray[np.int32]


class Track(NamedTuple):
    """Every column that is read from trade to trade, as `bare` gives it, and the number of bars."""

    bars: int
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    quantity_volume: Any
    atr: Any
    atr_filled: Any
    volatility: Any
    day: Any  # of marks
    next_day: Any
    blocks: Any
    large_blocks: Any
    rows: int  # length of a row of close_lows
    close_lows: Any
    close_highs: Any
    powers: Any
    code: Any
    confidence: Any
    enter: Any
    leave_long: Any
    leave_short: Any


@inlined
def track_of(bars: Any, ground: Any, code: Any, confidence: Any, events: Any) -> Any:
    """The columns without their counts. Written out, so that it compiles to loads."""
    return Track(
        len(bars.close), bare(bars.open), bare(bars.high), bare(bars.low), bare(bars.close), bare(bars.volume),
        bare(bars.quantity_volume), bare(bars.atr), bare(bars.atr_filled), bare(bars.volatility), bare(bars.mark_day),
        bare(ground.next_day), bare(ground.blocks), bare(ground.large_blocks), len(ground.blocks) // 4,
        bare(ground.close_lows), bare(ground.close_highs), bare(ground.powers), bare(code), bare(confidence),
        bare(events.enter), bare(events.leave_long), bare(events.leave_short),
    )  # fmt: skip


@inlined
def opening(track: Any, bar: int) -> Any:
    """What a fill reads at `bar`."""
    last = max(bar - 1, 0)
    return Opening(
        bar, 0, track.open[bar], track.high[bar], track.low[bar], 0.0, 0, track.close[last], track.atr_filled[last],
        track.quantity_volume[last],
    )  # fmt: skip


@inlined
def closing(rules: Any, track: Any, bar: int) -> Any:
    """What a decision reads at `bar`: nothing of the strategy's own, no regime, no limits."""
    nan = math.nan
    return Closing(
        bar, track.close[bar], track.volume[bar], nan, track.atr[bar], track.volatility[bar], nan, 0,
        int(track.code[bar]), track.confidence[bar], nan, nan, 1.0, rules.leverage, nan, rules.min_confidence, 0,
    )  # fmt: skip


@compiled
def _block_columns(low: Floats, high: Floats, close: Floats, size: int) -> Floats:
    count = (len(close) + size - 1) // size
    out = np.empty((count, 4))
    for block in range(count):
        first = block * size
        out[block, 0], out[block, 1], out[block, 2], out[block, 3] = low[first], high[first], close[first], close[first]
        for bar in range(first + 1, min(first + size, len(close))):
            out[block, 0] = min(out[block, 0], low[bar])
            out[block, 1] = max(out[block, 1], high[bar])
            out[block, 2] = min(out[block, 2], close[bar])
            out[block, 3] = max(out[block, 3], close[bar])
    return out.ravel()


@compiled
def _close_ranges(blocks: Floats) -> tuple[Floats, Floats, Ints]:
    count = len(blocks) // 4
    powers = np.zeros(count + 1, np.int64)
    for number in range(2, count + 1):
        powers[number] = powers[number // 2] + 1
    rows = powers[count] + 1
    lows, highs = np.empty((rows, count)), np.empty((rows, count))
    for block in range(count):
        lows[0, block], highs[0, block] = blocks[4 * block + 2], blocks[4 * block + 3]
    for row in range(1, rows):
        half = 1 << (row - 1)
        for block in range(count):
            other = min(block + half, count - 1)
            lows[row, block] = min(lows[row - 1, block], lows[row - 1, other])
            highs[row, block] = max(highs[row - 1, block], highs[row - 1, other])
    return lows.ravel(), highs.ravel(), powers


@compiled
def _next_days(mark_day: Ints) -> Ints:
    out = np.empty(len(mark_day), np.int64)
    following = len(mark_day)
    for bar in range(len(mark_day) - 1, -1, -1):
        if bar + 1 < len(mark_day) and mark_day[bar + 1] != mark_day[bar]:
            following = bar + 1
        out[bar] = following
    return out


def ground_of(bars: Bars) -> Ground:
    """The blocks of a market of at least one bar."""
    blocks = _block_columns(bars.low, bars.high, bars.close, BLOCK)
    large = _block_columns(bars.low, bars.high, bars.close, LARGE_BLOCK)
    return read_only(Ground(blocks, large, *_close_ranges(blocks), _next_days(bars.mark_day)))


@borrowing
def find_events(code: Any, events: Any) -> None:
    """Fill `events` from packed signals."""
    bars = len(code)
    following, long, short = bare(events.enter), bare(events.leave_long), bare(events.leave_short)
    enter, leave_long, leave_short = bars, bars, bars
    for bar in range(bars - 1, -1, -1):
        bits = int(code[bar])
        enter = bar if bits & ENTRY_BITS != 0 else enter
        leave_long = bar if bits & (EXIT_LONG | SHORT) != 0 else leave_long
        leave_short = bar if bits & (EXIT_SHORT | LONG) != 0 else leave_short
        following[bar], long[bar], short[bar] = enter, leave_long, leave_short


def room_for_events(bars: int) -> Events:
    """Events not found yet."""
    return Events(np.empty(bars, np.int32), np.empty(bars, np.int32), np.empty(bars, np.int32))


def events_of(code: NDArray[np.uint8]) -> Events:
    """The events of packed signals."""
    events = room_for_events(len(code))
    find_events(code, events)
    return events
