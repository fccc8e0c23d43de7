"""The compiled entries. Batch and stream call the same `advance`: with many trades, or with one.

1. Trades are screened once for all kinds: each is kept, late or unusable, and counted.
2. A tape with Renko is looked through for leaps that no brick of this size can mean, before anything has changed.
3. Each kind goes over the block in a loop of its own, so that its state stays in registers.
"""

from __future__ import annotations

from typing import Any

from karat.bars.loops import LEVELS_MAX, filling_loop, renko_loop, time_loop
from karat.bars.records import LAST_PRICE, Rows, Tape, load_forming, nothing, save_forming
from karat.bars.rows import write_traded
from karat.bars.specs import Plan
from karat.bars.trades import LAST_MS, LEAST, MOST
from karat.core.compiled import borrowing, compiled, inlined

LAST, ACCEPTED, LATE, UNUSABLE = 0, 1, 2, 3  # places in the counts of a tape; LAST is its latest time
SPEC, TRADE, IS_IN, FAULT = 0, 1, 2, 3  # places in the cursor; FAULT is a trade's number plus one
BRICKS_MAX = 1_000_000  # units that one trade may leap: beyond, the price or the brick is wrong
_TIME, _RENKO = 0, 5


@inlined
def _plan_of(ints: Any, floats: Any, k: int) -> Any:
    return Plan(ints[k, 0], ints[k, 1], ints[k, 2], ints[k, 3], floats[k, 0], floats[k, 1], floats[k, 2])


@borrowing
def _screen(tape: Any, last: int) -> Any:
    """Mark what is kept. Returns the latest time, and how many are kept and late."""
    kept = 0
    late = 0
    for i in range(len(tape.ts)):
        price, quantity, ts, side = tape.price[i], tape.quantity[i], tape.ts[i], tape.side[i]
        usable = LEAST <= price <= MOST and LEAST <= quantity <= MOST and 0 <= ts <= LAST_MS and -1 <= side <= 1
        tape.keep[i] = 1 if usable and ts >= last else 0
        if usable and ts >= last:
            last = ts
            kept += 1
        elif usable:
            late += 1
    return last, kept, late


@borrowing
def _leap(tape: Any, unit: float, last_price: float) -> int:
    """The first trade that is too far from the one before it, or from zero; -1 where none is."""
    before = last_price / unit
    for i in range(len(tape.ts)):
        if tape.keep[i] != 0:
            position = tape.price[i] / unit
            if position > LEVELS_MAX or (before > 0.0 and abs(position - before) > BRICKS_MAX):
                return i
            before = position
    return -1


@compiled
def advance(
    plan_ints: Any,
    plan_floats: Any,
    counts: Any,
    ints: Any,
    floats: Any,
    ts: Any,
    price: Any,
    quantity: Any,
    side: Any,
    keep: Any,
    cursor: Any,
    row_ints: Any,
    row_floats: Any,
) -> int:
    """Take a block of trades from where `cursor` stands; zero is its beginning. Returns the rows written.

    The block is done when the cursor is past the last kind. Otherwise the table is full, and the call is made again
    with the same block; or `cursor[FAULT]` names a trade, and nothing has changed.
    """
    tape = Tape(ts, price, quantity, side, keep)
    rows = Rows(row_ints, row_floats)
    if cursor[SPEC] == 0 and cursor[TRADE] == 0 and cursor[IS_IN] == 0:
        last, kept, late = _screen(tape, counts[LAST])
        for k in range(len(plan_ints)):
            if plan_ints[k, 0] >= _RENKO:
                at = _leap(tape, plan_floats[k, 1], floats[k, LAST_PRICE])
                if at >= 0:
                    cursor[FAULT] = at + 1
                    return 0
        counts[LAST] = last
        counts[ACCEPTED] += kept
        counts[LATE] += late
        counts[UNUSABLE] += len(ts) - kept - late
    row = 0
    is_in = cursor[IS_IN]
    k, i = cursor[SPEC], cursor[TRADE]
    while k < len(plan_ints):
        plan = _plan_of(plan_ints, plan_floats, k)
        if plan.kind == _TIME:
            row, i = time_loop(plan, tape, ints, floats, k, i, rows, row)
        elif plan.kind >= _RENKO:
            row, i, is_in = renko_loop(plan, tape, ints, floats, k, i, is_in, rows, row)
        else:
            row, i = filling_loop(plan, tape, ints, floats, k, i, rows, row)
        if i < len(ts):
            break
        k += 1
        i = 0
    cursor[SPEC], cursor[TRADE], cursor[IS_IN] = k, i, is_in
    return row


@compiled
def close_periods(
    plan_ints: Any, plan_floats: Any, counts: Any, ints: Any, floats: Any, now: int, row_ints: Any, row_floats: Any
) -> int:
    """Complete the time bars whose period has ended at `now`; what is stamped before that end is late from here on.
    Needs a row for each kind. Returns the rows written."""
    rows = Rows(row_ints, row_floats)
    row = 0
    for k in range(len(plan_ints)):
        plan = _plan_of(plan_ints, plan_floats, k)
        bar = load_forming(ints, floats, k)
        end = bar.ts_open + plan.timeframe_ms
        if plan.kind == _TIME and bar.trades > 0 and end <= now:
            write_traded(rows, row, k, bar)
            row += 1
            save_forming(ints, floats, k, nothing())
            counts[LAST] = max(counts[LAST], end)
    return row


@compiled
def write_forming(ints: Any, floats: Any, row_ints: Any, row_floats: Any) -> int:
    """Write the bars that are not complete, as they stand. Needs a row for each kind. Returns the rows written."""
    rows = Rows(row_ints, row_floats)
    row = 0
    for k in range(len(ints)):
        bar = load_forming(ints, floats, k)
        if bar.trades > 0:
            write_traded(rows, row, k, bar)
            row += 1
    return row
