"""Layer 5: the house. Is anything latched, is everything healthy, does the margin carry what is in flight?"""

from __future__ import annotations

import math

from karat.risk.case import Case, Unknown, flag, not_negative, number
from karat.risk.rules import Faults, Line, Rule


def switches(case: Case) -> Faults:
    """Kill switch, breakers and safe mode."""
    system = case.snapshot.system
    if system.breakers_latched is None:
        raise Unknown("the state of the breakers is not known")
    words = [f"breaker {name} is latched" for name in system.breakers_latched]
    words += ["the kill switch is latched"] if flag(system.kill_latched, "the kill switch") else []
    words += ["this is safe mode"] if flag(system.safe_mode, "whether this is safe mode") else []
    return Faults(tuple(words))


def house(case: Case) -> Faults:
    """Store, lease, gate, configuration and reconciliation."""
    system = case.snapshot.system
    asked = {
        "books and venue were compared": system.reconciled,
        "the store can be written": system.store_writable,
        "this process holds the lease": system.lease_held,
        "the gate of this mode is open": system.gate_open,
        "the configuration was accepted": system.configuration_accepted,
    }
    missing = [what for what, is_so in asked.items() if not flag(is_so, f"whether {what}")]
    return Faults(tuple(f"it is not so that {what}" for what in missing))


def venue(case: Case) -> Faults:
    """The venue is healthy, and takes entries of this market."""
    words = [] if flag(case.snapshot.system.venue_healthy, "health of the venue") else ["the venue is not healthy"]
    closing = flag(case.market.close_only, f"whether {case.proposal.market} takes entries")
    return Faults((*words, *([f"{case.proposal.market} takes exits alone"] if closing else [])))


def data(case: Case) -> Faults:
    """Market data is whole."""
    return Faults(() if flag(case.snapshot.system.data_intact, "integrity of the data") else ("the data is not whole",))


def clock_skew(case: Case) -> float:
    return abs(number(case.snapshot.system.clock_skew_ms, "the clock's error"))


def orders_in_flight(case: Case) -> float:
    """With this one."""
    if case.snapshot.in_flight is None:
        raise Unknown("what is in flight is not known")
    return float(sum(not one.reduce_only for one in case.snapshot.in_flight) + 1)


def margin_used(case: Case) -> tuple[Line, ...]:
    """Of the account's equity, with everything in flight filled at the worst."""
    used = not_negative(case.snapshot.account.margin_used, "the margin used")
    return (Line(used + _in_flight(case), _own(case), case.equity),)


def margin_free_taken(case: Case) -> tuple[Line, ...]:
    """Of what the venue says is free: by what is in flight, fees included."""
    free = number(case.snapshot.account.margin_free, "the free margin")
    if free <= 0.0:
        raise Unknown("there is no free margin")
    return (Line(_in_flight(case), _own(case), free),)


def _in_flight(case: Case) -> float:
    return math.fsum(one.margin for one in case.exposures)


def _own(case: Case) -> float:
    return case.margin_of(case.own_per_lot, case.market, case.leverage)


SYSTEM_RULES = (
    Rule("switches", 5, "", "faults", "nothing is latched", gate=switches),
    Rule("house", 5, "", "faults", "store, lease, gate, configuration and books are in order", gate=house),
    Rule("venue", 5, "", "faults", "the venue is well and takes entries", gate=venue),
    Rule("data", 5, "", "faults", "the data is whole", gate=data),
    Rule("clock_skew", 5, "limits.clock_skew", "milliseconds", "the clock is right", gate=clock_skew),
    Rule("orders_in_flight", 5, "limits.orders_in_flight", "orders", "few orders are open", gate=orders_in_flight),
    Rule("margin_used", 5, "limits.margin_used", "share", "margin is left over", cap=margin_used),
    Rule("margin_free_taken", 5, "limits.margin_free_taken", "share", "the margin is there", cap=margin_free_taken),
)
