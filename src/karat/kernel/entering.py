"""Fills that open or grow a position (rules 13, 25, 28 and 34)."""

from __future__ import annotations

import math
from typing import Any

from karat.core.calc.costs import taker_price
from karat.core.calc.margin import affordable
from karat.core.calc.money import notional, quote_notional
from karat.core.calc.rounding import at_least, steps_floor
from karat.core.compiled import borrowing, inlined
from karat.kernel.booking import book_add, book_open
from karat.kernel.fills import ENTRY, REENTRY, fill_slippage, free_cash, log_fill
from karat.kernel.modes import is_inverse
from karat.kernel.records import NO_LEVEL, Holding

AFFORD = 13  # core.model.reasons.Refusal.AFFORD


@inlined
def affordable_lots(
    rules: Any, features: Any, money: Any, holding: Any, lots: int, price: float, leverage: float, rate: float
) -> int:
    """`lots` cut to what is affordable at the fill price; 0 when under a minimum (rule 28)."""
    inverse = is_inverse(rules, features)
    unit = notional(inverse, 1.0, rules.contract_size, price)
    most = affordable(free_cash(rules, features, money, holding), unit, leverage, rate)
    cut = min(lots, steps_floor(most, rules.lot))  # not in a branch, which would be guessed wrong half the time
    lots = cut if most < lots * rules.lot else lots
    quantity = lots * rules.lot
    if lots <= 0 or not at_least(quantity, rules.min_quantity):
        return 0
    if not at_least(quote_notional(inverse, quantity, rules.contract_size, price), rules.min_notional):
        return 0
    return lots


@inlined
def refuse_fill(log: Any, decision_bar: int) -> None:
    """The fill was cut to nothing: the decision's row says so."""
    if log is not None:
        log.refusals[decision_bar] = AFFORD


@borrowing
def enter_market(
    rules: Any, features: Any, log: Any, now: Any, order: Any, holding: Any, levels: Any,
    trade: Any, money: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Fill the entry part of `order` at the open as taker: opens from flat, grows otherwise."""
    raw = now.open
    slipped = fill_slippage(rules, now, order.slip_lots if order.slip_lots > 0 else order.lots)
    price = taker_price(raw, order.side, rules.half_spread, slipped)
    leverage = holding.leverage if holding.side != 0 else order.leverage
    rate = rules.taker_fee
    lots = affordable_lots(rules, features, money, holding, order.lots, price, leverage, rate)
    if lots == 0:
        refuse_fill(log, order.decision_bar)
        return holding, levels, trade, money
    inverse = is_inverse(rules, features)
    fee = rate * notional(inverse, lots * rules.lot, rules.contract_size, price)
    log_fill(
        rules, features, log, now.ts, now.bar, order.side, lots, ENTRY, order.decision_bar, NO_LEVEL,
        holding.side * holding.lots, raw, price, fee, rules.half_spread, slipped, equity_before, 0.0, trade,
    )  # fmt: skip
    if holding.side == 0:
        return book_open(
            rules, features, money, now.bar, order.side, lots, price, fee, leverage, order.stop_distance,
            order.take_distance, order.confidence, order.decision_bar, -1, 0,
        )  # fmt: skip
    holding, trade, money = book_add(rules, features, holding, trade, money, lots, price, fee, 1)
    return holding, levels, trade, money


@borrowing
def enter_limit(
    rules: Any, features: Any, log: Any, bar: int, ts: int, limit: Any, holding: Any, levels: Any, trade: Any,
    money: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Fill a re-entry limit at its price as maker (rule 24). Not affordable: nothing opens."""
    price = limit.ticks * rules.tick
    lots = affordable_lots(rules, features, money, holding, limit.lots, price, limit.leverage, rules.maker_fee)
    if lots == 0:
        refuse_fill(log, limit.decision_bar)
        return holding, levels, trade, money
    inverse = is_inverse(rules, features)
    fee = rules.maker_fee * notional(inverse, lots * rules.lot, rules.contract_size, price)
    log_fill(
        rules, features, log, ts, bar, limit.side, lots, REENTRY, limit.decision_bar, limit.ticks, 0, price, price, fee,
        0.0, 0.0, equity_before, 0.0, trade,
    )  # fmt: skip
    return book_open(
        rules, features, money, bar, limit.side, lots, price, fee, limit.leverage, limit.stop_distance,
        limit.take_distance, limit.confidence, limit.decision_bar, bar, limit.placed,
    )  # fmt: skip


@inlined
def flat_holding() -> Any:
    """No position."""
    return Holding(0, 0, 0, 0.0, 1.0, math.nan, math.nan)
