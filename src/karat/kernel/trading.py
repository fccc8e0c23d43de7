"""Steps 1 to 8 of a bar: what the venue does with a position, resting levels and orders on their way."""

from __future__ import annotations

from typing import Any

from karat.core.calc.funding import borrow_payment
from karat.core.calc.money import quote_notional
from karat.core.calc.rounding import at_least, steps_floor
from karat.core.compiled import borrowing, inlined
from karat.kernel.booking import charge
from karat.kernel.entering import enter_limit, enter_market
from karat.kernel.fills import LIQUIDATION, STOP, TAKE, TRAIL, reduce
from karat.kernel.modes import is_inverse
from karat.kernel.records import NO_LEVEL, Levels, Limit, Order


@inlined
def no_order() -> Any:
    """Nothing on its way."""
    nothing = 0.0
    return Order(-1, 0, -1, 0, 0, 0, 0, nothing, nothing, 1.0, 1.0, -1)


@inlined
def no_limit() -> Any:
    """No re-entry limit."""
    nothing = 0.0
    return Limit(0, 0, 0, 0, 0, nothing, nothing, 1.0, 1.0, -1, 0)


@inlined
def take_lots(rules: Any, features: Any, holding: Any, price: float) -> int:
    """How many lots the take closes (rule 14)."""
    part = steps_floor(rules.take_fraction * (holding.entered_lots * rules.lot), rules.lot)
    rest = holding.lots - part
    if part <= 0 or rest <= 0:
        return holding.lots
    quantity = rest * rules.lot
    if not at_least(quantity, rules.min_quantity):
        return holding.lots
    inverse = is_inverse(rules, features)
    if not at_least(quote_notional(inverse, quantity, rules.contract_size, price), rules.min_notional):
        return holding.lots
    return part


@inlined
def take_touched(rules: Any, side: int, ticks: int, price: float) -> bool:
    """A limit resting to leave a position of `side` is touched by the extreme (or open) `price` (steps 3 and 7)."""
    level = (ticks + side * rules.strict_limit) * rules.tick
    return side * (price - level) > -1e-6 * rules.tick


@inlined
def beyond(side: int, price: float, level: float, tick: float) -> bool:
    """`price` is at or on the losing side of `level` for a position of `side`; NaN level is never met."""
    return side * (price - level) < 1e-6 * tick


@inlined
def fill_take(
    rules: Any, features: Any, log: Any, now: Any, ts: int, holding: Any, levels: Any, trade: Any,
    money: Any, blocks: Any, equity_before: float,
) -> Any:  # fmt: skip
    """The take fills at its price, maker, once per trade."""
    price = levels.take * rules.tick
    lots = take_lots(rules, features, holding, price)
    holding, trade, money, blocks = reduce(
        rules, features, log, now, ts, holding, trade, money, blocks, lots, price, False, 0, TAKE, levels.take,
        trade.decision_bar, equity_before,
    )  # fmt: skip
    levels = Levels(levels.stop, levels.has_stop, levels.trailed, levels.take, 0, 1)
    return holding, levels, trade, money, blocks


@borrowing
def liquidate(
    rules: Any, features: Any, log: Any, now: Any, ts: int, holding: Any, trade: Any, money: Any,
    blocks: Any, equity_before: float,
) -> Any:  # fmt: skip
    """The position goes at the bankruptcy price: it costs exactly the margin."""
    return reduce(
        rules, features, log, now, ts, holding, trade, money, blocks, holding.lots, holding.bankruptcy, False, 0,
        LIQUIDATION, NO_LEVEL, trade.decision_bar, equity_before,
    )  # fmt: skip


