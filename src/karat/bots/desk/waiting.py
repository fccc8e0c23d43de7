"""An entry that waits for the end of an earlier order of its bot.

A simulated venue fills and takes back at once. At any other a cancel is a wish, and of two orders the later may be
filled first. So an entry leaves alone:

1. Until the venue has confirmed the end of an earlier entry that may fill, two side by side could come to twice what
   was decided (invariant S6).
2. Until what closes a position is over, an entry that turns the bot could be filled first: it would close the position
   itself, and the exit would open one that nobody decided (S7).
3. Until stop and take of the old position are gone, they could close the new one.

What waits is written down and leaves when the way is free, or never. What grows a position leaves beside its stop and
take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import Part, part_of
from karat.oms.records import Event, EventKind, Order, Status
from karat.ports.trading import OrderRecord

if TYPE_CHECKING:
    from karat.bots.desk.book import Book

OPENING = frozenset({Part.ENTRY, Part.LIMIT})
_CLOSING = frozenset({Part.EXIT, Part.FLATTEN})


class Waiting(NamedTuple):
    """The order that waits, and since when. Lost with the process: whoever follows withdraws what never left."""

    order: ClientOrderId
    since_ms: int


def has_to_wait(book: Book, record: OrderRecord) -> bool:
    """Whether something is alive that an entry may not leave beside."""
    if part_of(record.order.id) not in OPENING or book.traits.simulates:
        return False
    return any(_is_in_the_way(book, order, record) for order in book.live_orders() if order.id != record.order.id)


def let_go(book: Book, cause: str) -> None:
    """Send what waits once nothing is in its way; drop it where the bot no longer stands as it was decided for."""
    for one in book.waiting:
        if one not in book.waiting:  # gone with the one before, which led here again
            continue
        record = book.notes[one.order]
        if record.order.status is not Status.INTENDED:
            _forget(book, one)
        elif not has_to_wait(book, record):
            _forget(book, one)
            stands = book.kernel.holding.side == (record.order.side if _grows(record) else 0)
            book.take(Event(EventKind.SEND if stands else EventKind.WITHDRAW, one.order), cause)


def give_up(book: Book, now_ms: int, longest_ms: int) -> None:
    """Drop what has waited for too long: it was decided for another market."""
    for one in book.waiting:
        if not 0 <= now_ms - one.since_ms < longest_ms:
            _forget(book, one)
            book.take(Event(EventKind.WITHDRAW, one.order), "clock", reason="an earlier order did not end")


def _forget(book: Book, gone: Waiting) -> None:
    book.waiting = tuple(one for one in book.waiting if one is not gone)


def _is_in_the_way(book: Book, order: Order, record: OrderRecord) -> bool:
    part = part_of(order.id)
    if part in OPENING:
        return book.notes[order.id].decision_ts != record.decision_ts
    return part in _CLOSING or not _grows(record)


def _grows(record: OrderRecord) -> bool:
    return record.opening is not None and record.opening.is_add
