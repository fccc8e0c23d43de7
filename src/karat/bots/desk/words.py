"""What the desk does with a word of the venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karat.bots.desk.book import Book
from karat.bots.desk.charges import note_payment, share_out
from karat.bots.desk.fill_records import book_deal, fee_in_own_money
from karat.bots.desk.filling import Deal, charged
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.records import Event
from karat.ports.cockpit import EventKind
from karat.ports.venue import Charged, Linked, Looked, OrderSaid, Quoted, Said, Seized

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk


_SILENT_MORE_MS = 1_500  # our clock and theirs


def take_in(desk: Desk, said: Said) -> None:
    """Do what a word of the venue says."""
    if isinstance(said, OrderSaid):
        _order_said(desk, said)
    elif isinstance(said, Charged):
        _charged(desk, said)
    elif isinstance(said, Seized):
        _seized(desk, said)
    elif isinstance(said, Quoted):
        _quoted(desk, said)
    elif isinstance(said, Looked):
        desk.looked.append(said)
    elif isinstance(said, Linked):
        _linked(desk, said)


def _order_said(desk: Desk, said: OrderSaid) -> None:
    book = desk.book_of(said.event.order) or _book_of_venue_id(desk, said.event)
    if book is None:
        _stray(desk, said)
        return
    if said.event.order is not None and said.event.order not in book.register.orders:
        read_back(desk, book, said.event.order)
    book.take(said.event, "venue", said.priced, said.reason)
    if book.doubted_ms is not None:
        desk.condition.reconciled = False
    desk.protect(book, said.event.order or "venue")
    if said.event.venue_id is not None and desk.strays:
        mine = [one for one in desk.strays if one.event.venue_id == said.event.venue_id]
        for one in mine:
            desk.strays.remove(one)
        desk.inbox.extend(mine)


def _stray(desk: Desk, said: OrderSaid) -> None:
    """A word about an order that nobody here knows yet: kept until an answer tells whose its venue id is."""
    if said in desk.strays:
        return
    desk.strays.append(said)
    name = said.event.order or said.event.venue_id or "?"
    text = f"A word about {name}, which is nobody's here."
    desk.gathered.tell(None, EventKind.ALARM, text, {"alarm": "unknown_order"}, "venue")


def _book_of_venue_id(desk: Desk, event: Event) -> Book | None:
    """Whose order a word without our id is about."""
    if event.order is not None or event.venue_id is None:
        return None
    return next((book for book in desk.books.values() if event.venue_id in book.register.by_venue_id), None)


def read_back(desk: Desk, book: Book, name: ClientOrderId) -> None:
    """An order that was let go of, because it was over, is spoken of again."""
    record = desk.journal.order(name)
    if record is not None and record.bot == book.record.id:
        book.register, _ = book.register.intend(record.order)
        book.notes[name] = record


def _charged(desk: Desk, said: Charged) -> None:
    if said.bot is None:
        share_out(desk, said)
        return
    book = desk.books.get(said.bot)
    if book is None or said.id in book.charges:
        return
    _note_charge(desk, book, said.id)
    book.keep_kernel(charged(book.kernel, float(said.funding), float(said.borrow)))
    book.gathered.booked.append(book.nothing_booked())
    note_payment(desk, book, said)


def _seized(desk: Desk, said: Seized) -> None:
    """The venue liquidated a position."""
    book = desk.books.get(said.bot) if said.bot is not None else None
    if book is None:
        if said.bot is None:
            text = f"The venue liquidated in {said.market}."
            desk.gathered.tell(None, EventKind.ALARM, text, {"alarm": "liquidated", "fill": said.fill.id}, "venue")
            desk.condition.reconciled = False  # what is gone is declared by the looks that follow
        return
    fill = said.fill
    if fill.id in book.charges:
        return
    _note_charge(desk, book, fill.id)
    book.account = book.account.book(said.side, fill).settled()
    desk.gathered.accounts[book.record.id] = book.account_record()
    deal = Deal(
        Part.FLATTEN, said.side, fill.lots, float(fill.price), fee_in_own_money(book, fill), book.kernel.bar,
        fill.ts, Reason.LIQUIDATION, book.kernel.trade.decision_bar, None, None, None,
    )  # fmt: skip
    payload = {"id": fill.id, "ts": fill.ts, "side": said.side, "lots": fill.lots, "price": str(fill.price)}
    desk.gathered.tell(book.record.id, EventKind.ALARM, "The venue liquidated.", {"seized": payload}, "venue")
    parent = desk.parent_of(book)
    if parent is not None:
        book_deal(book, deal, parent)
    desk.protect(book, "liquidation")


def _quoted(desk: Desk, said: Quoted) -> None:
    """Keep the newest prices. Where prices are the venue's, what makes no sense is as if it had not been said."""
    fresh = desk.condition.freshness
    if fresh is not None:
        bid, ask, mark = said.bid, said.ask, said.mark
        if bid is None or ask is None or mark is None or not 0 < bid <= ask or not bid * 0.8 < mark < ask * 1.25:
            return
        moved = desk.heard_ts(said.ts)
        if moved:
            desk.shift(moved)
        fresh.quoted_ms[said.market] = desk.now_ms()
    desk.quotes[said.market] = said


def _note_charge(desk: Desk, book: Book, name: str) -> None:
    book.charges.append(name)
    desk.gathered.facts[f"charges:{book.record.id}"] = {"ids": list(book.charges)}


def _linked(desk: Desk, said: Linked) -> None:
    condition = desk.condition
    if said.silent_ms:
        condition.silent_until_ms = desk.now_ms() + said.silent_ms + _SILENT_MORE_MS
    elif said.up:
        condition.down.discard(said.part)
        condition.silent_until_ms = 0 if said.part == "orders" else condition.silent_until_ms
    else:
        condition.down.add(said.part)
    if not desk.venue.traits.simulates:
        condition.reconciled = False
    text = f"{said.part}: {'connected' if said.up else 'disconnected'} {said.reason}".strip()
    desk.gathered.tell(None, EventKind.WARNING, text, {"up": said.up, "part": said.part}, "venue")
