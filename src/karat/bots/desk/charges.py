"""Payments that a venue takes from the position of an account, shared out to the bots that made it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from karat.bots.desk.filling import charged
from karat.oms.accounts import EXACT
from karat.ports.cockpit import EventKind
from karat.ports.venue import Charged

if TYPE_CHECKING:
    from karat.bots.desk.book import Book
    from karat.bots.desk.desk import Desk


def share_out(desk: Desk, said: Charged) -> None:
    """Book a payment once: to the first bot of its market that holds something, else to the first one there is. The sum
    over bots is what the venue took, to the last digit."""
    if said.id in desk.charged:
        return
    books = [book for book in desk.books.values() if book.record.market == said.market]
    book = next((one for one in books if one.kernel.holding.side), next(iter(books), None))
    if book is None:
        return  # told again: there is nobody yet
    desk.charged.append(said.id)
    desk.gathered.facts["charged"] = {"ids": list(desk.charged)}
    book.keep_kernel(charged(book.kernel, float(said.funding), float(said.borrow)))
    note_payment(desk, book, said)


def note_payment(desk: Desk, book: Book, said: Charged) -> None:
    """Tell a payment of a bot, and keep the sum of them."""
    amounts = {"funding": str(said.funding), "borrow": str(said.borrow)}
    book.paid[said.currency] = EXACT.add(book.paid.get(said.currency, Decimal()), EXACT.add(said.funding, said.borrow))
    sums = {name: str(amount) for name, amount in book.paid.items()}
    payload = {"id": said.id, "ts": said.ts, "currency": said.currency, **amounts}
    desk.gathered.facts[f"paid:{book.record.id}"] = sums
    told = {"charged": payload, "facts": {f"paid:{book.record.id}": sums}}
    desk.gathered.tell(book.record.id, EventKind.ORDER, "", told, "venue")
