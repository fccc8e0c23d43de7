"""What time brings at the desk: answers that do not come, positions without cover, exits that failed.

Every wait has an end: what is not heard becomes UNKNOWN, what is unknown is looked up, what stays uncovered is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.bots.desk.beside import is_borne, is_marked, is_nobodys
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.protecting import leaves_alone, mark_of
from karat.bots.desk.timings import Timings
from karat.bots.desk.waiting import give_up
from karat.core.ids import BotId
from karat.oms.client_ids import Part, part_of
from karat.oms.protection import Flatten
from karat.oms.records import TERMINAL, Event, EventKind, Order, Status
from karat.ports.cockpit import EventKind as Kind
from karat.ports.protection import COVER, cover_fact
from karat.ports.trading import OrderRecord

KEEP_MS = 1_000  # how often the journal learns that a position is still bare


@dataclass(slots=True)
class Cover:
    """How long a position has stood without a full stop: since when in this process, and how long in the bot's life.
    `seen_ms` is when it was last seen so, None while it is covered."""

    since_ms: int | None = None
    alarmed: bool = False
    unprotected_ms: int = 0
    seen_ms: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Cover:
        """As the journal has it. A process that died with a bare position left it bare until somebody looks again."""
        return cls(unprotected_ms=told.get("unprotected_ms", 0), seen_ms=told.get("seen_ms"))

    def count(self, now_ms: int, *, bare: bool) -> bool:
        """Count the time since the last look, where the position was bare then. Whether the journal has to know: when
        it begins and ends, and each second of it."""
        before = self.seen_ms
        if before is not None and 0 <= now_ms - before < KEEP_MS and bare:
            return False
        self.unprotected_ms += 0 if before is None else max(now_ms - before, 0)  # time may have been set back
        self.seen_ms = now_ms if bare else None
        return bare or before is not None

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return {"unprotected_ms": self.unprotected_ms, "bare": self.seen_ms is not None, "seen_ms": self.seen_ms}


def may_look_up(book: Book, order: Order, timings: Timings, now_ms: int) -> bool:
    """Whether an order may be asked for again: requests are counted. More often from when it can no longer arrive,
    because only then an answer proves that it is not there, and what stays unknown may hold up the way out."""
    asked_ms, sent_ms = book.looked_ms.get(order.id), book.notes[order.id].sent_ms
    late = sent_ms is not None and now_ms - sent_ms >= order.arrival_ms_max
    every = timings.look_up_late_ms if late else timings.look_up_ms
    return asked_ms is None or not 0 <= now_ms - asked_ms < every


@dataclass(slots=True)
class Watch:
    """Asked once a second or so. `covers` per bot, taken up from the journal."""

    desk: Desk
    timings: Timings
    covers: dict[BotId, Cover] = field(default_factory=dict[BotId, Cover])

    def __post_init__(self) -> None:
        for name, told in self.desk.journal.facts().items():
            if name.startswith(COVER):
                self.covers[BotId(name.removeprefix(COVER))] = Cover.of(told)

    def tick(self, now_ms: int) -> None:
        """Everything that is due at `now_ms`."""
        if not self.desk.venue.traits.simulates:
            for book in tuple(self.desk.books.values()):
                for order in book.live_orders():
                    self._wait_for(book, order, now_ms)
                give_up(book, now_ms, self.timings.entry_wait_ms)
                if self.desk.can_close(book):
                    self._chase(book, now_ms)
                self._cover(book, now_ms)
        self.desk.flush()

    def _wait_for(self, book: Book, order: Order, now_ms: int) -> None:
        """What is asked again, or given up waiting for, about one order. Where nobody answers, only the next comparison
        asks: all orders would spend a minute's requests on it, second by second."""
        record, answer_ms = book.notes[order.id], self.desk.venue.traits.answer_ms_max
        waited = now_ms - (record.sent_ms or now_ms)
        if order.status is Status.SENT and waited >= answer_ms:
            book.take(Event(EventKind.TIME_OUT, order.id), "clock")
        elif self._asks_again(book, record, now_ms):
            book.take(Event(EventKind.CANCEL_TIME_OUT, order.id), "clock")
        elif "orders" not in self.desk.condition.down and may_look_up(book, order, self.timings, now_ms):
            if order.status is Status.UNKNOWN:
                book.look_up(order)
            elif order.missing_lots:
                book.fetch_fills(order)

    def _asks_again(self, book: Book, record: OrderRecord, now_ms: int) -> bool:
        """Whether a cancel has been without an answer for too long. One of a stop waits on while nothing else covers
        the position, its successor may have been lost since; unless the venue has no position that it could cover."""
        order, cancel_ms = record.order, record.cancel_ms
        if not order.cancel_is_open or cancel_ms is None or now_ms - cancel_ms < self.desk.venue.traits.answer_ms_max:
            return False
        if order.status in TERMINAL:  # nobody answers any more: what is left of it are fills to fetch
            return False
        if part_of(order.id) is not Part.STOP or not is_borne(book):
            return True
        return book.protection().covered_lots >= book.there_lots

    def _chase(self, book: Book, now_ms: int) -> None:
        """An exit that ended without closing is tried again, with what is held then."""
        failed = book.failed_exit
        if failed is None or any(book.live_of(Part.EXIT, Part.FLATTEN)):
            return
        holding, there = book.kernel.holding, book.there_lots
        if not there or failed.order.side == holding.side:
            book.failed_exit = None
            return
        if now_ms - book.failed_ms >= self.timings.chase_ms and leaves_alone(self.desk, book, there, "watch"):
            book.failed_exit = None
            marked = is_marked(book, there, mark_of(self.desk, book))
            book.intend(
                Part.EXIT, -holding.side, there, failed.order.id, decision_bar=failed.decision_bar,
                decision_ts=failed.decision_ts, reason=failed.reason, reduce_only=marked,
                parent=failed.parent or failed.order.id,
            )  # fmt: skip

    def _cover(self, book: Book, now_ms: int) -> None:
        """A position whose stop is not whole is told after a while, and closed after a while longer."""
        bot = book.record.id
        cover = self.covers.setdefault(bot, Cover())
        holding, levels = book.kernel.holding, book.kernel.levels
        self.desk.protect(book, "watch")
        plan, there = book.protection(), book.there_lots
        if there and is_nobodys(book):
            self.desk.flatten(book, Flatten(-holding.side, there), "undecided")
            return
        bare = bool(there) and levels.has_stop and plan.covered_lots < there
        if cover.count(now_ms, bare=bare):
            self.desk.gathered.facts[cover_fact(bot)] = cover.as_dict()
        if not bare:
            cover.since_ms, cover.alarmed = None, False
            book.beyond_stop = False
            return
        if not is_borne(book):  # other bots outweigh it: no stop can stand, and the venue holds nothing to cover
            cover.since_ms, cover.alarmed = None, False
            if self._is_past_stop(book, now_ms):
                self.desk.flatten(book, Flatten(-holding.side, there), "unprotected")
            return
        if cover.since_ms is None or now_ms < cover.since_ms:  # time may have been set back
            cover.since_ms = now_ms
        waited = now_ms - cover.since_ms
        if waited >= self.timings.uncovered_alarm_ms and not cover.alarmed:
            cover.alarmed = True
            text = f"{there - plan.covered_lots} of {there} lots have stood without a stop for {waited} ms."
            self.desk.gathered.tell(bot, Kind.ALARM, text, {"alarm": "unprotected", "ms": waited}, "watch")
        if waited >= self.timings.uncovered_max_ms or book.beyond_stop or self._is_past_stop(book, now_ms):
            self.desk.flatten(book, Flatten(-holding.side, there), "unprotected")

    def _is_past_stop(self, book: Book, now_ms: int) -> bool:
        """Whether the price, as far as it is known, is where the stop that is missing would have acted."""
        fresh, market = self.desk.condition.freshness, book.record.market
        age = None if fresh is None else fresh.quote_age_ms(market, now_ms)
        if age is None or age > self.timings.quote_age_ms:
            return False
        mark = self.desk.quotes[market].mark
        level = book.kernel.levels.stop * book.record.instrument.tick
        return mark is not None and (level - mark) * book.kernel.holding.side >= 0
