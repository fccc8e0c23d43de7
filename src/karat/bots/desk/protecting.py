"""What the desk does for the protection of one position, and how it closes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karat.bots.desk.beside import is_borne, is_marked, may_close
from karat.bots.desk.book import Book
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.protection import UNHEARD_MAX, Cancel, Flatten, Place
from karat.oms.records import TERMINAL, Status
from karat.ports.venue import Timing

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk

PROTECTIVE = (Part.STOP, Part.TAKE)


def protect(desk: Desk, book: Book, cause: str) -> None:
    """Do what the protection of a bot's position wants next."""
    held = book.kernel.holding.side
    if not held and not any(book.live_of(*PROTECTIVE)):
        return
    if not desk.can_close(book):
        return
    refused = book.refused_ms is not None and desk.now_ms() - book.refused_ms < desk.timings.chase_ms
    for action in book.protection().actions:
        if isinstance(action, Place):
            # A venue that refuses at once would be asked without end; and an exit without a mark closes alone.
            if not refused and is_borne(book) and not _leaves_unmarked(book):
                _place(desk, book, action, cause)
        elif isinstance(action, Cancel):
            if not _was_just_asked(desk, book, action.order):
                book.cancel(action.order, cause)
        else:
            flatten(desk, book, action, cause)


def flatten(desk: Desk, book: Book, action: Flatten, cause: str) -> None:
    """Close a position at the market, unless that is under way. A simulated venue fills it at the last price that it
    knows, at once."""
    if not _may_flatten(desk, book) or not leaves_alone(desk, book, action.lots, cause):
        return
    timing = None if desk.venue.traits.simulates else Timing(book.kernel.bar)
    marked = is_marked(book, action.lots, mark_of(desk, book))
    book.intend(
        Part.FLATTEN, action.side, action.lots, cause, decision_bar=book.kernel.bar - 1, decision_ts=desk.now_ms(),
        reason=Reason.KILL, reduce_only=marked, parent=desk.parent_of(book), timing=timing,
    )  # fmt: skip


def _was_just_asked(desk: Desk, book: Book, name: ClientOrderId) -> bool:
    """Whether a venue that refused to let an order go would be asked again at once, and so without end. Of an order
    that it does not know it was asked once: it is asked again when the order is heard of."""
    record = book.notes[name]
    asked_ms = record.cancel_ms
    if desk.venue.traits.simulates or asked_ms is None:
        return False
    if record.order.status is Status.UNKNOWN:
        return True
    return 0 <= desk.now_ms() - asked_ms < desk.timings.chase_ms


def leaves_alone(desk: Desk, book: Book, lots: int, cause: str) -> bool:
    """Whether an exit of `lots` may leave now: only what the bot holds bounds one without a mark. So nothing else
    that would close the position may be alive beside it; that is asked to go first. The position is outweighed then:
    there is no risk of its side at the venue. Unless that may just have changed: then the stop stays."""
    if is_borne(book):
        return True
    protective = tuple(book.live_of(*PROTECTIVE))
    if protective and book.beside is not None and book.beside.others_move():
        return False
    for order in protective:
        asked = order.cancel_is_open or _was_just_asked(desk, book, order.id)
        if not asked and order.status not in TERMINAL:
            book.cancel(order.id, cause)
    alive = any(order.status not in TERMINAL for order in book.live_of(*PROTECTIVE))
    return not alive and may_close(book, lots, mark_of(desk, book))


def decided_marked(book: Book, lots: int, mark: float) -> bool:
    """Whether an exit that a bot has decided leaves marked. One that is not alone does: it is refused, and tried again
    when it is."""
    alone = is_borne(book) or not any(book.live_of(*PROTECTIVE))
    return not alone or is_marked(book, lots, mark)


def mark_of(desk: Desk, book: Book) -> float | None:
    """The newest price of a book's market; None: none was heard."""
    quote = desk.quotes.get(book.record.market)
    return None if quote is None else quote.mark


def _place(desk: Desk, book: Book, action: Place, cause: str) -> None:
    is_stop = action.part is Part.STOP
    parent = desk.parent_of(book)
    note = book.notes.get(parent) if parent is not None else None
    book.intend(
        action.part, action.side, action.lots, cause, decision_bar=book.kernel.trade.decision_bar,
        decision_ts=desk.now_ms() if note is None else note.decision_ts, reason=Reason.STOP if is_stop else Reason.TAKE,
        trigger_ticks=action.ticks if is_stop else None, limit_ticks=None if is_stop else action.ticks,
        reduce_only=True, parent=parent, timing=Timing(book.kernel.bar),
    )  # fmt: skip


def _leaves_unmarked(book: Book) -> bool:
    """Whether an exit is under way that no mark bounds: whatever else closed the position would come on top of it."""
    return any(not order.reduce_only for order in book.live_of(Part.FLATTEN, Part.EXIT))


def _may_flatten(desk: Desk, book: Book) -> bool:
    """Whether nothing of the kind is under way, and it would be heard."""
    if desk.venue.traits.simulates:
        return not any(book.live_of(Part.FLATTEN))
    if _leaves_unmarked(book):
        return False
    leaving = {order.id: order.status for order in book.live_of(Part.FLATTEN, Part.EXIT)}
    unheard = {name for name, status in leaving.items() if status is Status.UNKNOWN}
    alone = book.beside is None or not book.beside.others_lots()
    tries = unheard - book.planner.older if alone else unheard  # one more may be tried beside these
    tries_max = UNHEARD_MAX if alone else 1  # a mark bounds the sum of all books, not this one
    if len(unheard) < len(leaving) or len(tries) >= tries_max or not desk.can_close(book):
        return False
    return book.failed_exit is None or desk.now_ms() - book.failed_ms >= desk.timings.chase_ms
