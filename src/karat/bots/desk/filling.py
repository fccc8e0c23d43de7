"""A fill of the venue, booked into the kernel's records of its bot, and the record of it that the journal keeps.

The arithmetic is the kernel's own (`karat.kernel.booking`): filled at the prices a backtest makes, a bot has the
backtest's equity to the bit. Whatever a fill does beyond closing what is held opens the other side: a fill is never
dropped (failures: O8).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from karat.core.calc.money import result
from karat.core.model.reasons import Reason
from karat.kernel.booking import book_add, book_close, book_open, charge
from karat.kernel.modes import is_inverse
from karat.kernel.records import Features, Levels, Rules
from karat.kernel.state import State
from karat.oms.client_ids import Part
from karat.ports.trading import Opening
from karat.ports.venue import Priced


class Kind(NamedTuple):
    """What turns fills into money: the numbers of a bot's policy and instrument."""

    rules: Rules
    features: Features


class Deal(NamedTuple):
    """One fill as the kernel's records take it. `bar` counts from the anchor, `ts` UTC ms; `fee` in the bot's money.

    `level_ticks` is the price that the order waited for, None at the market. `opening` of an entry; None for what only
    closes. `first`: no fill of this order came before; `last`: nothing of it is left.
    """

    part: Part
    side: int
    lots: int
    price: float
    fee: float
    bar: int
    ts: int
    reason: Reason
    decision_bar: int
    level_ticks: int | None
    opening: Opening | None
    priced: Priced | None
    first: bool = True
    last: bool = True


class Booking(NamedTuple):
    """A fill, or the part of one that closes or that opens, as the journal will record it. `position_before` signed
    lots; `stop_ticks` of an opening fill; costs in the bot's money."""

    lots: int
    reason: Reason
    decision_bar: int
    position_before: int
    raw_price: float
    fee: float
    spread_cost: float
    slippage_cost: float
    equity_before: float
    gain: float
    trade_funding: float
    trade_borrow: float
    stop_ticks: int | None


def booked(kind: Kind, state: State, deal: Deal) -> tuple[State, tuple[Booking, ...]]:
    """The state after a fill, and its one or two parts."""
    held = state.holding
    if held.side * deal.side >= 0:
        after, part = _opened(kind, state, deal, deal.lots, deal.fee)
        return after, (part,)
    closing = min(deal.lots, held.lots)
    fee = deal.fee * closing / deal.lots if closing < deal.lots else deal.fee
    after, part = _closed(kind, state, deal, closing, fee)
    if closing == deal.lots:
        return after, (part,)
    turned, beyond = _opened(kind, after, deal, deal.lots - closing, deal.fee - fee)
    return turned, (part, beyond)


def charged(state: State, funding: float, borrow: float) -> State:
    """The state after funding and borrow were taken."""
    money, trade = charge(state.money, state.trade, funding, borrow)
    return state._replace(money=money, trade=trade)


def _opened(kind: Kind, state: State, deal: Deal, lots: int, fee: float) -> tuple[State, Booking]:
    rules, features, holding = kind.rules, kind.features, state.holding
    part = _part(kind, state, deal, lots, fee, 0.0)
    if holding.side:
        adds = 1 if deal.first and deal.opening is not None and deal.opening.is_add else 0
        holding, trade, money = book_add(
            rules, features, holding, state.trade, state.money, lots, deal.price, fee, adds
        )
        return state._replace(holding=holding, trade=trade, money=money), part
    opening = deal.opening or Opening(None, None, rules.leverage, 0.0)
    by_limit = deal.part is Part.LIMIT
    holding, levels, trade, money = book_open(
        rules, features, state.money, deal.bar, deal.side, lots, deal.price, fee, opening.leverage,
        _number(opening.stop_distance), _number(opening.take_distance), opening.confidence, deal.decision_bar,
        deal.bar if by_limit else -1, opening.placed,
    )  # fmt: skip
    after = state._replace(holding=holding, levels=levels, trade=trade, money=money)
    return after, part._replace(stop_ticks=levels.stop if levels.has_stop else None)


def _closed(kind: Kind, state: State, deal: Deal, lots: int, fee: float) -> tuple[State, Booking]:
    rules, holding = kind.rules, state.holding
    inverse = is_inverse(rules, kind.features)
    gain = result(inverse, holding.side, lots * rules.lot, rules.contract_size, holding.average, deal.price)
    part = _part(kind, state, deal, lots, fee, gain)
    holding, trade, money, blocks = book_close(
        holding, state.trade, state.money, state.blocks, lots, deal.price, fee, gain, int(deal.reason), deal.bar
    )
    levels = state.levels
    if deal.part is Part.TAKE and deal.last:  # until then the rest of it waits at its level
        levels = Levels(levels.stop, levels.has_stop, levels.trailed, levels.take, 0, 1)
    after = state._replace(holding=holding, levels=levels, trade=trade, money=money, blocks=blocks)
    return after, part


def _part(kind: Kind, state: State, deal: Deal, lots: int, fee: float, gain: float) -> Booking:
    """The record of a fill, before it is booked; its costs share the gap between raw and fill price by their rates."""
    rules, holding, trade = kind.rules, state.holding, state.trade
    priced = deal.priced or Priced(deal.price, 0.0, 0.0)
    inverse = is_inverse(rules, kind.features)
    gap = result(inverse, deal.side, lots * rules.lot, rules.contract_size, priced.raw_price, deal.price)
    moved = priced.half_spread + priced.slippage
    spread = gap * (priced.half_spread / moved if moved > 0.0 else 0.0)
    return Booking(
        lots=lots,
        reason=deal.reason,
        decision_bar=deal.decision_bar,
        position_before=holding.side * holding.lots,
        raw_price=priced.raw_price,
        fee=fee,
        spread_cost=spread,
        slippage_cost=gap - spread,
        equity_before=state.marks.equity,
        gain=gain,
        trade_funding=trade.funding if holding.side else 0.0,
        trade_borrow=trade.borrow if holding.side else 0.0,
        stop_ticks=None,
    )


def _number(distance: float | None) -> float:
    return math.nan if distance is None else distance
