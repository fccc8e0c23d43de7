"""From a decision of the kernel to the orders it means, and from those to what is sent."""

from __future__ import annotations

import math
from typing import NamedTuple

from karat.core.model.reasons import Reason
from karat.kernel.records import Limit
from karat.kernel.records import Order as Decided
from karat.kernel.state import State
from karat.kernel.trading import no_limit, no_order
from karat.oms.client_ids import Part
from karat.oms.records import Order
from karat.ports.trading import Opening, OrderRecord
from karat.ports.venue import Submit, Timing

NOTHING_DECIDED: Decided = no_order()


class Wish(NamedTuple):
    """An order that a decision asks for. `due_bar`: it acts from that bar's open."""

    part: Part
    side: int
    lots: int
    due_bar: int
    reason: Reason
    timing: Timing
    limit_ticks: int | None = None
    opening: Opening | None = None


def wishes(before: State, after: State) -> tuple[Wish, ...]:
    """The orders of the decision between `before` and `after`: an exit first, then what opens or grows."""
    asked: list[Wish] = []
    order, limit = after.order, after.limit
    if before.order.due < 0 <= order.due:
        if order.exit_reason and after.holding.side:
            asked.append(_exit(after))
        if order.side:
            asked.append(_entry(order))
    if limit.side and not before.limit.side:
        asked.append(_limit(limit))
    return tuple(asked)


def recalls_limit(before: State, after: State) -> bool:
    """Whether the decision takes back the re-entry limit that was alive."""
    return bool(before.limit.side and not after.limit.side)


def without(state: State, part: Part) -> State:
    """The state of a decision of which the entry, or the re-entry limit, was refused."""
    if part is Part.LIMIT:
        return state._replace(limit=no_limit())
    order = state.order
    if not order.exit_reason:
        return state._replace(order=NOTHING_DECIDED)
    return state._replace(order=order._replace(side=0, lots=0, add=0))


def smaller(state: State, part: Part, lots: int) -> State:
    """The state of a decision of which the entry, or the re-entry limit, was cut to `lots`."""
    if part is Part.LIMIT:
        return state._replace(limit=state.limit._replace(lots=lots))
    return state._replace(order=state.order._replace(lots=lots))


def submit_of(record: OrderRecord) -> Submit:
    """What is sent of an order."""
    order = record.order
    return Submit(
        order.id, order.market, order.side, order.lots, order.limit_ticks, order.trigger_ticks, order.reduce_only,
        record.post_only, order.sends, record.timing,
    )  # fmt: skip


def is_same(one: Order, other: Order) -> bool:
    """Whether nothing about an order changed."""
    return one is other or one == other


def _exit(state: State) -> Wish:
    order, holding = state.order, state.holding
    lots = holding.lots if order.close_lots < 0 else min(order.close_lots, holding.lots)
    timing = Timing(order.due, slip_lots=order.slip_lots)
    return Wish(Part.EXIT, -holding.side, lots, order.due, Reason(order.exit_reason), timing)


def _entry(order: Decided) -> Wish:
    timing = Timing(order.due, slip_lots=order.slip_lots, leverage=order.leverage, is_add=bool(order.add))
    opening = Opening(
        _known(order.stop_distance), _known(order.take_distance), order.leverage, order.confidence,
        is_add=bool(order.add),
    )  # fmt: skip
    return Wish(Part.ENTRY, order.side, order.lots, order.due, Reason.ENTRY, timing, opening=opening)


def _limit(limit: Limit) -> Wish:
    timing = Timing(limit.first_bar, limit.last_bar, leverage=limit.leverage)
    opening = Opening(
        _known(limit.stop_distance), _known(limit.take_distance), limit.leverage, limit.confidence, limit.placed
    )
    return Wish(Part.LIMIT, limit.side, limit.lots, limit.first_bar, Reason.REENTRY, timing, limit.ticks, opening)


def _known(distance: float) -> float | None:
    return None if math.isnan(distance) else distance
