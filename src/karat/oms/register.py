"""All orders of one account: which order an event is about, and what is kept until that is known.

A word without our id waits (`parked`) until an acknowledgement ties its venue id to an order (failures: O5). A word
about an id that is not in the register waits as well: the intent may be read back later. Both raise `unknown_order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import client_order_id, order_key
from karat.oms.order import step
from karat.oms.records import Alarm, Effect, EffectKind, Event, Order

Routed = tuple["Register", tuple[Effect, ...]]


@dataclass(frozen=True, slots=True)
class Register:
    """Orders by client id, client ids by venue id, and what nobody's order has claimed, each word once."""

    orders: Mapping[ClientOrderId, Order] = field(default_factory=dict[ClientOrderId, Order])
    by_venue_id: Mapping[str, ClientOrderId] = field(default_factory=dict[str, ClientOrderId])
    parked: tuple[Event, ...] = ()

    def intend(self, order: Order) -> Routed:
        """Write a new order down. It is refused where it could be a second one for the same intent.

        The same order again changes nothing. Another content under the id raises `id_reused`. A further attempt while
        an earlier one is not over, or for more than these left, raises `second_order_for_intent`. What had waited for
        the order is then told to it.
        """
        there = self.orders.get(order.id)
        if there is not None:
            return self, () if _content(there) == _content(order) else _raised(order.id, Alarm.ID_REUSED)
        if not self._may_follow(order):
            return self, _raised(order.id, Alarm.SECOND_ORDER_FOR_INTENT)
        known = {} if order.venue_id is None else {order.venue_id: order.id}
        by_venue_id = {**self.by_venue_id, **known}
        return Register({**self.orders, order.id: order}, by_venue_id, self.parked)._unpark(order.id, ())

    def take(self, event: Event) -> Routed:
        """Tell `event` to its order, or park it."""
        name = event.order if event.order is not None else self.by_venue_id.get(event.venue_id or "")
        if name is None or name not in self.orders:
            if event in self.parked:
                return self, ()
            parked = replace(self, parked=(*self.parked, event))
            return parked, _raised(name, Alarm.UNKNOWN_ORDER)
        order, effects = step(self.orders[name], event)
        after = Register({**self.orders, name: order}, self.by_venue_id, self.parked)
        if order.venue_id is None or order.venue_id in self.by_venue_id:
            return after, effects
        bound = Register(after.orders, {**self.by_venue_id, order.venue_id: name}, self.parked)
        return bound._unpark(name, effects)

    def retire(self, names: Iterable[ClientOrderId]) -> Register:
        """Without those of `names` that are over, so that months of orders weigh nothing.

        The journal keeps them and answers first whether an intent is known. A late word about a retired order is parked
        with its alarm; `intend` with the order as it was read back tells it.
        """
        gone = {name for name in names if name in self.orders and self.orders[name].is_over}
        orders = {name: order for name, order in self.orders.items() if name not in gone}
        by_venue_id = {venue_id: name for venue_id, name in self.by_venue_id.items() if name not in gone}
        return replace(self, orders=orders, by_venue_id=by_venue_id)

    def _unpark(self, name: ClientOrderId, effects: tuple[Effect, ...]) -> Routed:
        if not self.parked:
            return self, effects
        venue_id = self.orders[name].venue_id
        mine = [event for event in self.parked if event.order == name or (
            event.order is None and event.venue_id is not None and event.venue_id == venue_id
        )]  # fmt: skip
        after = replace(self, parked=tuple(event for event in self.parked if event not in mine))
        for event in mine:
            after, more = after.take(event)
            effects = (*effects, *more)
        return after, effects

    def _may_follow(self, order: Order) -> bool:
        """Whether all earlier attempts are over, and left at least the lots that this one asks for."""
        key = order_key(order.id)
        if key is None:
            return False
        before = [self.orders.get(client_order_id(replace(key, attempt=attempt))) for attempt in range(key.attempt)]
        there = [one for one in before if one is not None]
        if len(there) < len(before) or not all(one.is_over for one in there):
            return False
        return not there or order.lots + sum(one.filled_lots for one in there) <= there[0].lots


def _content(order: Order) -> tuple[object, ...]:
    return order.market, order.side, order.lots, order.limit_ticks, order.trigger_ticks, order.reduce_only


def _raised(order: ClientOrderId | None, alarm: Alarm) -> tuple[Effect, ...]:
    return (Effect(EffectKind.RAISE, order, alarm),)
