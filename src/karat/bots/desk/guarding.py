"""What protects the position of one bot, from its kernel state and its orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from karat.bots.desk.filling import Kind
from karat.core.ids import ClientOrderId
from karat.kernel.records import Features, Rules
from karat.kernel.state import State
from karat.kernel.trading import take_lots
from karat.oms.protection import Plan, Protected, plan_protection
from karat.oms.records import Order
from karat.oms.register import Register


def protection_of(
    rules: Rules,
    features: Features,
    state: State,
    orders: Iterable[Order],
    taken_lots: int = 0,
    took_lots: int = 0,
    older: Collection[ClientOrderId] = frozenset(),
) -> Plan:
    """What to do next so that stop and take stand where the state has them.

    `taken_lots` of the position are not at the venue any more: what is left there is all that an order may still close.
    `took_lots` the take has filled so far, and waits for the rest. `older` stops do not count as sent in vain.
    """
    holding, levels = state.holding, state.levels
    there = holding.lots - taken_lots
    if not there:
        return plan_protection(Protected(0, None), orders)
    take = levels.take if levels.has_take else None
    whole = holding._replace(lots=holding.lots + took_lots)
    lots = take_lots(rules, features, whole, levels.take * rules.tick) - took_lots if take is not None else 0
    stop = levels.stop if levels.has_stop else None
    return plan_protection(Protected(holding.side * there, stop, take, max(lots, 0)), orders, older)


class Planner:
    """`protection_of` for one bot, which is asked at every close and every word: thought through again only where
    something about position, levels or orders has changed since. `older`: stops and exits that another life sent, once
    the venue has answered this one."""

    def __init__(self) -> None:
        self.older: frozenset[ClientOrderId] = frozenset()
        self._asked: tuple[object, ...] = ()
        self._register: Register | None = None
        self._rules: Rules | None = None
        self._plan = Plan((), 0)

    def plan(self, kind: Kind, state: State, register: Register, taken_lots: int, took_lots: int) -> Plan:
        """What to do next."""
        holding = state.holding
        whole = (holding.side, holding.lots, holding.entered_lots)
        asked = (*whole, state.levels, taken_lots, took_lots, self.older)  # all it reads
        if register is not self._register or kind.rules is not self._rules or asked != self._asked:
            orders = register.orders.values()
            self._plan = protection_of(kind.rules, kind.features, state, orders, taken_lots, took_lots, self.older)
            self._asked, self._register, self._rules = asked, register, kind.rules
        return self._plan
