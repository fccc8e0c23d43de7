"""Which gate stands before the entries of a bot."""

from __future__ import annotations

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.gates import Gate
from karat.bots.desk.house import House
from karat.bots.desk.risk_gate import RiskGate
from karat.bots.desk.switches import SwitchGate
from karat.bots.history import History
from karat.ports.data_health import DataHealth
from karat.ports.journal import LimitedBy
from karat.ports.trading import Facts


def gate_of(desk: Desk, book: Book, history: History, facts: Facts, data: DataHealth | None = None) -> Gate:
    """The switches bind every bot; filter, breakers and layers of risk those that are under the limits of the fleet.
    `facts` are those of the journal when the desk began; `data` knows of damage to what is stored."""
    if book.record.limits is LimitedBy.NONE:
        return SwitchGate(desk.condition)
    if desk.house is None:
        desk.house = House(desk, facts, data)
    return RiskGate(desk.house, book, history)
