"""Fills: open, grow, reduce. Each takes the records it changes and returns them changed."""

from __future__ import annotations

from typing import Any

from karat.core.calc.costs import slippage, taker_price
from karat.core.calc.money import notional, result
from karat.core.compiled import borrowing, inlined
from karat.kernel.booking import book_close
from karat.kernel.modes import is_inverse

# The values of core.model.reasons.Reason, as numbers that compile to constants.
ENTRY, REENTRY, STOP, TAKE, TRAIL, SIGNAL, TIME, LIQUIDATION = 0, 1, 2, 3, 4, 5, 6, 7


@inlined
def free_cash(rules: Any, features: Any, money: Any, holding: Any) -> float:
    """Cash less the margin held."""
    cash = rules.capital + money.realised - money.fees - money.funding - money.borrow
    if holding.side == 0:
        return cash
    inverse = is_inverse(rules, features)
    held = notional(inverse, holding.lots * rules.lot, rules.contract_size, holding.average)
    return cash - held / holding.leverage


@inlined
def fill_slippage(rules: Any, now: Any, lots: int) -> float:
    """Slippage of a taker fill, from the last bar closed before it (rule 12)."""
    return slippage(
        rules.slippage_base,
        rules.slippage_atr,
        rules.slippage_volume,
        now.last_atr,
        now.last_close,
        lots * rules.lot,
        now.last_volume,
    )


@inlined
def log_fill(
    rules: Any, features: Any, log: Any, ts: int, bar: int, order_side: int, lots: int, reason: int, decision_bar: int,
    level: int, position_before: int, raw: float, price: float, fee: float, spread: float, slipped: float,
    equity_before: float, gain: float, trade: Any,
) -> None:  # fmt: skip
    """Write one fill to the record. Spread and slippage share the gap between raw and fill price by their rates."""
    if log is not None:
        if position_before == 0:
            log.counts[1] += 1
        row = log.counts[0]
        log.counts[0] = row + 1
        ints, floats = log.ints, log.floats
        ints[row, 0] = ts
        ints[row, 1] = bar
        ints[row, 2] = order_side
        ints[row, 3] = lots
        ints[row, 4] = reason
        ints[row, 5] = decision_bar
        ints[row, 6] = level
        ints[row, 7] = position_before
        ints[row, 8] = log.counts[1] - 1
        inverse = is_inverse(rules, features)
        gap = result(inverse, order_side, lots * rules.lot, rules.contract_size, raw, price)
        share = spread / (spread + slipped) if spread + slipped > 0.0 else 0.0
        floats[row, 0] = raw
        floats[row, 1] = price
        floats[row, 2] = fee
        floats[row, 3] = gap * share
        floats[row, 4] = gap - gap * share
        floats[row, 5] = equity_before
        floats[row, 6] = gain
        floats[row, 7] = trade.funding if position_before != 0 else 0.0
        floats[row, 8] = trade.borrow if position_before != 0 else 0.0


@borrowing
def reduce(
    rules: Any, features: Any, log: Any, now: Any, ts: int, holding: Any, trade: Any, money: Any, blocks: Any,
    lots: int, raw: float, taker: bool, slip_lots: int, reason: int, level: int, decision_bar: int,
    equity_before: float,
) -> Any:  # fmt: skip
    """Close `lots` of the position at reference price `raw`. A liquidation pays no fee and no slippage."""
    side = holding.side
    inverse = is_inverse(rules, features)
    price, spread, slipped, rate = raw, 0.0, 0.0, rules.maker_fee
    if reason == LIQUIDATION:
        rate = 0.0
    elif taker:
        spread, rate = rules.half_spread, rules.taker_fee
        slipped = fill_slippage(rules, now, slip_lots)
        price = taker_price(raw, -side, spread, slipped)
    quantity = lots * rules.lot
    fee = rate * notional(inverse, quantity, rules.contract_size, price)
    gain = result(inverse, side, quantity, rules.contract_size, holding.average, price)
    log_fill(
        rules, features, log, ts, now.bar, -side, lots, reason, decision_bar, level, side * holding.lots, raw, price,
        fee, spread, slipped, equity_before, gain, trade,
    )  # fmt: skip
    return book_close(holding, trade, money, blocks, lots, price, fee, gain, reason, now.bar)
