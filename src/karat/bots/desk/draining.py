"""The way to an orderly end: what may still open something is asked back, and nothing is left under way."""

from __future__ import annotations

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.oms.client_ids import Part
from karat.oms.records import TERMINAL, Status

_UNDER_WAY = frozenset({Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.CANCEL_REQUESTED})


def is_drained(desk: Desk) -> bool:
    """Whether nothing is under way: what protects a position stays at the venue."""
    for book in desk.books.values():
        for order in book.live_orders():
            if order.status in _UNDER_WAY or order.missing_lots or order in book.live_of(Part.ENTRY, Part.LIMIT):
                return False
    return desk.is_written


def recall_entries(book: Book, cause: str) -> None:
    """Ask back whatever may still open something for a bot."""
    for order in tuple(book.live_of(Part.ENTRY, Part.LIMIT)):
        if not order.cancel_is_open and order.status not in TERMINAL:
            book.cancel(order.id, cause)
