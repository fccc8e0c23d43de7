"""The compiled loops: one kind of bar over one block of trades, from where the last block or a full table left off.

A loop ends where the block does, or before the trade whose bar would find no row. It returns the rows written so far
and the trade to go on with.
"""

from __future__ import annotations

from typing import Any

from karat.bars.records import (
    LAST_PRICE,
    Clock,
    Wall,
    joined,
    load_clock,
    load_forming,
    load_wall,
    nothing,
    save_clock,
    save_forming,
    save_wall,
)
from karat.bars.rows import write_bar, write_traded
from karat.core.compiled import borrowing, inlined

_TICK, _VOLUME, _DOLLAR, _RENKO_ATR = 1, 2, 3, 6  # of specs.Kind: compiled code reads plain numbers
LEVEL_DUST = 1e-6  # units: a price so near to a level is at it, like the kernel's levels
LEVELS_MAX = 1e9  # units from zero: beyond, rounding of price / unit could exceed the dust


@borrowing
def time_loop(plan: Any, tape: Any, ints: Any, floats: Any, k: int, begin: int, rows: Any, row: int) -> Any:
    """Bars of one timeframe. A bar is complete when a trade of a later period comes."""
    room = len(rows.ints)
    bar = load_forming(ints, floats, k)
    end = bar.ts_open + plan.timeframe_ms
    i = begin
    while i < len(tape.ts):
        if tape.keep[i] != 0:
            ts = tape.ts[i]
            if bar.trades > 0 and ts >= end:
                if row == room:
                    break
                write_traded(rows, row, k, bar)
                row += 1
                bar = nothing()
            opens = bar.ts_open
            if bar.trades == 0:
                opens = ts - (ts - plan.origin_ms) % plan.timeframe_ms
                end = opens + plan.timeframe_ms
            bar = joined(bar, opens, ts, tape.price[i], tape.quantity[i], tape.side[i])
        i += 1
    save_forming(ints, floats, k, bar)
    return row, i


@inlined
def _is_full(plan: Any, bar: Any) -> bool:
    if plan.kind == _TICK:
        return bar.trades >= plan.number
    if plan.kind == _VOLUME:
        return bar.volume >= plan.threshold
    if plan.kind == _DOLLAR:
        return bar.quote_volume >= plan.threshold
    return bar.high - bar.low >= plan.threshold


@borrowing
def filling_loop(plan: Any, tape: Any, ints: Any, floats: Any, k: int, begin: int, rows: Any, row: int) -> Any:
    """Tick, volume, dollar and range bars: the trade that fills a bar ends it and belongs to it whole."""
    room = len(rows.ints)
    bar = load_forming(ints, floats, k)
    i = begin
    while i < len(tape.ts) and row < room:
        if tape.keep[i] != 0:
            ts = tape.ts[i]
            bar = joined(bar, ts, ts, tape.price[i], tape.quantity[i], tape.side[i])
            if _is_full(plan, bar):
                write_traded(rows, row, k, bar)
                row += 1
                bar = nothing()
        i += 1
    save_forming(ints, floats, k, bar)
    return row, i


@inlined
def _after_range(clock: Any, period: int) -> Any:
    """Ranges counted and their average, once the bar of the clock is complete: Wilder's, seeded with a mean."""
    if clock.ranges < 0:
        return 0, 0.0
    top = clock.high if clock.high > clock.before else clock.before
    bottom = clock.low if clock.low < clock.before else clock.before
    ranges = clock.ranges + 1
    if ranges > period:
        return ranges, clock.average + ((top - bottom) - clock.average) / period
    total = clock.average + (top - bottom)
    return ranges, total / period if ranges == period else total


@inlined
def _ticked(plan: Any, clock: Any, ts: int, price: float) -> Any:
    """The clock after one more trade."""
    if clock.start >= 0 and ts < clock.start + plan.timeframe_ms:
        high = price if price > clock.high else clock.high
        low = price if price < clock.low else clock.low
        return Clock(clock.start, clock.ranges, high, low, price, clock.before, clock.average)
    start = ts - (ts - plan.origin_ms) % plan.timeframe_ms
    if clock.start < 0:
        return Clock(start, -1, price, price, price, price, 0.0)
    ranges, average = _after_range(clock, plan.number)
    return Clock(start, ranges, price, price, price, clock.close, average)


