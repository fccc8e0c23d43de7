"""The way of a decision through the gates: what is left of it becomes orders."""

from __future__ import annotations

from karat.bots.desk.book import Book
from karat.bots.desk.gates import Gate
from karat.bots.desk.orders import NOTHING_DECIDED, Wish, smaller, wishes, without
from karat.bots.desk.tracing import Tracer
from karat.core.model.reasons import Refusal
from karat.kernel.state import State
from karat.oms.client_ids import Part


def gated(
    book: Book, gate: Gate, tracer: Tracer, met: State, decided: State, ts: int, now_ms: int
) -> tuple[State, list[Wish], Refusal]:
    """The decision after the gates, the orders that are left of it, and why one is gone. Exits always pass."""
    kept, orders, refusal = decided, list[Wish](), Refusal.NONE
    for wish in wishes(met, decided):
        if wish.part is Part.EXIT:
            there = book.there_lots
            if not there or any(book.live_of(Part.EXIT, Part.FLATTEN)):
                return decided._replace(order=NOTHING_DECIDED), [], Refusal.NONE  # gone, or on its way out
            orders.append(wish._replace(lots=min(wish.lots, there)))
            continue
        answer = gate.ask(book, wish, ts, now_ms)
        tracer.gated(wish, answer)
        if answer.lots == 0:
            kept, refusal = without(kept, wish.part), answer.refusal
        elif answer.lots < wish.lots:
            kept = smaller(kept, wish.part, answer.lots)
            orders.append(wish._replace(lots=answer.lots))
        else:
            orders.append(wish)
    return kept, orders, refusal
