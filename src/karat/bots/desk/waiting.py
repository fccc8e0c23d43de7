"""An entry that waits for the end of an earlier one of its bot.

A simulated venue takes an order back at once. At any other a cancel is a wish: until the venue has confirmed it, the
old order may fill, and two entries side by side could come to twice what was decided (invariant S6). So the new one is
written down and leaves when the way is free, or never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import Part
from karat.oms.records import Event, EventKind, Status
from karat.ports.trading import OrderRecord

if TYPE_CHECKING:
    from karat.bots.desk.book import Book

OPENING = frozenset({Part.ENTRY, Part.LIMIT})


class Waiting(NamedTuple):
    """The order that waits, and since when. Lost with the process: whoever follows withdraws what never left."""

    order: ClientOrderId
    since_ms: int


def has_to_wait(book: Book, part: Part, decision_ts: int) -> bool:
    """Whether an entry of another decision may still fill."""
    if part not in OPENING or book.traits.simulates:
        return False
    return any(book.notes[order.id].decision_ts != decision_ts for order in book.live_of(*OPENING))


def let_go(book: Book, cause: str) -> None:
    """Send what waits once nothing is in its way; drop it where the earlier entry has filled after all."""
    waiting = book.waiting
    if waiting is None:
        return
    record = book.notes[waiting.order]
    if record.order.status is not Status.INTENDED:
        book.waiting = None
    elif not has_to_wait(book, _part(record), record.decision_ts):
        book.waiting = None
        grows = record.opening is not None and record.opening.is_add
        overtaken = bool(book.kernel.holding.side) and not grows
        book.take(Event(EventKind.WITHDRAW if overtaken else EventKind.SEND, waiting.order), cause)


def give_up(book: Book, now_ms: int, longest_ms: int) -> None:
    """Drop what has waited for too long: it was decided for another market."""
    waiting = book.waiting
    if waiting is not None and not 0 <= now_ms - waiting.since_ms < longest_ms:
        book.waiting = None
        book.take(Event(EventKind.WITHDRAW, waiting.order), "clock", reason="an earlier entry did not end")


def _part(record: OrderRecord) -> Part:
    return Part.LIMIT if record.order.limit_ticks is not None else Part.ENTRY
