"""The desk itself: what comes in, what is written, what leaves. See the package for how it works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from karat.bots.desk.beside import Beside, is_borne
from karat.bots.desk.book import Book
from karat.bots.desk.condition import Condition, Freshness
from karat.bots.desk.gathered import Gathered
from karat.bots.desk.limit_book import LimitBook
from karat.bots.desk.orders import submit_of
from karat.bots.desk.outbox import Outbox
from karat.bots.desk.protecting import flatten, protect
from karat.bots.desk.timings import Timings
from karat.bots.desk.words import take_in
from karat.bots.turns import Turns
from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.kernel.engine import Inputs
from karat.oms.client_ids import order_key
from karat.oms.protection import Flatten
from karat.oms.records import TERMINAL
from karat.ports.cockpit import BotState, EventKind
from karat.ports.emergency import EmergencyJournal
from karat.ports.trading import Facts, TradingJournal, Transaction
from karat.ports.venue import (
    CancelOrder,
    Looked,
    OrderSaid,
    Quoted,
    Said,
    SimulatedVenue,
    Standing,
    Venue,
)
from karat.risk.kill import kill_state_of

if TYPE_CHECKING:
    from karat.bots.desk.house import House


class Desk:
    """Books of one account, one venue, one journal. `token` is that of the lease; `now_ms` the clock of the desk."""

    def __init__(
        self, journal: TradingJournal, venue: Venue, token: int, now_ms: Callable[[], int],
        timings: Timings | None = None, facts: Facts | None = None, emergency: EmergencyJournal | None = None,
    ) -> None:  # fmt: skip
        self.timings = timings or Timings()
        self.journal = journal
        self.venue = venue
        self.token = token
        self.now_ms = now_ms
        self.gathered = Gathered()
        simulates = venue.traits.simulates
        self.condition = Condition(reconciled=simulates, freshness=None if simulates else Freshness(self.timings))
        self.books: dict[int, Book] = {}
        self.quotes: dict[str, Quoted] = {}
        self.looked: deque[Looked] = deque(maxlen=2)
        self.written: Callable[[int, Transaction], None] = lambda newest, transaction: None
        self.outbox = Outbox(self, emergency)
        self.inbox: deque[Said] = deque()
        self.strays: deque[OrderSaid] = deque(maxlen=256)
        self._hearing = False
        self.touched: set[int] = set()
        self.limits = LimitBook()
        self.house: House | None = None
        self.pull_kill: Callable[[str, str], None] | None = None  # with a reason and who or what pulls
        self.broken: Exception | None = None  # why this process may not write any more
        self.external: dict[MarketId, dict[str, int]] = {}  # lots that are nobody's, by the look that found them
        self.charged: deque[str] = deque(maxlen=256)  # ids of payments booked lately, told without a bot
        self.heard_ts: Callable[[int], int] = lambda ts: 0  # told of the venue's time; by how much ours was moved
        self.turns = Turns(())
        self.restore(facts or {})
        venue.listen(self.told)

    @property
    def is_written(self) -> bool:
        """Whether nothing waits for the journal."""
        return self.outbox.is_written

    @property
    def can_act(self) -> bool:
        """Whether a request would be heard: else planning any is only adding to a heap."""
        condition = self.condition
        hushed = "orders" in condition.down or self.now_ms() < condition.silent_until_ms
        return self.outbox.lets_exits_leave and not hushed and self.broken is None

    def can_close(self, book: Book) -> bool:
        """Whether orders that close may be made: not while the venue says that there is nothing, until a look, or
        time, has settled who is right."""
        doubted = book.doubted_ms is not None and self.now_ms() - book.doubted_ms < self.timings.doubt_ms
        return self.can_act and not (doubted and is_borne(book))  # where other bots outweigh it, the venue was right

    def told(self, said: Said) -> None:
        """`hear`, for whoever cannot be told that this process is no longer the one that writes."""
        if self.broken is not None:
            return
        try:
            self.hear(said)
        except Exception as error:  # heard in the loop, where nobody would hear of it: the shell ends this process
            if self.venue.traits.simulates:
                raise
            self.broken = self.broken or error
            self.condition.broken = str(self.broken)

    def restore(self, facts: Facts) -> None:
        """Take the switches up as the journal has them: a restart releases nothing (failures: D8)."""
        self.limits = LimitBook.of(facts)
        self.condition.killed = kill_state_of(facts.get("kill", {})).reason
        for name, told in facts.items():
            kind, _, bot = name.partition(":")
            if kind == "halt" and told:
                self.condition.halts[BotId(bot)] = str(told["reason"])
        told = facts.get("external", {})
        self.external = {MarketId(market): dict(lots) for market, lots in told.items()}
        self.charged.extend(facts.get("charged", {}).get("ids", ()))

    def join(self, book: Book) -> None:
        """Take a bot's book in. A simulated venue died with the process before: it is told where the bot stands, and is
        given again what had not been heard of, which cannot be there. At any other venue reconciliation asks."""
        self.books[book.number] = book
        book.external_lots = sum(self.external.get(book.record.market, {}).values())
        book.touched = self.touched
        self.touched.add(book.number)
        if not self.venue.traits.simulates:
            book.beside = Beside(self.books, book)
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
        self.touched.add(book.number)

    def walk(self, book: Book, inputs: Inputs, bar: int) -> bool:
        """Have a simulated venue do its part of a bar. False where what was decided before cannot be written now, so
        that it has not reached the venue: then nothing is done."""
        if self.gathered.posts and not self.send():
            return False
        simulated: SimulatedVenue = self.venue  # type: ignore[assignment]
        simulated.walk(book.number, inputs, bar)
        return True

    def hear(self, said: Said) -> None:
        """Take in a word of the venue, and do all that follows from it. Called while another word is being taken in, it
        is taken in next."""
        self.inbox.append(said)
        if self._hearing:
            return
        self._hearing = True
        try:
            while self.inbox:
                take_in(self, self.inbox.popleft())
                if self.gathered.posts:
                    self.send()
        finally:
            self._hearing = False

    def flush(self) -> bool:
        """Write what was gathered, then let requests leave. False where the journal cannot be written now: everything
        is kept and written later, and no entry leaves (`outbox`)."""
        return self.outbox.flush()

    def send(self) -> bool:
        """`flush`, until no request is left. What a venue answered at once asks for none: it is written with whatever
        comes next."""
        return self.outbox.send()

    def protect(self, book: Book, cause: str) -> None:
        """Do what the protection of a bot's position wants next."""
        protect(self, book, cause)

    def flatten(self, book: Book, action: Flatten, cause: str) -> None:
        """Close a position at the market, unless that is under way."""
        flatten(self, book, action, cause)

    def halt(self, bot: BotId, code: str, reason: str) -> None:
        """No new risk for a bot until a person lets it go on."""
        if bot in self.condition.halts:
            return
        self.condition.halts[bot] = reason
        fact = {"code": code, "reason": reason, "at_ms": self.now_ms()}
        self.gathered.facts[f"halt:{bot}"] = fact
        self.gathered.change_state(bot, BotState.HALTED, reason)
        told = {"code": code, "facts": {f"halt:{bot}": fact}}
        self.gathered.tell(bot, EventKind.HALTED, f"Halted: {reason}.", told, code)

    def halt_market(self, market: MarketId, code: str, reason: str) -> None:
        """No new risk for any bot of a market."""
        for book in self.books.values():
            if book.record.market == market:
                self.halt(book.record.id, code, reason)

    def shift(self, ms: int) -> None:
        """Our clock was set right by `ms`: so are the times of what was sent by it."""
        for book in self.books.values():
            book.shift(ms, self.now_ms() - ms)
        if self.condition.silent_until_ms:
            self.condition.silent_until_ms += ms
        if self.condition.freshness is not None:
            quoted = self.condition.freshness.quoted_ms
            quoted.update({market: at_ms + ms for market, at_ms in quoted.items()})
            self.condition.freshness.skew_ms -= ms  # known from now on, not from the next look at the wall clock

    def book_of(self, name: ClientOrderId | None) -> Book | None:
        """Whose order `name` is, by the name alone (failures: O17)."""
        key = order_key(name) if name is not None else None
        book = None if key is None else self.books.get(key.bot)
        return book if book is not None and key is not None and key.origin == book.origin else None

    def parent_of(self, book: Book) -> ClientOrderId | None:
        """The entry that began the open trade."""
        return book.open_fills[0].order if book.open_fills else None
