"""The desk itself: what comes in, what is written, what leaves. See the package for how it works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from karat.bots.desk.book import Book
from karat.bots.desk.filling import Deal, charged
from karat.bots.desk.gathered import Gathered
from karat.bots.desk.orders import submit_of
from karat.bots.desk.timings import Timings
from karat.core.errors import RetryLater
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.kernel.engine import Inputs
from karat.oms.client_ids import Part, order_key
from karat.oms.ledger import Entry, EntryKind
from karat.oms.protection import Cancel, Flatten, Place
from karat.oms.records import TERMINAL, Event
from karat.ports.cockpit import BotState, EventKind
from karat.ports.trading import TradingJournal
from karat.ports.venue import (
    CancelOrder,
    Charged,
    Linked,
    Looked,
    OrderSaid,
    Quoted,
    Said,
    Seized,
    SimulatedVenue,
    Standing,
    Timing,
    Venue,
)

PROTECTIVE = (Part.STOP, Part.TAKE)


@dataclass(slots=True)
class Condition:
    """What the desk knows of the house: all of it must be well before an entry leaves."""

    store_writable: bool = True
    linked: bool = True
    reconciled: bool = False
    killed: str = ""
    halts: dict[BotId, str] = field(default_factory=dict[BotId, str])


class Desk:
    """Books of one account, one venue, one journal. `token` is that of the lease; `now_ms` the clock of the desk."""

    def __init__(
        self, journal: TradingJournal, venue: Venue, token: int, now_ms: Callable[[], int],
        timings: Timings | None = None,
    ) -> None:  # fmt: skip
        self.timings = timings or Timings()
        self.journal = journal
        self.venue = venue
        self.token = token
        self.now_ms = now_ms
        self.gathered = Gathered()
        self.condition = Condition(reconciled=venue.traits.simulates)
        self.books: dict[int, Book] = {}
        self.quotes: dict[str, Quoted] = {}
        self.looked: deque[Looked] = deque(maxlen=2)
        self.written: Callable[[int], None] = lambda sequence: None
        self._inbox: deque[Said] = deque()
        self._strays: deque[OrderSaid] = deque(maxlen=256)
        self._hearing = False
        venue.listen(self.hear)

    def join(self, book: Book) -> None:
        """Take a bot's book in. A simulated venue died with the process before: it is told where the bot stands, and is
        given again what had not been heard of, which cannot be there. At any other venue reconciliation asks."""
        self.books[book.number] = book
        if not self.venue.traits.simulates:
            return
        simulated: SimulatedVenue = self.venue  # type: ignore[assignment]
        alive = [order for order in book.live_orders() if order.status not in TERMINAL]
        known = [order for order in alive if order.venue_id is not None]
        orders = tuple((submit_of(book.notes[order.id]), order.venue_id or "", order.filled_lots) for order in known)
        standing = Standing(
            book.record.market, book.record.currency, book.kernel, orders, frozenset(book.charges), book.last_fill_ts
        )
        simulated.enrol(book.number, standing)
        for order in alive:
            if order.venue_id is None:
                simulated.post(submit_of(book.notes[order.id]))
            elif order.cancel_is_open:
                simulated.post(CancelOrder(order.id, order.market, order.venue_id, order.cancels))

    def leave(self, book: Book) -> None:
        """Let a bot go."""
        self.books.pop(book.number, None)

    def walk(self, book: Book, inputs: Inputs, bar: int) -> bool:
        """Have a simulated venue do its part of a bar. False where what was decided before cannot be written now, so
        that it has not reached the venue: then nothing is done."""
        if self.gathered.posts and not self.flush():
            return False
        simulated: SimulatedVenue = self.venue  # type: ignore[assignment]
        simulated.walk(book.number, inputs, bar)
        return True

    def hear(self, said: Said) -> None:
        """Take in a word of the venue, and do all that follows from it. Called while another word is being taken in, it
        is taken in next."""
        self._inbox.append(said)
        if self._hearing:
            return
        self._hearing = True
        try:
            while self._inbox:
                self._take(self._inbox.popleft())
                if self.gathered.posts:
                    self.flush()
        finally:
            self._hearing = False

    def flush(self) -> bool:
        """Write what was gathered, then let requests leave. False where the journal cannot be written now: everything
        is kept, and nothing leaves."""
        gathered = self.gathered
        if gathered.is_empty:
            return True
        try:
            sequence = self.journal.write(gathered.transaction(self.token, self.now_ms()))
        except RetryLater:
            self.condition.store_writable = False
            return False
        self.condition.store_writable = True
        posts = gathered.posts
        gathered.clear()
        self.written(sequence)
        for request in posts:
            self.venue.post(request)
        return True

    def protect(self, book: Book, cause: str) -> None:
        """Do what the protection of a bot's position wants next."""
        held = book.kernel.holding.side
        if not held and not any(book.live_of(*PROTECTIVE)):
            return
        plan = book.protection()
        refused = book.refused_ms is not None and self.now_ms() - book.refused_ms < self.timings.chase_ms
        for action in plan.actions:
            if isinstance(action, Place):
                if refused:  # else a venue that refuses at once would be asked without end
                    continue
                is_stop = action.part is Part.STOP
                book.intend(
                    action.part, action.side, action.lots, cause, decision_bar=book.kernel.trade.decision_bar,
                    decision_ts=self._decision_ts(book), reason=Reason.STOP if is_stop else Reason.TAKE,
                    trigger_ticks=action.ticks if is_stop else None, limit_ticks=None if is_stop else action.ticks,
                    reduce_only=True, parent=self._parent(book), timing=Timing(book.kernel.bar),
                )  # fmt: skip
            elif isinstance(action, Cancel):
                book.cancel(action.order, cause)
            else:
                self.flatten(book, action, cause)

    def flatten(self, book: Book, action: Flatten, cause: str) -> None:
        """Close a position at the market, unless that is under way."""
        if any(book.live_of(Part.FLATTEN)):
            return
        book.intend(
            Part.FLATTEN, action.side, action.lots, cause, decision_bar=book.kernel.bar - 1,
            decision_ts=self.now_ms(), reason=Reason.KILL, reduce_only=True, parent=self._parent(book),
            timing=Timing(book.kernel.bar),
        )  # fmt: skip

    def halt(self, bot: BotId, code: str, reason: str) -> None:
        """No new risk for a bot until a person lets it go on."""
        if bot in self.condition.halts:
            return
        self.condition.halts[bot] = reason
        self.gathered.facts[f"halt:{bot}"] = {"code": code, "reason": reason, "at_ms": self.now_ms()}
        self.gathered.change_state(bot, BotState.HALTED, reason)
        self.gathered.tell(bot, EventKind.HALTED, f"Halted: {reason}.", {"code": code}, code)

    def _take(self, said: Said) -> None:
        if isinstance(said, OrderSaid):
            self._order_said(said)
        elif isinstance(said, Charged):
            self._charged(said)
        elif isinstance(said, Seized):
            self._seized(said)
        elif isinstance(said, Quoted):
            self.quotes[said.market] = said
        elif isinstance(said, Looked):
            self.looked.append(said)
        elif isinstance(said, Linked):
            self._linked(said)

    def _order_said(self, said: OrderSaid) -> None:
        book = self.book_of(said.event.order) or self._book_of_venue_id(said.event)
        if book is None:
            self._stray(said)
            return
        if said.event.order is not None and said.event.order not in book.register.orders:
            self._read_back(book, said.event.order)
        book.take(book.dated(said.event), "venue", said.priced, said.reason)
        self.protect(book, said.event.order or "venue")
        if said.event.venue_id is not None and self._strays:
            mine = [one for one in self._strays if one.event.venue_id == said.event.venue_id]
            for one in mine:
                self._strays.remove(one)
            self._inbox.extend(mine)

    def _stray(self, said: OrderSaid) -> None:
        """A word about an order that nobody here knows yet: kept until an answer tells whose its venue id is."""
        if said in self._strays:
            return
        self._strays.append(said)
        name = said.event.order or said.event.venue_id or "?"
        text = f"A word about {name}, which is nobody's here."
        self.gathered.tell(None, EventKind.ALARM, text, {"alarm": "unknown_order"}, "venue")

    def book_of(self, name: ClientOrderId | None) -> Book | None:
        """Whose order `name` is, by the name alone (failures: O17)."""
        key = order_key(name) if name is not None else None
        return None if key is None else self.books.get(key.bot)

    def _book_of_venue_id(self, event: Event) -> Book | None:
        """Whose order a word without our id is about."""
        if event.order is not None or event.venue_id is None:
            return None
        return next((book for book in self.books.values() if event.venue_id in book.register.by_venue_id), None)

    def _read_back(self, book: Book, name: ClientOrderId) -> None:
        """An order that was let go of, because it was over, is spoken of again."""
        record = self.journal.order(name)
        if record is not None and record.bot == book.record.id:
            book.register, _ = book.register.intend(record.order)
            book.notes[name] = record

    def _charged(self, said: Charged) -> None:
        book = self.books.get(said.bot) if said.bot is not None else None
        if book is None or said.id in book.charges:
            return
        self._note_charge(book, said.id)
        book.keep_kernel(charged(book.kernel, float(said.funding), float(said.borrow)))
        book.gathered.booked.append(book.nothing_booked())
        amounts = {"funding": str(said.funding), "borrow": str(said.borrow)}
        payload = {"id": said.id, "ts": said.ts, "currency": said.currency, **amounts}
        self.gathered.tell(book.record.id, EventKind.ORDER, "", {"charged": payload}, "venue")
        total = said.funding + said.borrow
        book.ledger = book.ledger.enter(Entry(said.id, EntryKind.FUNDING, said.currency, -total))

    def _seized(self, said: Seized) -> None:
        """The venue liquidated a position."""
        book = self.books.get(said.bot) if said.bot is not None else None
        if book is None:
            return
        fill = said.fill
        if fill.id in book.charges:
            return
        self._note_charge(book, fill.id)
        book.account = book.account.book(said.side, fill)
        self.gathered.accounts[book.record.id] = book.account_record()
        deal = Deal(
            Part.FLATTEN, said.side, fill.lots, float(fill.price), book.fee_in_own_money(fill), book.kernel.bar,
            fill.ts, Reason.LIQUIDATION, book.kernel.trade.decision_bar, None, None, None,
        )  # fmt: skip
        payload = {"id": fill.id, "ts": fill.ts, "side": said.side, "lots": fill.lots, "price": str(fill.price)}
        self.gathered.tell(book.record.id, EventKind.ALARM, "The venue liquidated.", {"seized": payload}, "venue")
        parent = self._parent(book)
        if parent is not None:
            book.book_deal(deal, parent)
        self.protect(book, "liquidation")

    def _note_charge(self, book: Book, name: str) -> None:
        book.charges.append(name)
        self.gathered.facts[f"charges:{book.record.id}"] = {"ids": list(book.charges)}

    def _linked(self, said: Linked) -> None:
        self.condition.linked = said.up
        if not self.venue.traits.simulates:
            self.condition.reconciled = False
        text = f"{said.part}: {'connected' if said.up else 'disconnected'} {said.reason}".strip()
        self.gathered.tell(None, EventKind.WARNING, text, {"up": said.up, "part": said.part}, "venue")

    def _decision_ts(self, book: Book) -> int:
        parent = self._parent(book)
        note = book.notes.get(parent) if parent is not None else None
        return self.now_ms() if note is None else note.decision_ts

    def _parent(self, book: Book) -> ClientOrderId | None:
        """The entry that began the open trade."""
        return book.open_fills[0].order if book.open_fills else None