@inlined
def stop_or_liquidation(
    rules: Any, features: Any, log: Any, now: Any, ts: int, open_: float, worst: float, holding: Any,
    levels: Any, trade: Any, money: Any, blocks: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Step 6: only the one met first. `worst` is the low for a long, the high for a short."""
    side = holding.side
    stop = levels.stop * rules.tick
    if features.margin is not None and holding.liquidation == holding.liquidation:
        stop_first = levels.has_stop != 0 and side * (stop - holding.liquidation) > -1e-6 * rules.tick
        if not stop_first:
            if beyond(side, worst, holding.liquidation, rules.tick):
                return liquidate(rules, features, log, now, ts, holding, trade, money, blocks, equity_before)
            return holding, trade, money, blocks
    if levels.has_stop == 0 or not beyond(side, worst, stop, rules.tick):
        return holding, trade, money, blocks
    raw = min(open_, stop) if side > 0 else max(open_, stop)
    reason = TRAIL if levels.trailed != 0 else STOP
    return reduce(
        rules, features, log, now, ts, holding, trade, money, blocks, holding.lots, raw, True, holding.lots,
        reason, levels.stop, trade.decision_bar, equity_before,
    )  # fmt: skip


@inlined
def at_open(
    rules: Any, features: Any, log: Any, now: Any, holding: Any, levels: Any, trade: Any, money: Any,
    blocks: Any, order: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Steps 1 to 5."""
    open_, ts = now.open, now.ts
    if holding.side != 0:
        if features.funding is not None and now.funding_unit != 0.0:
            quantity = holding.lots * rules.lot * rules.contract_size
            money, trade = charge(money, trade, holding.side * quantity * now.funding_unit, 0.0)
        if features.margin is not None and beyond(holding.side, open_, holding.liquidation, rules.tick):
            holding, trade, money, blocks = liquidate(
                rules, features, log, now, ts, holding, trade, money, blocks, equity_before
            )
        elif levels.has_take != 0 and take_touched(rules, holding.side, levels.take, open_):
            holding, levels, trade, money, blocks = fill_take(
                rules, features, log, now, ts, holding, levels, trade, money, blocks, equity_before
            )
    if order.due == now.bar:
        if order.exit_reason != 0 and holding.side != 0:
            lots = holding.lots if order.close_lots < 0 else min(order.close_lots, holding.lots)
            slip_lots = order.slip_lots if order.slip_lots > 0 else lots
            holding, trade, money, blocks = reduce(
                rules, features, log, now, ts, holding, trade, money, blocks, lots, open_, True, slip_lots,
                order.exit_reason, NO_LEVEL, order.decision_bar, equity_before,
            )  # fmt: skip
        fits = holding.side == order.side if order.add != 0 else holding.side == 0
        if order.side != 0 and fits:
            holding, levels, trade, money = enter_market(
                rules, features, log, now, order, holding, levels, trade, money, equity_before
            )
        order = no_order()
    if features.borrow is not None and holding.side < 0 and rules.spot != 0:
        quantity = holding.lots * rules.lot * rules.contract_size
        cost = borrow_payment(quantity, open_, rules.borrow_rate, now.timeframe_ms)
        money, trade = charge(money, trade, 0.0, cost)
    return holding, levels, trade, money, blocks, order


@inlined
def walk(
    rules: Any, features: Any, log: Any, now: Any, ts: int, open_: float, high: float, low: float,
    walked: int, holding: Any, levels: Any, trade: Any, money: Any, blocks: Any, limit: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Steps 6 to 8 on the finest bar, after step 3 at its own open where it is a finer one.

    `walked` is -1 on the bar itself, else the index of the finer bar within it.
    """
    if holding.side != 0:
        if walked >= 0 and levels.has_take != 0 and take_touched(rules, holding.side, levels.take, open_):
            holding, levels, trade, money, blocks = fill_take(
                rules, features, log, now, ts, holding, levels, trade, money, blocks, equity_before
            )
        if holding.side != 0:
            worst = low if holding.side > 0 else high
            holding, trade, money, blocks = stop_or_liquidation(
                rules, features, log, now, ts, open_, worst, holding, levels, trade, money, blocks, equity_before
            )
        if holding.side != 0 and levels.has_take != 0:
            best = high if holding.side > 0 else low
            if take_touched(rules, holding.side, levels.take, best):
                holding, levels, trade, money, blocks = fill_take(
                    rules, features, log, now, ts, holding, levels, trade, money, blocks, equity_before
                )
    if features.reentry is not None and limit.side != 0 and holding.side == 0 and now.bar >= limit.first_bar:
        side = limit.side
        first_open = now.bar == limit.first_bar and walked <= 0
        if first_open and side * (open_ - limit.ticks * rules.tick) < 1e-6 * rules.tick:
            return holding, levels, trade, money, blocks, no_limit()
        if take_touched(rules, -side, limit.ticks, low if side > 0 else high):
            holding, levels, trade, money = enter_limit(
                rules, features, log, now.bar, ts, limit, holding, levels, trade, money, equity_before
            )
            limit = no_limit()
            if holding.side != 0:
                worst = low if side > 0 else high
                holding, trade, money, blocks = stop_or_liquidation(
                    rules, features, log, now, ts, open_, worst, holding, levels, trade, money, blocks,
                    equity_before,
                )  # fmt: skip
    return holding, levels, trade, money, blocks, limit


@inlined
def trade_bar(
    rules: Any, features: Any, log: Any, detail: Any, now: Any, holding: Any, levels: Any, trade: Any, money: Any,
    blocks: Any, order: Any, limit: Any, equity_before: float,
) -> Any:  # fmt: skip
    """Steps 1 to 8 of one bar, walked on its finer bars where there are any."""
    holding, levels, trade, money, blocks, order = at_open(
        rules, features, log, now, holding, levels, trade, money, blocks, order, equity_before
    )
    first, last = 0, 0
    if detail is not None:
        first, last = detail.first[now.bar], detail.first[now.bar + 1]
        for finer in range(first, last):
            holding, levels, trade, money, blocks, limit = walk(
                rules, features, log, now, detail.ts[finer], detail.open[finer], detail.high[finer], detail.low[finer],
                finer - first, holding, levels, trade, money, blocks, limit, equity_before,
            )  # fmt: skip
    if first == last:
        holding, levels, trade, money, blocks, limit = walk(
            rules, features, log, now, now.ts, now.open, now.high, now.low, -1, holding, levels, trade, money, blocks,
            limit, equity_before,
        )  # fmt: skip
    if features.reentry is not None and limit.side != 0 and now.bar >= limit.last_bar:
        limit = no_limit()
    return holding, levels, trade, money, blocks, order, limit
