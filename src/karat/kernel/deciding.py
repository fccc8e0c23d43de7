"""Step 9 of a bar: trailing and dynamic levels, blocks, and the decision at the close."""

from __future__ import annotations

import math
from typing import Any

from karat.core.calc.rounding import above, at_least, limit_ticks, stop_ticks
from karat.core.compiled import borrowing, inlined
from karat.kernel.entries import NONE, SIZE, first_no, size_entry, streak_full
from karat.kernel.fills import SIGNAL, STOP, TAKE, TIME, TRAIL
from karat.kernel.records import Blocks, Levels, Limit, Order
from karat.kernel.trading import no_limit

LONG, SHORT, EXIT_LONG, EXIT_SHORT, VOID_LONG, VOID_SHORT = 1, 2, 4, 8, 16, 32
ENTRY_BITS = LONG | SHORT | VOID_LONG | VOID_SHORT
ATR_MODE = 1


@inlined
def set_dynamic(rules: Any, own_stop: float, own_take: float, side: int, levels: Any, trade: Any, target: bool) -> Any:
    """Set stop and take anew from the bar's arrays, from the first entry fill; the stop never loosens (rule 15)."""
    stop, has_stop, take, has_take = levels.stop, levels.has_stop, levels.take, levels.has_take
    if own_stop > 0.0:
        moved = stop_ticks(side, trade.first_price - side * own_stop, rules.tick)
        if has_stop == 0 or side * (moved - stop) > 0:
            stop, has_stop = moved, 1
    if not target and levels.took == 0 and own_take > 0.0:
        take, has_take = limit_ticks(-side, trade.first_price + side * own_take, rules.tick), 1
    return Levels(stop, has_stop, levels.trailed, take, has_take, levels.took)


@inlined
def set_trail(rules: Any, bar: int, extreme: float, atr: float, side: int, levels: Any, trade: Any) -> Any:
    """Move the trailing stop, once it runs (rule 15)."""
    running = levels.took != 0 or rules.trail_from_entry != 0
    if rules.trail_mode == 0 or not running or bar == trade.limit_bar:
        return levels
    distance = rules.trail_value * (atr if rules.trail_mode == ATR_MODE else extreme)
    if distance != distance:
        return levels
    moved = stop_ticks(side, extreme - side * distance, rules.tick)
    if levels.has_stop != 0 and side * (moved - levels.stop) <= 0:
        return levels
    return Levels(moved, 1, 1, levels.take, levels.has_take, levels.took)


@inlined
def update_blocks(rules: Any, day_now: int, boundary: bool, blocks: Any, equity: float, equity_before: float) -> Any:
    """Daily loss and the streak at midnight (rules 21 and 22)."""
    day, reference, blocked, streak = blocks.day, blocks.reference, blocks.blocked, blocks.streak
    if day_now != day:
        day, blocked = day_now, 0
        reference = equity if boundary else equity_before
        if rules.loss_streak_limit > 0 and streak >= rules.loss_streak_limit:
            streak = 0
    if rules.daily_loss_limit == rules.daily_loss_limit and blocked == 0:
        lost = not reference > 0.0 or at_least(1.0 - equity / reference, rules.daily_loss_limit)
        blocked = 1 if lost else 0
    return Blocks(
        day, reference, blocked, streak, blocks.close_bar, blocks.close_reason, blocks.close_side, blocks.close_price
    )


@inlined
def note_refusal(log: Any, bar: int, refusal: int) -> None:
    """Keep the first "no" of a decision."""
    if log is not None:
        log.refusals[bar] = refusal


@inlined
def exit_order(rules: Any, bar: int, exit_reason: int) -> Any:
    """An order that closes all; none when `exit_reason` is 0."""
    due = bar + rules.latency if exit_reason != 0 else -1
    return Order(due, exit_reason, -1, 0, 0, 0, 0, math.nan, math.nan, 1.0, 1.0, bar)


