"""Spans of bars with what is held in them, and the marks they make: peak, drawdown and daily returns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from karat.core.bare import bare
from karat.core.compiled import inlined
from karat.core.model.candles import Floats, Ints
from karat.kernel.by_trade.ground import BLOCK
from karat.kernel.marks import mark, new_day, open_equity
from karat.kernel.records import NO_DAY, Marks


class Sheet(NamedTuple):
    """Spans: bars `begin` to `end - 1` close with equity `base + units * (close - average)`."""

    begin: Ints
    end: Ints
    base: Floats
    units: Floats
    average: Floats


def sheet_of(bars: int) -> Sheet:
    """Room for the spans of a run: each has a bar of its own, but those after an exit at an open."""
    room = 2 * bars + 8
    return Sheet(np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room), np.empty(room), np.empty(room))


@inlined
def bare_sheet(sheet: Any) -> Any:
    """The columns without their counts."""
    return Sheet(bare(sheet.begin), bare(sheet.end), bare(sheet.base), bare(sheet.units), bare(sheet.average))


@inlined
def write_span(sheet: Any, spans: int, begin: int, end: int, base: float, units: float, average: float) -> int:
    """Write a span unless it is empty; returns the number written."""
    sheet.begin[spans] = begin
    sheet.end[spans] = end
    sheet.base[spans] = base
    sheet.units[spans] = units
    sheet.average[spans] = average
    return spans + 1 if end > begin else spans


@inlined
def with_drawdown(marks: Any, equity: float, peak: float, floor: float, deepest: float) -> Any:
    """The marks with another equity, peak and drawdown."""
    return Marks(
        equity, peak, floor, deepest, marks.day, marks.day_reference, marks.days, marks.sum_returns, marks.sum_squares
    )


@inlined
def mark_days(
    track: Any, daily: Any, marks: Any, base: float, units: float, average: float, begin: int, end: int
) -> Any:
    """Close the days that end in bars `begin` to `end - 1`, and set the equity of the last of them."""
    if track.day[begin] != marks.day:
        marks = new_day(marks, track.day[begin], daily)
    turn = track.next_day[begin]
    while turn < end:
        equity = open_equity(False, base, units, average, track.close[turn - 1])
        marks = with_drawdown(marks, equity, marks.peak, marks.floor, marks.max_drawdown)
        marks = new_day(marks, track.day[turn], daily)
        turn = track.next_day[turn]
    equity = open_equity(False, base, units, average, track.close[end - 1])
    return with_drawdown(marks, equity, marks.peak, marks.floor, marks.max_drawdown)


@inlined
def close_range(track: Any, begin: int, end: int) -> Any:
    """(lowest, highest) close of bars `begin` to `end - 1`, part of a block."""
    low = high = track.close[begin]
    for bar in range(begin + 1, end):
        low, high = min(low, track.close[bar]), max(high, track.close[bar])
    return low, high


@inlined
def outer_range(track: Any, begin: int, end: int) -> Any:
    """(lowest, highest) close of the blocks that hold bars `begin` to `end - 1`."""
    first, last = begin >> 3, (end - 1) >> 3
    power = track.powers[last - first + 1]
    left, right = power * track.rows + first, power * track.rows + last + 1 - (1 << power)
    low = min(track.close_lows[left], track.close_lows[right])
    return low, max(track.close_highs[left], track.close_highs[right])


@inlined
def deepen(track: Any, marks: Any, base: float, units: float, average: float, begin: int, end: int) -> Any:
    """Peak and drawdown after closes `begin` to `end - 1`; the rest of the marks as it was.

    Block by block: without a new peak only the lowest equity counts, and a drawdown is divided out once, at the end;
    a new peak that no close of its block can fall deep enough below needs no bar either.
    """
    peak, floor, deepest = marks.peak, marks.floor, marks.max_drawdown
    deeper = False
    bar = begin
    while bar < end:
        if bar & 7 == 0 and bar + BLOCK <= end:
            last = bar + BLOCK
            at = 4 * (bar >> 3)
            low, high = track.blocks[at + 2], track.blocks[at + 3]
        else:
            last = min(end, (bar | 7) + 1)
            low, high = close_range(track, bar, last)
        best, worst = (high, low) if units > 0.0 else (low, high)
        top = open_equity(False, base, units, average, best)
        bottom = open_equity(False, base, units, average, worst)
        if top > peak:
            if deeper:
                deepest = 1.0 - floor / peak
                deeper = False
            if bottom >= top * (1.0 - deepest):
                peak = top
                floor = peak * (1.0 - deepest)
            else:
                for within in range(bar, last):
                    equity = open_equity(False, base, units, average, track.close[within])
                    if equity > peak:
                        peak = equity
                        floor = peak * (1.0 - deepest)
                    elif equity < floor:
                        deepest = 1.0 - equity / peak
                        floor = equity
        elif bottom < floor:
            floor = bottom
            deeper = True
        bar = last
    if deeper:
        deepest = 1.0 - floor / peak
    return with_drawdown(marks, marks.equity, peak, floor, deepest)


@inlined
def mark_span(
    track: Any, daily: Any, marks: Any, base: float, units: float, average: float, begin: int, end: int
) -> Any:
    """The marks of closes `begin` to `end - 1`."""
    if end - begin == 1:
        if track.day[begin] != marks.day:
            marks = new_day(marks, track.day[begin], daily)
        return mark(marks, open_equity(False, base, units, average, track.close[begin]))
    low, high = outer_range(track, begin, end)
    best, worst = (high, low) if units > 0.0 else (low, high)
    higher = open_equity(False, base, units, average, best) > marks.peak
    if higher or open_equity(False, base, units, average, worst) < marks.floor:
        marks = deepen(track, marks, base, units, average, begin, end)
    return mark_days(track, daily, marks, base, units, average, begin, end)


@inlined
def begun_marks(capital: float, track: Any, daily: Any) -> Any:
    """The marks before the first close."""
    nothing = 0.0
    return new_day(Marks(capital, capital, capital, nothing, NO_DAY, capital, 0, nothing, nothing), track.day[0], daily)


@inlined
def turned(track: Any, daily: Any, marks: Any) -> Any:
    """The marks with every day closed that ended before the last one."""
    last = track.day[track.bars - 1]
    return new_day(marks, last, daily) if last != marks.day else marks


@inlined
def marks_of(capital: float, track: Any, daily: Any, sheet: Any, spans: int) -> Any:
    """The marks of a whole run from its spans; `daily` is a column as in `marks.new_day`."""
    marks = begun_marks(capital, track, daily)
    for span in range(spans):
        marks = mark_span(
            track,
            daily,
            marks,
            sheet.base[span],
            sheet.units[span],
            sheet.average[span],
            sheet.begin[span],
            sheet.end[span],
        )
    return turned(track, daily, marks)
