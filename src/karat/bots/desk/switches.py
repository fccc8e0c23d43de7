"""The gate of every bot, whatever its limits: the switches of the house."""

from __future__ import annotations

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Condition
from karat.bots.desk.gates import Answer
from karat.bots.desk.orders import Wish
from karat.core.model.reasons import Refusal
from karat.kernel.state import State

OBSERVING = "observing"


class SwitchGate:
    """Lets a wish through while nothing is switched off."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """Switches look at no bars."""

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        gate, wrong = "switches", self.wrong(book)
        if not wrong and book.kernel.bar < self._condition.observing.get(book.record.id, 0):
            gate, wrong = OBSERVING, "the first bars after a start are only watched"
        told = {"gate": gate, "passed": not wrong, "reason": wrong}
        return Answer(0, Refusal.SWITCH, gate, wrong, (told,)) if wrong else Answer(wish.lots, chain=(told,))

    def wrong(self, book: Book) -> str:
        """The first switch that is off, in words; "" where all is well."""
        condition = self._condition
        if condition.killed:
            return f"the kill switch is latched: {condition.killed}"
        for name, words in condition.kill_unknown.items():
            return f"whether the kill switch was pulled in {name} is not known: {words}"
        if condition.safe_mode:
            return f"this is safe mode: {condition.safe_mode}"
        if book.record.id in condition.halts:
            return f"the bot is halted: {condition.halts[book.record.id]}"
        if not condition.store_writable:
            return "the journal cannot be written"
        if not condition.linked:
            return "the venue cannot be reached"
        return "" if condition.reconciled else "books and venue were not compared yet"
