"""What the desk has gathered, on its way: first written, then sent.

1. Everything that was gathered is written in one transaction, and only then do requests leave (failures: O1). What
   failed is offered again as it was, because it may have been written and only the answer was lost.
2. While the journal cannot be written no entry leaves. Stops, takes, and what closes a position for the monitor, the
   watchdog or the kill switch, do where there is an emergency journal: the order is kept there first, with the same
   force (failures: D2). An exit that a bot decided waits with its bar, which a next life decides again. Questions and
   cancels leave: neither has to be remembered.
3. A life that finds orders in the emergency journal which the journal does not have takes them over before anything
   else. They count as sent and unheard of, so the venue says what became of them.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from karat.bots.desk.codec import event_plain, intent_of, intent_plain
from karat.core.errors import InputError, KaratError, NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.oms.client_ids import Part, order_key
from karat.oms.records import Event, Status
from karat.oms.records import EventKind as Word
from karat.oms.register import Register
from karat.ports.cockpit import EventKind
from karat.ports.emergency import EmergencyJournal
from karat.ports.trading import OrderRecord, Transaction
from karat.ports.venue import OrderSaid, Request, Submit

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk

LOG = logging.getLogger("karat.bots")
TOLD_AGAIN_MS = 60_000
_OPENS = (Part.ENTRY, Part.LIMIT)
_CLOSES = (Part.FLATTEN, Part.STOP, Part.TAKE)


class Outbox:
    """Of one desk. `emergency` None: while the journal cannot be written nothing leaves."""

    def __init__(self, desk: Desk, emergency: EmergencyJournal | None = None) -> None:
        self._desk = desk
        self._emergency = emergency
        self._unwritten: tuple[Transaction, list[Request]] | None = None
        self._together = False
        self._keeps = False  # whether the emergency journal holds anything
        self._can_keep = emergency is not None
        self._told_ms: int | None = None  # when a person was last told that the journal is down

    @property
    def is_written(self) -> bool:
        """Whether nothing waits for the journal."""
        return self._unwritten is None and self._desk.gathered.is_empty

    @property
    def lets_exits_leave(self) -> bool:
        """Whether what closes a position leaves, whatever is with the journal."""
        return self._desk.condition.store_writable or self._can_keep

    @contextmanager
    def together(self) -> Generator[None]:
        """What is gathered inside is written in one transaction, whoever wants it written before."""
        self._together = True
        try:
            yield
        finally:
            self._together = False

    def flush(self) -> bool:
        """Write, then let requests leave, until nothing is left. False where the journal cannot be written now."""
        if self._together:
            return self.is_written
        while self._desk.broken is None and not self.is_written:
            if not self._write():
                return False
        if self._desk.broken is not None:
            return False
        self._clear()
        return True

    def send(self) -> bool:
        """`flush`, until no request is left."""
        if self._together:
            return self.is_written
        while self._desk.broken is None and (self._unwritten is not None or self._desk.gathered.posts):
            if not self._write():
                return False
        return self._desk.broken is None

    def _write(self) -> bool:
        """Write once, and let go what waited for it."""
        desk = self._desk
        if self._unwritten is None:
            self._unwritten = desk.gathered.transaction(desk.token, desk.now_ms()), desk.gathered.posts
            desk.gathered.clear()
        transaction, posts = self._unwritten
        try:
            sequence = desk.journal.write(transaction)
        except RetryLater as error:
            self._fail(error)
            return False
        except KaratError as error:
            desk.broken, desk.condition.broken = error, str(error)
            raise
        self._unwritten = None
        desk.condition.store_writable, self._can_keep = True, self._emergency is not None
        for request in posts:
            self._post(request, transaction.at_ms)
        desk.written(sequence, transaction)  # last: who is told cannot hinder what leaves
        return True

    def take_over(self) -> bool:
        """Take over what a life before let out and could not write. False where it still cannot be written: `flush` has
        to, before a book is made. Raises NeedsOperator `emergency_damaged` or, where the journal does not know the bot
        of an order, `emergency_foreign`."""
        if self._emergency is None:
            return True
        desk = self._desk
        kept = self._emergency.kept()
        self._keeps = bool(kept)
        for one in kept:
            self._find_bot(one.bot)
            if desk.journal.order(one.order.id) is None:
                self._take_over_one(one)
        return self.flush()

    def _find_bot(self, bot: BotId) -> None:
        assert self._emergency is not None
        try:
            self._desk.journal.number_of(bot)
        except InputError as error:
            text = f"{self._emergency.name} holds orders of '{bot}', a bot that this journal does not know."
            hint = (
                "Was an older one restored? Compare the venue's orders and positions with it, then move the file away."
            )
            raise NeedsOperator("emergency_foreign", text, hint) from error

    def _take_over_one(self, kept: OrderRecord) -> None:
        """As if it had been written when it left."""
        name, gathered = kept.order.id, self._desk.gathered
        meant = intent_plain(kept)
        record, sent = intent_of(meant, kept.bot), Event(Word.SEND, name)
        register, _ = Register().intend(record.order)
        register, _ = register.take(sent)
        gathered.orders[name] = replace(record, order=register.orders[name], sent_ms=kept.sent_ms)
        text = f"{name} had left while the journal could not be written. It is taken over."
        gathered.tell(kept.bot, EventKind.INTENT, text, meant, "emergency")
        gathered.tell(kept.bot, EventKind.SENT, "", {"event": event_plain(sent), "status": "sent"}, "emergency")

    def _fail(self, error: RetryLater) -> None:
        desk = self._desk
        if desk.condition.store_writable:
            desk.condition.store_writable = False
            self._tell(error)
        if not desk.venue.traits.simulates:
            self._let_out()

    def _tell(self, error: RetryLater) -> None:
        """Once for a journal that comes and goes."""
        desk, now = self._desk, self._desk.now_ms()
        if self._told_ms is not None and 0 <= now - self._told_ms < TOLD_AGAIN_MS:
            return
        self._told_ms = now
        follows = "no entry leaves, what protects positions does" if self._can_keep else "nothing leaves"
        follows = "no further bar is taken" if desk.venue.traits.simulates else follows
        LOG.error("%s Until the journal can be written %s. %s", error.message, follows, error.hint)
        text = f"The journal could not be written: {error.message}"
        desk.gathered.tell(None, EventKind.ALARM, text, {"alarm": "journal_down"}, "journal")

    def _let_out(self) -> None:
        """Let leave what need not wait for the journal."""
        desk = self._desk
        assert self._unwritten is not None
        kept = self._kept_aside()
        for posts in (self._unwritten[1], desk.gathered.posts):
            leaving = [one for one in posts if not isinstance(one, Submit) or one.id in kept]
            posts[:] = [one for one in posts if one not in leaving]
            for request in leaving:
                self._post(request, desk.now_ms())

    def _kept_aside(self) -> set[str]:
        """Names of the exits that wait and are in the emergency journal now."""
        desk = self._desk
        assert self._unwritten is not None
        waiting = [one for one in (*self._unwritten[1], *desk.gathered.posts) if _closes(one)]
        books = {one.id: desk.book_of(one.id) for one in waiting}
        notes = [book.notes[name] for name, book in books.items() if book is not None and name in book.notes]
        orders = [one for one in notes if one.order.status is Status.SENT]  # else it waited too long, and stays
        if self._emergency is None or (self._can_keep and not orders):
            return set()
        try:
            self._emergency.keep(orders)
        except RetryLater as error:
            if self._can_keep:
                LOG.error("Exits wait, stops at the venue stand: %s", error.message)
            self._can_keep = False
            return set()
        self._can_keep, self._keeps = True, self._keeps or bool(orders)
        return {one.order.id for one in orders}

    def _clear(self) -> None:
        """The journal has all that was kept beside it."""
        if not self._keeps or self._emergency is None:
            return
        try:
            self._emergency.clear()
        except RetryLater as error:
            LOG.warning("%s", error.message)
            return
        self._keeps = False

    def _post(self, request: Request, decided_ms: int) -> None:
        """Let a request leave. An entry that waited too long for the journal does not: it was decided for another
        market; nor one that the kill switch overtook. It has never left, which the desk knows as surely as a venue's
        word."""
        desk = self._desk
        opens = _part_of(request) in _OPENS
        if desk.condition.freshness is not None:
            if self._is_held(request, opens=opens):
                return
        elif opens:
            assert isinstance(request, Submit)
            why = "the kill switch was pulled" if desk.condition.killed else ""
            if desk.now_ms() - decided_ms > desk.timings.entry_age_ms:
                why = "the journal could not be written"
            if why:
                desk.hear(OrderSaid(Event(Word.REJECT, request.id), f"never left: {why}"))
                return
        desk.venue.post(request)

    def _is_held(self, request: Request, *, opens: bool) -> bool:
        """Whether a request may not leave after all: the venue wants none, or something has come to stand against an
        entry since it was decided. Whoever comes after this life cannot know that it never left; so it is taken for
        unheard of, and ends by the same proof as any other. So does what waited here until it was taken for that."""
        desk = self._desk
        silent = desk.now_ms() < desk.condition.silent_until_ms
        book = desk.book_of(request.id) if isinstance(request, Submit) else None
        if book is None:
            return silent
        order = book.register.orders.get(request.id)
        if order is None or order.status is not Status.SENT:
            return True
        book.leaves(order.id)
        held = silent or (opens and bool(desk.condition.wrong(book.record.id, book.record.market, desk.now_ms())))
        if held:
            book.take(Event(Word.TIME_OUT, order.id), "held")
        return held


def _part_of(request: Request) -> Part | None:
    """The part of a new order; None of anything else."""
    key = order_key(request.id) if isinstance(request, Submit) else None
    return None if key is None else key.part


def _closes(request: Request) -> bool:
    """Whether this is the first sending of an order that only closes or protects."""
    return isinstance(request, Submit) and request.number == 1 and _part_of(request) in _CLOSES
