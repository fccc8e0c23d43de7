"""Policies that differ only in their levels, entry by entry: what an entry means is looked up once for all of them.

1. For each entry, in order of time, each policy that is free takes it: size, fill and result, with what it means read
   from the table (`outcomes.py`). Nothing here is guessed by the processor: no search, no bar in between.
2. Then each policy marks the span of its trade (`marking.py`), with all its numbers at hand.

The state of a policy between two entries is a column of numbers, so a tile of policies fits a processor's cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from karat.core.bare import bare
from karat.core.calc.money import notional, result
from karat.core.calc.rounding import above
from karat.core.compiled import borrowing, inlined
from karat.core.model.candles import Floats, Ints
from karat.kernel.by_trade.ground import closing, track_of
from karat.kernel.by_trade.marking import begun_marks, mark_span, turned
from karat.kernel.by_trade.outcomes import Outcomes
from karat.kernel.columns import rules_of
from karat.kernel.entering import affordable_lots, flat_holding
from karat.kernel.entries import size_entry
from karat.kernel.marks import open_equity, settled
from karat.kernel.records import Marks, Money
from karat.kernel.sweep import figures_of_marks

TILE = 256  # policies whose state is worked on together: 45 KB


class Tile(NamedTuple):
    """The state of some policies: a number for each."""

    free: Ints  # the first bar whose close may decide
    leave: Ints  # the bar whose signals make its position leave, -1 when it does not leave by them
    side: Ints
    base: Floats  # equity of the position: `base + units * (close - average)`
    units: Floats
    average: Floats
    realised: Floats
    fees: Floats
    closed: Ints
    begin: Ints  # the span of the trade of this entry, empty without one
    end: Ints
    flat: Ints  # the bar at which it was flat again, to be marked unless a new entry is filled there; n: marked
    flat_equity: Floats
    equity: Floats  # from here on: Marks
    peak: Floats
    floor: Floats
    max_drawdown: Floats
    day: Ints
    day_reference: Floats
    days: Ints
    sum_returns: Floats
    sum_squares: Floats


_WHOLE = {"free", "leave", "side", "closed", "begin", "end", "flat", "day", "days"}


def tile_room() -> Tile:
    """Room for the state of a tile; a thread needs one of its own."""
    columns: list[Any] = [np.zeros(TILE, np.int64 if name in _WHOLE else np.float64) for name in Tile._fields]
    return Tile(*columns)


@inlined
def bare_tile(tile: Any) -> Any:
    """The columns without their counts. Written out, so that it compiles to loads."""
    return Tile(
        bare(tile.free), bare(tile.leave), bare(tile.side), bare(tile.base), bare(tile.units), bare(tile.average),
        bare(tile.realised), bare(tile.fees), bare(tile.closed), bare(tile.begin), bare(tile.end), bare(tile.flat),
        bare(tile.flat_equity), bare(tile.equity),
        bare(tile.peak), bare(tile.floor), bare(tile.max_drawdown), bare(tile.day), bare(tile.day_reference),
        bare(tile.days), bare(tile.sum_returns), bare(tile.sum_squares),
    )  # fmt: skip


@inlined
def bare_outcomes(outcomes: Any) -> Any:
    """The same for a table of outcomes."""
    return Outcomes(
        bare(outcomes.bar), bare(outcomes.side), bare(outcomes.fill), bare(outcomes.leave),
        bare(outcomes.leave_fill), bare(outcomes.stop_bar), bare(outcomes.stop_fill), bare(outcomes.take_bar),
        bare(outcomes.take_price), bare(outcomes.take_gaps),
    )  # fmt: skip


@inlined
def marks_at(tile: Any, k: int) -> Any:
    return Marks(
        tile.equity[k], tile.peak[k], tile.floor[k], tile.max_drawdown[k], tile.day[k], tile.day_reference[k],
        tile.days[k], tile.sum_returns[k], tile.sum_squares[k],
    )  # fmt: skip


@inlined
def keep_marks(tile: Any, k: int, marks: Any) -> None:
    tile.equity[k], tile.peak[k], tile.floor[k], tile.max_drawdown[k] = (
        marks.equity, marks.peak, marks.floor, marks.max_drawdown,
    )  # fmt: skip
    tile.day[k], tile.day_reference[k], tile.days[k] = marks.day, marks.day_reference, marks.days
    tile.sum_returns[k], tile.sum_squares[k] = marks.sum_returns, marks.sum_squares


@inlined
def reset(rules: Any, track: Any, daily: Any, tile: Any, k: int) -> None:
    """A policy before its first bar."""
    nothing = 0.0
    tile.free[k], tile.leave[k], tile.side[k], tile.closed[k] = 0, -1, 0, 0
    tile.realised[k], tile.fees[k] = nothing, nothing
    tile.flat[k] = track.bars
    keep_marks(tile, k, begun_marks(rules.capital, track, daily))


@inlined
def ending_of(rules: Any, table: Any, entry: int, stop_at: int, take_at: int, bars: int) -> Any:
    """(bar of the exit, its price, its fee rate, 1 when its signals or its time made it leave); `bars`: still open."""
    stop_bar, take_bar = int(table.stop_bar[stop_at]), int(table.take_bar[take_at])
    leave, gap = table.leave[entry], table.take_gaps[take_at] != 0
    due = leave + 1
    if min(take_bar, stop_bar) <= leave:
        if take_bar < stop_bar or (take_bar == stop_bar and gap):
            return take_bar, table.take_price[take_at], rules.maker_fee, 0
        return stop_bar, table.stop_fill[stop_at], rules.taker_fee, 0
    if due >= bars:
        return bars, table.fill[entry], 0.0, 0
    if take_bar == due and gap:  # it fills before the exit order does
        return due, table.take_price[take_at], rules.maker_fee, 1
    return due, table.leave_fill[entry], rules.taker_fee, 1


@inlined
def take_entry(
    rules: Any, features: Any, view: Any, table: Any, entry: int, stop_at: int, take_at: int, bars: int, tile: Any,
    k: int,
) -> None:  # fmt: skip
    """One policy at one entry, from its decision to the end of its trade; its span is left to be marked."""
    bar, side, price = table.bar[entry], table.side[entry], table.fill[entry]
    tile.begin[k], tile.end[k] = 0, 0
    turns = tile.leave[k] == bar and tile.side[k] == -side
    if not turns and tile.free[k] > bar:
        return
    nothing = 0.0
    money = Money(tile.realised[k], tile.fees[k], nothing, nothing, 0, 0)
    flat_equity = settled(rules, money)
    held = open_equity(False, tile.base[k], tile.units[k], tile.average[k], view.close)
    equity = held if turns else flat_equity
    if not above(equity, 0.0):
        return
    lots, _stop, _take, leverage = size_entry(
        rules, features, view, side, view.confidence, flat_holding(), False, equity, equity
    )
    if lots == 0:
        return
    tile.leave[k], tile.free[k] = -1, bar + 1
    lots = affordable_lots(rules, features, money, flat_holding(), lots, price, leverage, rules.taker_fee)
    if lots == 0:
        return
    quantity = lots * rules.lot
    fees = money.fees + rules.taker_fee * notional(False, quantity, rules.contract_size, price)
    paid = Money(money.realised, fees, nothing, nothing, 0, 0)
    tile.base[k], tile.units[k], tile.average[k] = settled(rules, paid), side * quantity * rules.contract_size, price
    end, fill, rate, left = ending_of(rules, table, entry, stop_at, take_at, bars)
    tile.begin[k], tile.end[k], tile.flat_equity[k] = bar + 1, end, flat_equity
    tile.side[k], tile.free[k], tile.leave[k] = side, end, (end - 1 if left != 0 else -1)
    if end < bars:
        tile.realised[k] = money.realised + result(False, side, quantity, rules.contract_size, price, fill)
        fees += rate * notional(False, quantity, rules.contract_size, fill)
        tile.closed[k] += 1
    tile.fees[k] = fees


@inlined
def mark_trade(track: Any, daily: Any, tile: Any, k: int) -> None:
    """The marks of a policy up to the end of the trade of this entry."""
    begin, end, flat = tile.begin[k], tile.end[k], tile.flat[k]
    if begin == 0:
        return
    marks = marks_at(tile, k)
    if flat < begin:
        marks = mark_span(track, daily, marks, tile.flat_equity[k], 0.0, 1.0, flat, flat + 1)
    if begin < end:
        marks = mark_span(track, daily, marks, tile.base[k], tile.units[k], tile.average[k], begin, end)
    tile.flat[k] = end
    keep_marks(tile, k, marks)


@inlined
def figures_at(rules: Any, track: Any, daily: Any, tile: Any, k: int, days_per_year: float) -> Any:
    """`FIGURES` of a policy after its last entry."""
    nothing = 0.0
    money = Money(tile.realised[k], tile.fees[k], nothing, nothing, tile.closed[k], 0)
    marks, flat = marks_at(tile, k), tile.flat[k]
    if flat < track.bars:
        marks = mark_span(track, daily, marks, settled(rules, money), 0.0, 1.0, flat, flat + 1)
    return figures_of_marks(rules.capital, turned(track, daily, marks), money, days_per_year, daily)


@borrowing
def sweep_levels(
    row: Any, features: Any, bars: Any, ground: Any, signal: Any, events: Any, outcomes: Any, stop_rows: Any,
    take_rows: Any, room: Any, days_per_year: float, daily: Any, out: Any,
) -> None:  # fmt: skip
    """`sweep.sweep_rows` for policies that differ from `row` in their levels alone, by a table of outcomes.

    `stop_rows` and `take_rows` say which levels of the table a policy has; `room` is a tile of this thread.
    """
    track = track_of(bars, ground, signal.code, signal.confidence, events)
    table, tile, rules = bare_outcomes(outcomes), bare_tile(room), rules_of(row)
    entries = len(outcomes.bar)
    for first in range(0, len(out), TILE):
        count = min(TILE, len(out) - first)
        for k in range(count):
            reset(rules, track, daily[first + k], tile, k)
        for entry in range(entries):
            if table.side[entry] == 0:  # the filter refuses it, whoever asks
                continue
            view = closing(rules, track, table.bar[entry])
            for k in range(count):
                stop_at, take_at = stop_rows[first + k] * entries + entry, take_rows[first + k] * entries + entry
                take_entry(rules, features, view, table, entry, stop_at, take_at, track.bars, tile, k)
            for k in range(count):
                mark_trade(track, daily[first + k], tile, k)
        for k in range(count):
            figures = figures_at(rules, track, daily[first + k], tile, k, days_per_year)
            for figure in range(4):
                out[first + k, figure] = figures[figure]
