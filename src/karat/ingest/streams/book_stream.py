"""Books: built from changes where the venue sends them, checked, and sampled at a fixed interval of the venue's time.

1. Changes wait until a whole book was asked for over REST; then they are laid upon it.
2. A broken chain throws the book away, asks for a whole one, and leaves a gap.
3. A sample bears a time of the grid (whole seconds, say) and shows the book as it was then: it is taken when the first
   change at or after that time comes, before it is laid upon the book. A book that does not change is not sampled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from random import Random

from karat.core.errors import RetryLater
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.order_book import OrderBook, Verdict
from karat.ingest.streams.pace import asked, wait_seconds
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import BOOK_LEVELS, Gap, Reason, Row
from karat.ports.stream import BookChange, BookLink, Event, Levels, WholeBook

CHANGES_MAX = 20_000  # half an hour at ten a second: a whole book comes long before
_NONE = (float("nan"), float("nan"))


class _Sampler:
    """Decides when the grid was crossed and writes samples; `hole` is the gap before the next one."""

    def __init__(self, desk: Desk, interval_ms: int) -> None:
        self._desk = desk
        self._interval_ms = interval_ms
        self._grid_ms: int | None = None
        self.hole: tuple[int, Reason] | None = (desk.last_ts, Reason.NOT_RUNNING) if desk.last_ts else None

    def broken(self, whole_until_ms: int, reason: Reason) -> None:
        """The book is no longer known."""
        self._grid_ms = None
        if self.hole is None:
            self.hole = (whole_until_ms, reason)

    def before(self, ts: int, book: Callable[[], tuple[int, Levels, Levels] | None]) -> None:
        """Something of time `ts` is about to change the book, whose number and top `book` gives where they are wanted.

        It gives None when the book was not whole until now.
        """
        grid_ms = ts // self._interval_ms * self._interval_ms
        if self._grid_ms is None:
            self._close_hole(ts)
            self._grid_ms = grid_ms
        elif grid_ms > self._grid_ms:
            known = book()
            if known is not None:
                self._desk.release([book_row(grid_ms, *known)])
            self._grid_ms = grid_ms

    def _close_hole(self, ts: int) -> None:
        if self.hole is not None:
            begin_ms, reason = self.hole
            self._desk.record(Gap(begin_ms, max(begin_ms, ts), reason))
            self.hole = None


class WholeBookStream:
    """Satisfies `Handler`, for venues whose books come whole."""

    def __init__(self, desk: Desk, interval_ms: int) -> None:
        self._desk = desk
        self._sampler = _Sampler(desk, interval_ms)
        self._book: WholeBook | None = None

    def take(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, WholeBook):
                self._sampler.before(event.ts, self._known)
                self._book = event
                self._desk.enter(State.LIVE)

    def _known(self) -> tuple[int, Levels, Levels] | None:
        book = self._book
        return None if book is None else (book.number, book.bids[:BOOK_LEVELS], book.asks[:BOOK_LEVELS])

    async def work(self) -> None:
        await asyncio.Event().wait()

    def lost(self) -> None:
        if self._book is not None:
            self._sampler.broken(self._book.ts, Reason.DISCONNECTED)
            self._book = None


class BookStream:
    """Satisfies `Handler`, for venues that send changes."""

    def __init__(self, desk: Desk, link: BookLink, interval_ms: int, dice: Random) -> None:
        self._desk = desk
        self._book = OrderBook(link)
        self._sampler = _Sampler(desk, interval_ms)
        self._dice = dice
        self._waiting: list[BookChange] = []
        self._need = asyncio.Event()

    def take(self, events: Sequence[Event]) -> None:
        changes = [event for event in events if isinstance(event, BookChange)]
        if self._book.number is None:
            self._wait(changes)
        else:
            self._lay(changes)

    async def work(self) -> None:
        failures = 0
        while True:
            await self._need.wait()
            self._desk.enter(State.SNAPSHOT)
            whole = await asked(lambda: self._desk.stream.book(self._desk.symbol), self._desk.clock, self._dice)
            if self._is_too_old(whole):
                failures += 1
                await self._desk.clock.sleep(wait_seconds(failures, self._dice))
                continue
            self._need.clear()
            waiting, self._waiting = self._waiting, []
            self._book.begin(whole)
            self._lay(waiting)
            if self._book.number is not None:
                failures = 0
                self._desk.enter(State.LIVE)
            else:
                failures += 1
                await self._desk.clock.sleep(wait_seconds(failures, self._dice))

    def lost(self) -> None:
        self._forget(Reason.DISCONNECTED)
        self._waiting.clear()
        self._need.clear()

    def _is_too_old(self, whole: WholeBook) -> bool:
        """REST may answer with a book from before the first change that waits: it can never be joined."""
        return bool(self._waiting) and whole.number + 1 < self._waiting[0].first

    def _wait(self, changes: Iterable[BookChange]) -> None:
        self._waiting += changes
        if len(self._waiting) > CHANGES_MAX:
            raise RetryLater("stream_lost", f"{self._desk.stream.venue} gave no whole book for too long.")
        if self._waiting:
            self._need.set()

    def _lay(self, changes: Sequence[BookChange]) -> None:
        for place, change in enumerate(changes):
            verdict = self._book.judge(change)
            if verdict is Verdict.BROKEN:
                self._desk.status.rebuilds += 1
                self._forget(Reason.CHAIN_BROKEN)
                self._wait(changes[place:])
                return
            if verdict is Verdict.OLD:
                self._desk.status.duplicates += 1
            else:
                self._sampler.before(change.ts, self._known)
                self._book.lay(change)

    def _known(self) -> tuple[int, Levels, Levels] | None:
        number = self._book.number
        return None if number is None else (number, *self._book.top(BOOK_LEVELS))

    def _forget(self, reason: Reason) -> None:
        if self._book.number is not None:
            self._sampler.broken(self._book.ts, reason)
            self._book.forget()


def book_row(ts: int, number: int, bids: Levels, asks: Levels) -> Row:
    """A row of BOOK."""
    levels: list[float] = []
    for level in range(BOOK_LEVELS):
        bid = bids[level] if level < len(bids) else _NONE
        ask = asks[level] if level < len(asks) else _NONE
        levels += (*bid, *ask)
    return (ts, number, *levels)