@inlined
def ask_entry(
    rules: Any, features: Any, log: Any, view: Any, side: int, void: bool, exit_reason: int, holding: Any, blocks: Any,
    equity: float, peak: float,
) -> Any:  # fmt: skip
    """The order of a decision: its exit part, and its entry part if the filter lets it."""
    growing = holding.side == side and exit_reason == 0
    reversal = holding.side == -side
    refusal = first_no(rules, features, view, side, void, reversal, equity, blocks)
    lots, stop, take, leverage = 0, math.nan, math.nan, 1.0
    if refusal == NONE:
        lots, stop, take, leverage = size_entry(
            rules, features, view, side, view.confidence, holding, growing, equity, peak
        )
        if lots == 0:
            refusal = SIZE
    note_refusal(log, view.bar, refusal)
    if lots == 0:
        return exit_order(rules, view.bar, exit_reason)
    due = view.bar + rules.latency
    add = 1 if growing else 0
    return Order(due, exit_reason, -1, side, lots, add, 0, stop, take, leverage, view.confidence, view.bar)


@inlined
def decide(
    rules: Any, features: Any, log: Any, view: Any, holding: Any, trade: Any, blocks: Any, equity: float,
    peak: float,
) -> Any:  # fmt: skip
    """The decision of a close with nothing on its way (rules 7, 16, 19, 25)."""
    code, side = view.code, holding.side
    if side == 0:
        if code & ENTRY_BITS == 0:
            return exit_order(rules, view.bar, 0)
        asked = 1 if code & (LONG | VOID_LONG) != 0 else -1
        void = code & (VOID_LONG | VOID_SHORT) != 0
        return ask_entry(rules, features, log, view, asked, void, 0, holding, blocks, equity, peak)
    opposite = code & (SHORT if side > 0 else LONG) != 0
    void_opposite = code & (VOID_SHORT if side > 0 else VOID_LONG) != 0
    own_exit = code & (EXIT_LONG if side > 0 else EXIT_SHORT) != 0
    reason = 0
    if opposite or own_exit:
        reason = SIGNAL
    elif rules.time_exit > 0 and view.bar - trade.entry_bar + 1 >= rules.time_exit:
        reason = TIME
    if opposite or void_opposite:
        return ask_entry(rules, features, log, view, -side, void_opposite, reason, holding, blocks, equity, peak)
    same = code & (LONG if side > 0 else SHORT) != 0
    if features.adds is not None and same and reason == 0 and trade.adds < rules.max_adds:
        return ask_entry(rules, features, log, view, side, False, 0, holding, blocks, equity, peak)
    return exit_order(rules, view.bar, reason)


@inlined
def closes(code: int, side: int) -> bool:
    """A signal that would close a position of `side`, even where its own entry is refused."""
    if side > 0:
        return code & (EXIT_LONG | SHORT) != 0
    return code & (EXIT_SHORT | LONG) != 0


@borrowing
def update_limit(
    rules: Any, features: Any, view: Any, was_on_way: bool, holding: Any, order: Any, limit: Any, trade: Any,
    blocks: Any, equity: float, peak: float,
) -> Any:  # fmt: skip
    """Cancel or place a re-entry limit (rule 24)."""
    if limit.side != 0:
        return no_limit() if order.side != 0 or closes(view.code, limit.side) else limit
    reason = blocks.close_reason
    fresh = blocks.close_bar == view.bar and (reason in (STOP, TRAIL, TAKE))
    if holding.side != 0 or not fresh or was_on_way or order.side != 0 or closes(view.code, blocks.close_side):
        return limit
    if trade.placed >= rules.reentry_max or not above(equity, 0.0) or blocks.blocked != 0 or streak_full(rules, blocks):
        return limit
    side = blocks.close_side
    lots, stop, take, leverage = size_entry(rules, features, view, side, trade.confidence, holding, False, equity, peak)
    if lots == 0:
        return limit
    ticks = limit_ticks(side, blocks.close_price * (1.0 - side * rules.reentry_offset), rules.tick)
    first = view.bar + rules.latency
    last = first + rules.reentry_bars - 1
    return Limit(side, ticks, first, last, lots, stop, take, leverage, trade.confidence, view.bar, trade.placed + 1)
