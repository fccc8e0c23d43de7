"""What the venue does with a position of a plain policy: steps 2, 3, 6 and 7 of a bar."""

from __future__ import annotations

from typing import Any

from karat.core.calc.costs import taker_price
from karat.core.calc.margin import liquidation_price
from karat.core.calc.money import notional, result
from karat.core.compiled import inlined
from karat.kernel.by_trade.ground import opening
from karat.kernel.fills import fill_slippage
from karat.kernel.records import Holding, Levels, Money
from karat.kernel.trading import beyond, take_lots, take_touched


@inlined
def after_closing(holding: Any, money: Any, lots: int, gain: float, fee: float) -> Any:
    """Position and money once `lots` are closed."""
    left = holding.lots - lots
    side = holding.side if left > 0 else 0
    closed = money.closed_trades + (1 if left == 0 else 0)
    money = Money(money.realised + gain, money.fees + fee, money.funding, money.borrow, closed, money.won_trades)
    holding = Holding(
        side, left, holding.entered_lots, holding.average, holding.leverage, holding.liquidation, holding.bankruptcy
    )
    return holding, money


@inlined
def close_lots(rules: Any, now: Any, holding: Any, money: Any, lots: int, raw: float, taker: bool) -> Any:
    """Close `lots` at reference price `raw`, as `fills.reduce` does."""
    price, rate = raw, rules.maker_fee
    if taker:
        rate = rules.taker_fee
        price = taker_price(raw, -holding.side, rules.half_spread, fill_slippage(rules, now, lots))
    quantity = lots * rules.lot
    fee = rate * notional(False, quantity, rules.contract_size, price)
    gain = result(False, holding.side, quantity, rules.contract_size, holding.average, price)
    return after_closing(holding, money, lots, gain, fee)


@inlined
def liquidated(rules: Any, holding: Any, money: Any) -> Any:
    """All goes at the bankruptcy price, without a fee."""
    quantity = holding.lots * rules.lot
    bankruptcy = liquidation_price(False, holding.side, holding.average, holding.leverage, 0.0)
    gain = result(False, holding.side, quantity, rules.contract_size, holding.average, bankruptcy)
    return after_closing(holding, money, holding.lots, gain, 0.0)


@inlined
def take_fills(rules: Any, features: Any, now: Any, holding: Any, levels: Any, money: Any) -> Any:
    """The take fills at its price."""
    price = levels.take * rules.tick
    lots = take_lots(rules, features, holding, price)
    holding, money = close_lots(rules, now, holding, money, lots, price, False)
    return holding, Levels(levels.stop, levels.has_stop, 0, levels.take, 0, 1), money


@inlined
def gaps(rules: Any, features: Any, now: Any, holding: Any, levels: Any, money: Any) -> Any:
    """Steps 2 and 3, at the open of a bar that finds a position."""
    if beyond(holding.side, now.open, holding.liquidation, rules.tick):
        holding, money = liquidated(rules, holding, money)
    elif levels.has_take != 0 and take_touched(rules, holding.side, levels.take, now.open):
        holding, levels, money = take_fills(rules, features, now, holding, levels, money)
    return holding, levels, money


@inlined
def within_bar(rules: Any, features: Any, now: Any, holding: Any, levels: Any, money: Any) -> Any:
    """Steps 6 and 7."""
    side, liquidation = holding.side, holding.liquidation
    worst, best = (now.low, now.high) if side > 0 else (now.high, now.low)
    stop = levels.stop * rules.tick
    stop_first = levels.has_stop != 0 and not side * (stop - liquidation) <= -1e-6 * rules.tick
    if liquidation == liquidation and not stop_first:
        if beyond(side, worst, liquidation, rules.tick):
            holding, money = liquidated(rules, holding, money)
    elif levels.has_stop != 0 and beyond(side, worst, stop, rules.tick):
        raw = min(now.open, stop) if side > 0 else max(now.open, stop)
        holding, money = close_lots(rules, now, holding, money, holding.lots, raw, True)
    if holding.side != 0 and levels.has_take != 0 and take_touched(rules, side, levels.take, best):
        holding, levels, money = take_fills(rules, features, now, holding, levels, money)
    return holding, levels, money


@inlined
def met_bar(
    rules: Any, features: Any, track: Any, bar: int, entry_bar: int, holding: Any, levels: Any, money: Any
) -> Any:
    """Position, levels and money after a bar in which a level may be met."""
    now = opening(track, bar)
    if bar > entry_bar:
        holding, levels, money = gaps(rules, features, now, holding, levels, money)
    if holding.side != 0:
        holding, levels, money = within_bar(rules, features, now, holding, levels, money)
    return holding, levels, money


@inlined
def leave_at_open(rules: Any, features: Any, track: Any, bar: int, holding: Any, levels: Any, money: Any) -> Any:
    """Position and money after an exit order at the open of `bar`, which a gap may have come before."""
    now = opening(track, bar)
    holding, levels, money = gaps(rules, features, now, holding, levels, money)
    if holding.side != 0:
        holding, money = close_lots(rules, now, holding, money, holding.lots, now.open, True)
    return holding, money
