"""What a fill does to a bot's records: open, grow, close. Prices and fees come in; who made them does not matter.

The loop over bars prices its fills and books them here. The desk books fills that a venue made here too, so that a bot
keeps one kind of account whoever fills its orders. Called from Python these are the functions as they stand.
"""

from __future__ import annotations

from typing import Any

from karat.core.calc.margin import liquidation_price
from karat.core.calc.money import average_price
from karat.core.calc.rounding import above, at_least, limit_ticks, stop_ticks
from karat.core.compiled import inlined
from karat.kernel.modes import has_targets, is_inverse
from karat.kernel.records import Blocks, Holding, Levels, Money, Trade

FRACTION_MODE = 2


@inlined
def distance_of_stop(rules: Any, fill: float, decided: float) -> float:
    """Distance of the stop in price units: what the decision knew, else a fraction of the fill; NaN: no stop."""
    if rules.stop_mode == FRACTION_MODE and decided != decided:
        return rules.stop_value * fill
    return decided


@inlined
def protection(rules: Any, side: int, fill: float, stop_distance: float, take_distance: float) -> Any:
    """Stop and take in ticks from the entry fill (rule 13)."""
    stop_distance = distance_of_stop(rules, fill, stop_distance)
    if rules.take_mode == FRACTION_MODE and take_distance != take_distance:
        take_distance = rules.take_value * fill
    stop, has_stop, take, has_take = 0, 0, 0, 0
    if stop_distance == stop_distance:
        stop, has_stop = stop_ticks(side, fill - side * stop_distance, rules.tick), 1
    if take_distance == take_distance:
        take, has_take = limit_ticks(-side, fill + side * take_distance, rules.tick), 1
    return Levels(stop, has_stop, 0, take, has_take, 0)


@inlined
def held(rules: Any, features: Any, side: int, lots: int, entered: int, average: float, leverage: float) -> Any:
    """A position with its liquidation and bankruptcy prices."""
    inverse = is_inverse(rules, features)
    if features.margin is not None:
        liquidation = liquidation_price(inverse, side, average, leverage, rules.maintenance_rate)
        bankruptcy = liquidation_price(inverse, side, average, leverage, 0.0)
        return Holding(side, lots, entered, average, leverage, liquidation, bankruptcy)
    nothing = average * 0.0 / 0.0
    return Holding(side, lots, entered, average, leverage, nothing, nothing)


@inlined
def pay_fee(money: Any, trade: Any, fee: float) -> Any:
    """A fee leaves the cash and is counted to the trade."""
    paid = Money(money.realised, money.fees + fee, money.funding, money.borrow, money.closed_trades, money.won_trades)
    counted = Trade(
        trade.entry_bar, trade.decision_bar, trade.limit_bar, trade.first_price, trade.confidence, trade.adds,
        trade.placed, trade.realised, trade.fees + fee, trade.funding, trade.borrow,
    )  # fmt: skip
    return paid, counted


@inlined
def charge(money: Any, trade: Any, funding: float, borrow: float) -> Any:
    """Funding and borrow leave the cash and are counted to the trade."""
    money = Money(
        money.realised,
        money.fees,
        money.funding + funding,
        money.borrow + borrow,
        money.closed_trades,
        money.won_trades,
    )
    trade = Trade(
        trade.entry_bar, trade.decision_bar, trade.limit_bar, trade.first_price, trade.confidence, trade.adds,
        trade.placed, trade.realised, trade.fees, trade.funding + funding, trade.borrow + borrow,
    )  # fmt: skip
    return money, trade


@inlined
def book_open(
    rules: Any, features: Any, money: Any, bar: int, side: int, lots: int, price: float, fee: float, leverage: float,
    stop_distance: float, take_distance: float, confidence: float, decision_bar: int, limit_bar: int, placed: int,
) -> Any:  # fmt: skip
    """(holding, levels, trade, money) after a fill that opens a position. `limit_bar` -1: not by a re-entry limit."""
    holding = held(rules, features, side, lots, lots, price, leverage)
    levels = protection(rules, side, price, stop_distance, take_distance)
    if has_targets(rules, features):
        levels = Levels(levels.stop, levels.has_stop, 0, 0, 0, 0)
    trade = Trade(bar, decision_bar, limit_bar, price, confidence, 0, placed, 0.0, 0.0, 0.0, 0.0)
    money, trade = pay_fee(money, trade, fee)
    return holding, levels, trade, money


@inlined
def book_add(
    rules: Any, features: Any, holding: Any, trade: Any, money: Any, lots: int, price: float, fee: float, adds: int
) -> Any:
    """(holding, trade, money) after a fill that grows a position. `adds` 1: an add, 0: more of the same order."""
    inverse = is_inverse(rules, features)
    average = average_price(inverse, holding.lots * rules.lot, holding.average, lots * rules.lot, price)
    more = holding.lots + lots
    holding = held(rules, features, holding.side, more, holding.entered_lots + lots, average, holding.leverage)
    trade = Trade(
        trade.entry_bar, trade.decision_bar, trade.limit_bar, trade.first_price, trade.confidence, trade.adds + adds,
        trade.placed, trade.realised, trade.fees, trade.funding, trade.borrow,
    )  # fmt: skip
    money, trade = pay_fee(money, trade, fee)
    return holding, trade, money


@inlined
def book_close(
    holding: Any, trade: Any, money: Any, blocks: Any, lots: int, price: float, fee: float, gain: float, reason: int,
    bar: int,
) -> Any:  # fmt: skip
    """(holding, trade, money, blocks) after a fill that closes `lots` of a position. `gain` is before the fee."""
    side = holding.side
    trade = Trade(
        trade.entry_bar, trade.decision_bar, trade.limit_bar, trade.first_price, trade.confidence, trade.adds,
        trade.placed, trade.realised + gain, trade.fees + fee, trade.funding, trade.borrow,
    )  # fmt: skip
    closed, won = money.closed_trades, money.won_trades
    left = holding.lots - lots
    if left > 0:
        holding = Holding(
            side, left, holding.entered_lots, holding.average, holding.leverage, holding.liquidation, holding.bankruptcy
        )
    else:
        net = trade.realised - trade.fees - trade.funding - trade.borrow
        closed += 1
        won += 1 if above(net, 0.0) else 0
        streak = 0 if at_least(net, 0.0) else blocks.streak + 1
        blocks = Blocks(blocks.day, blocks.reference, blocks.blocked, streak, bar, reason, side, price)
        holding = Holding(0, 0, 0, holding.average, holding.leverage, holding.liquidation, holding.bankruptcy)
    money = Money(money.realised + gain, money.fees + fee, money.funding, money.borrow, closed, won)
    return holding, trade, money, blocks
