"""The gate of every bot, whatever its limits: the switches of the house."""

from __future__ import annotations

from karat.bots.desk.book import Book
from karat.bots.desk.condition import Condition
from karat.bots.desk.gates import Answer
from karat.bots.desk.orders import Wish
from karat.core.model.reasons import Refusal
from karat.kernel.state import State

OBSERVING = "observing"


class SwitchGate:
    """Lets a wish through while nothing is switched off and, where prices are the venue's, the decision is not late."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """Switches look at no bars."""

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        gate, wrong = "switches", self.wrong(book, now_ms) or self._late(book, decision_ts, now_ms)
        if not wrong and book.kernel.bar < self._condition.observing.get(book.record.id, 0):
            gate, wrong = OBSERVING, "the first bars after a start are only watched"
        told = {"gate": gate, "passed": not wrong, "reason": wrong}
        return Answer(0, Refusal.SWITCH, gate, wrong, (told,)) if wrong else Answer(wish.lots, chain=(told,))

    def wrong(self, book: Book, now_ms: int) -> str:
        """The first switch that is off, in words; "" where all is well."""
        found = self._condition.wrong(book.record.id, book.record.market, now_ms)
        return found[0][1] if found else ""

    def _late(self, book: Book, decision_ts: int, now_ms: int) -> str:
        fresh = self._condition.freshness
        late_ms = now_ms - decision_ts - book.record.timeframe_ms
        if fresh is None or late_ms <= fresh.timings.decision_age_ms:
            return ""
        return f"the bar of this decision closed {late_ms} ms ago"
