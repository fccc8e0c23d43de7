"""Remains of bots that stand against each other, settled between their books.

A venue has one position per market. Where one bot holds a lot or two and another as many of the other side, the venue
holds nothing, and each of them is worth less than an order must be: neither can ever leave. So the two are closed
against each other at the price of the market, without a fee: one fill in each book, of one price, written together.
The sum of all books stays what it was, and so does the sum of their money.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from karat.bots.desk.beside import may_close
from karat.bots.desk.book import Book
from karat.bots.desk.codec import fill_plain
from karat.bots.desk.desk import Desk
from karat.bots.desk.fill_records import book_deal
from karat.bots.desk.filling import Deal
from karat.core.ids import MarketId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.reconcile import VenueView
from karat.oms.records import Fill
from karat.ports.cockpit import EventKind


def settle_remains(desk: Desk, view: VenueView, markets: Iterable[MarketId]) -> None:
    """Settle what is left over in those of `markets` that are flat in this look; books and venue agree on them."""
    for market in markets:
        fresh = desk.condition.freshness
        age = None if fresh is None else fresh.quote_age_ms(market, desk.now_ms())
        quote = desk.quotes.get(market)
        if view.positions.get(market) != 0 or age is None or age > desk.timings.quote_age_ms:
            continue
        if quote is not None and quote.mark is not None:
            _settle(desk, market, view.id, quote.mark)


def _settle(desk: Desk, market: MarketId, look: str, mark: float) -> None:
    """The longs of a market against its shorts, in the order of the bots, as far as both go."""
    left = [book for book in desk.books.values() if book.record.market == market and _is_left_over(book, mark)]
    longs = [book for book in left if book.kernel.holding.side > 0]
    shorts = [book for book in left if book.kernel.holding.side < 0]
    number = 0
    while longs and shorts:
        long, short = longs[0], shorts[0]
        lots = min(long.kernel.holding.lots, short.kernel.holding.lots)
        for book, other in ((long, short), (short, long)):
            side = -book.kernel.holding.side
            name = f"settled:{look}:{number}:{book.number}"
            price = Decimal(repr(mark))
            fill = Fill(name, desk.now_ms(), number, lots, price, Decimal(0), book.record.instrument.settle)
            _book(desk, book, side, fill, other)
        number += 1
        longs = [book for book in longs if book.kernel.holding.lots]
        shorts = [book for book in shorts if book.kernel.holding.lots]


def _is_left_over(book: Book, mark: float) -> bool:
    """Whether nothing is under way for a position that no venue would take an order for, nor has nobody's lots."""
    lots = book.kernel.holding.lots
    return bool(lots) and book.there_lots == lots and not book.live_orders() and not may_close(book, lots, mark)


def _book(desk: Desk, book: Book, side: int, fill: Fill, other: Book) -> None:
    """One of the two fills: into the exact book, the kernel's records and the log."""
    parent, bot = desk.parent_of(book), book.record.id
    assert parent is not None, f"{bot} holds what no fill began"
    book.account = book.account.book(side, fill).settled()
    desk.gathered.accounts[bot] = book.account_record()
    payload = {"side": side, "fill": fill_plain(fill), "with": other.record.id}
    text = f"{fill.lots} lots, too few for an order, were settled with {other.record.id} at {fill.price}."
    desk.gathered.tell(bot, EventKind.FILLED, text, {"settled": payload}, parent)
    deal = Deal(
        Part.FLATTEN, side, fill.lots, float(fill.price), 0.0, book.kernel.bar, fill.ts, Reason.KILL,
        book.kernel.trade.decision_bar, None, None, None,
    )  # fmt: skip
    book_deal(book, deal, parent)
