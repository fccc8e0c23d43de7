"""What stands beside the book of a bot in its market: other bots, and lots that are nobody's.

A venue has one position per market: the sum of all books, and of what is nobody's. Its reduce-only mark looks at that
sum alone. So where others hold more of the other side, an order of this bot that may only reduce finds nothing to
reduce: its stop cannot stand at the venue, where the sum has no risk of that side either, and the own monitor watches
its level; its exit leaves without a mark, bounded by what the bot holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from karat.core.model.instrument import Kind
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part, part_of
from karat.oms.records import Status

if TYPE_CHECKING:
    from karat.bots.desk.book import Book


_ON_ITS_WAY = frozenset({Status.SENT, Status.UNKNOWN})
_LIVE = frozenset({Status.ACKNOWLEDGED, Status.PARTLY_FILLED, Status.CANCEL_REQUESTED})
_SURE = 1.2  # times the least that an order must be worth: prices move on the way


@dataclass(frozen=True, slots=True)
class Beside:
    """Of one book among all `books` of its desk, by number."""

    books: Mapping[int, Book]
    book: Book

    def others_lots(self) -> int:
        """What all other bots of the market hold by their books, signed."""
        return sum(one.kernel.holding.side * one.kernel.holding.lots for one in self._others())

    def taken_lots(self) -> int:
        """How many lots of this book nobody's lots of the other side have taken away at the venue. They take each lot
        once: of the bots on one side, the one with the lowest number loses first."""
        holding = self.book.kernel.holding
        left = max(-holding.side * self.book.external_lots, 0)
        if not left:
            return 0
        same = (one.kernel.holding.lots for one in self._others() if one.kernel.holding.side == holding.side
                and one.number < self.book.number)  # fmt: skip
        return min(max(left - sum(same), 0), holding.lots)

    def others_move(self) -> bool:
        """Whether something of the others is under way by which the sum may change at any moment, or has already: an
        exit, or an entry of which nothing has been heard."""
        return any(
            order.status in _ON_ITS_WAY or (order.status in _LIVE and part_of(order.id) in (Part.EXIT, Part.FLATTEN))
            for one in self._others() for order in one.live_orders() if part_of(order.id) not in (Part.STOP, Part.TAKE)
        )  # fmt: skip

    def _others(self) -> Iterator[Book]:
        mine = self.book
        return (one for one in self.books.values() if one is not mine and one.record.market == mine.record.market)


def borne_lots(book: Book) -> int:
    """How much the account has on the side of this bot, by the books and what is nobody's; not above 0: others outweigh
    it."""
    holding = book.kernel.holding
    others = 0 if book.beside is None else book.beside.others_lots() + book.external_lots
    return holding.lots + holding.side * others


def is_borne(book: Book) -> bool:
    """Whether the position of the account is on the side of this bot, so that a reducing order finds something."""
    return borne_lots(book) > 0


def is_marked(book: Book, lots: int, mark: float | None) -> bool:
    """Whether an exit of `lots` leaves marked as reducing. Of more than the account has the venue fills that much, and
    the rest follows without a mark; where that would be too small to leave, all of it goes without one, unless a stop
    or a take is alive beside it: both could fill. What is left over then, or too small as a whole, leaves marked, to be
    refused until there is room for it. `mark` in quote units, None: unknown."""
    borne = borne_lots(book)
    if borne <= 0:
        return _is_dust(book, lots, mark)  # without a mark or not at all: one that is refused is tried again
    if borne >= lots or _is_dust(book, lots, mark, _SURE):
        return True
    return any(book.live_of(Part.STOP, Part.TAKE)) or not _is_dust(book, lots - borne, mark, _SURE)


def may_close(book: Book, lots: int, mark: float | None) -> bool:
    """Whether a venue would take an exit of `lots` now: without a mark it has to be worth what an order must be."""
    return is_borne(book) or not _is_dust(book, lots, mark)


def _is_dust(book: Book, lots: int, mark: float | None, times: float = 1.0) -> bool:
    """Whether `lots` are worth less than `times` what an order must be; without a price, at that of the entry."""
    instrument = book.record.instrument
    price = 1.0 if instrument.kind == Kind.INVERSE else book.kernel.holding.average if mark is None else mark
    return lots * instrument.lot * instrument.contract_size * price < times * instrument.min_notional


def is_nobodys(book: Book) -> bool:
    """Whether an order that was to close began the position: it met the lots of other bots, or more than it asked for
    was filled. No decision stands behind such a position, and no stop was ever meant for it."""
    return bool(book.open_fills) and book.open_fills[0].reason not in (Reason.ENTRY, Reason.REENTRY)
