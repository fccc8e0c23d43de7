"""What protects the position of one bot, from its kernel state and its orders."""

from __future__ import annotations

from collections.abc import Iterable

from karat.kernel.records import Features, Rules
from karat.kernel.state import State
from karat.kernel.trading import take_lots
from karat.oms.protection import Plan, Protected, plan_protection
from karat.oms.records import Order


def protection_of(rules: Rules, features: Features, state: State, orders: Iterable[Order], taken_lots: int = 0) -> Plan:
    """What to do next so that stop and take stand where the state has them.

    `taken_lots` of the position are not at the venue any more: what is left there is all that an order may still close.
    """
    holding, levels = state.holding, state.levels
    there = holding.lots - taken_lots
    if not there:
        return plan_protection(Protected(0, None), orders)
    take = levels.take if levels.has_take else None
    lots = take_lots(rules, features, holding, levels.take * rules.tick) if take is not None else 0
    stop = levels.stop if levels.has_stop else None
    return plan_protection(Protected(holding.side * there, stop, take, lots), orders)