@inlined
def _brick_size(plan: Any, clock: Any) -> int:
    """Units of the next brick; 0 where the ATR is not known yet."""
    if plan.kind != _RENKO_ATR:
        return 1
    if clock.ranges < plan.number:
        return 0
    size = int(min(plan.multiple * clock.average / plan.unit + 0.5, LEVELS_MAX))
    return size if size > 1 else 1


@inlined
def _is_up(wall: Any, position: float) -> bool:
    return position >= wall.top + wall.size - LEVEL_DUST


@inlined
def _is_down(wall: Any, position: float) -> bool:
    return position <= wall.bottom - wall.size + LEVEL_DUST


@inlined
def _laid(plan: Any, wall: Any, bar: Any, ts: int, up: bool, rows: Any, row: int, k: int) -> Any:
    """The wall with one more brick, which is written: wicks reach against it only, for it ends where it is full."""
    if up:
        top, bottom = wall.top + wall.size, wall.top
        open_, close = bottom * plan.unit, top * plan.unit
        low = bar.low if bar.trades > 0 and bar.low < open_ else open_
        write_bar(rows, row, k, bar, ts, open_, close, low, close)
    else:
        top, bottom = wall.bottom, wall.bottom - wall.size
        open_, close = top * plan.unit, bottom * plan.unit
        high = bar.high if bar.trades > 0 and bar.high > open_ else open_
        write_bar(rows, row, k, bar, ts, open_, high, close, close)
    return Wall(1, top, bottom, wall.size, wall.waiting_trades)


@inlined
def _placed(plan: Any, wall: Any, clock: Any, position: float) -> Any:
    """The wall with a level to build from, where the size of a brick is known; else one more trade that waits."""
    size = _brick_size(plan, clock)
    if size == 0:
        return Wall(0, 0, 0, 0, wall.waiting_trades + 1)
    level = int(position + 0.5 + LEVEL_DUST)
    return Wall(1, level, level, size, wall.waiting_trades)


@borrowing
def renko_loop(
    plan: Any, tape: Any, ints: Any, floats: Any, k: int, begin: int, is_in: int, rows: Any, row: int
) -> Any:
    """Bricks. `is_in` is 1 when the trade to begin with is in its bar already and has bricks left to lay; the third
    number returned says the same of the trade to go on with."""
    room = len(rows.ints)
    bar, wall, clock = load_forming(ints, floats, k), load_wall(ints, k), load_clock(ints, floats, k)
    price = floats[k, LAST_PRICE]
    i = begin
    while i < len(tape.ts):
        if tape.keep[i] != 0:
            ts, price = tape.ts[i], tape.price[i]
            position = price / plan.unit
            if is_in == 0:
                if plan.kind == _RENKO_ATR:
                    clock = _ticked(plan, clock, ts, price)
                if wall.placed == 0:
                    wall = _placed(plan, wall, clock, position)
                if wall.placed != 0:
                    bar = joined(bar, ts, ts, price, tape.quantity[i], tape.side[i])
            laid = 0
            while wall.placed != 0 and row < room and (_is_up(wall, position) or _is_down(wall, position)):
                wall = _laid(plan, wall, bar, ts, _is_up(wall, position), rows, row, k)
                bar = nothing()
                row += 1
                laid = 1
            is_in = 1 if wall.placed != 0 and (_is_up(wall, position) or _is_down(wall, position)) else 0
            if is_in != 0:
                break
            if laid != 0:
                wall = Wall(1, wall.top, wall.bottom, _brick_size(plan, clock), wall.waiting_trades)
        i += 1
    save_forming(ints, floats, k, bar)
    save_wall(ints, k, wall)
    save_clock(ints, floats, k, clock)
    floats[k, LAST_PRICE] = price
    return row, i, is_in
