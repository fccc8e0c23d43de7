"""Decisions of a strategy that gives targets (rule 34)."""

from __future__ import annotations

import math
from typing import Any

from karat.core.calc.rounding import above, steps_floor
from karat.core.compiled import borrowing, inlined
from karat.kernel.deciding import exit_order, note_refusal
from karat.kernel.entries import NONE, SIZE, distances, entry_leverage, first_no, full_size, meets_minimums
from karat.kernel.fills import SIGNAL
from karat.kernel.records import Order


@inlined
def target_size(
    rules: Any, features: Any, view: Any, wanted_side: int, holding: Any, equity: float,
    peak: float,
) -> Any:  # fmt: skip
    """(full size in lots, stop distance, leverage); -1 lots: without a size. The cap is without what is held."""
    leverage = entry_leverage(rules, view, wanted_side)
    _ok, stop, _take = distances(rules, view, False)
    if leverage != leverage:
        return -1, stop, leverage
    if holding.side == wanted_side:
        leverage = holding.leverage
    quantity = full_size(rules, features, view, view.confidence, leverage, stop, 0, equity, peak)
    if quantity != quantity:
        return -1, stop, leverage
    return max(0, steps_floor(quantity, rules.lot)) if quantity > 0.0 else 0, stop, leverage


@borrowing
def decide_target(
    rules: Any, features: Any, log: Any, view: Any, holding: Any, blocks: Any, equity: float, peak: float
) -> Any:
    """One order for the difference between what is wanted and what is held."""
    target, bar = view.target, view.bar
    if target != target:
        return exit_order(rules, bar, 0)
    side = 1 if target > 0.0 else (-1 if target < 0.0 else 0)
    held = holding.side * holding.lots
    full, stop, leverage = target_size(
        rules, features, view, side if side != 0 else holding.side, holding, equity, peak
    )
    turns = side * holding.side < 0
    if full < 0:
        if side != 0 and not turns:
            note_refusal(log, bar, refused(rules, features, view, side, holding, equity, blocks))
            return exit_order(rules, bar, 0)
        if turns:
            note_refusal(log, bar, refused(rules, features, view, side, holding, equity, blocks))
        return exit_order(rules, bar, SIGNAL if holding.side != 0 else 0)
    wanted = target * full
    gap = wanted - held
    size = abs(gap) * rules.lot
    forced = wanted == 0.0 or wanted * held < 0.0
    if not forced and not above(size, rules.rebalance_band * full * rules.lot):
        return exit_order(rules, bar, 0)
    lots = steps_floor(size, rules.lot)
    if lots <= 0:
        return exit_order(rules, bar, 0)
    return difference_order(rules, features, log, view, gap, lots, stop, leverage, holding, blocks, equity)


@inlined
def refused(rules: Any, features: Any, view: Any, side: int, holding: Any, equity: float, blocks: Any) -> int:
    """The first "no" of an increase that has no size."""
    reversal = holding.side == -side
    no = first_no(rules, features, view, side, False, reversal, equity, blocks)
    return no if no != NONE else SIZE


@borrowing
def difference_order(
    rules: Any, features: Any, log: Any, view: Any, gap: float, lots: int, stop: float, leverage: float, holding: Any,
    blocks: Any, equity: float,
) -> Any:  # fmt: skip
    """Split the order into its closing and its opening part; the filter and the minimums guard the opening part."""
    order_side = 1 if gap > 0.0 else -1
    closing = min(lots, holding.lots) if holding.side == -order_side else 0
    opening = lots - closing
    price, bar = view.close, view.bar
    if opening > 0:
        reversal = closing > 0
        no = first_no(rules, features, view, order_side, False, reversal, equity, blocks)
        ok, _stop, _take = distances(rules, view, False)
        if no == NONE and not (ok and meets_minimums(rules, features, opening, price)):
            no = SIZE
        note_refusal(log, bar, no)
        if no != NONE:
            opening = 0
    elif holding.lots - closing > 0 and not meets_minimums(rules, features, holding.lots - closing, price):
        closing = holding.lots
    if closing == 0 and opening == 0:
        return exit_order(rules, bar, 0)
    reason = SIGNAL if closing > 0 else 0
    add = 1 if holding.side == order_side else 0
    entry_side = order_side if opening > 0 else 0
    confidence = view.confidence
    whole = closing + opening
    return Order(
        bar + rules.latency, reason, closing, entry_side, opening, add, whole, stop, math.nan, leverage, confidence, bar
    )
