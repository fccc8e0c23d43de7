"""The event bus: every event of the log, right after its commit, to whoever listens in this process.

1. What is published has been written: an event nobody can find in the journal is never heard.
2. A listener has a bounded queue. One that is too slow loses the oldest events and is told how many; what it lost is
   in the journal, under the numbers that are missing. Nothing here ever waits for a listener (failures: P7, F19).
3. A transaction that moved figures and told of nothing wakes listeners too.
4. The desk publishes in its own thread; listeners may live in other threads and loops.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from karat.core.errors import RetryLater
from karat.ports.trading import LoggedEvent, TradingJournal, Transaction

QUEUE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener takes: events in their order, and how many older ones were lost before them."""

    events: tuple[LoggedEvent, ...]
    lost: int


class Listener:
    """One queue. `wake` is called, in the publisher's thread, when there is something where there was nothing."""

    def __init__(self, size: int, wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._queue: deque[LoggedEvent] = deque(maxlen=size)
        self._lost = 0
        self._woken = False
        self._wake = wake

    def put(self, events: Sequence[LoggedEvent]) -> None:
        """Keep what there is room for, the newest. No events: figures moved."""
        with self._lock:
            was_woken, room = self._woken, self._queue.maxlen or 0
            self._woken = True
            self._lost += max(len(self._queue) + len(events) - room, 0)
            self._queue.extend(events)
        if not was_woken:
            self._wake()

    def take(self) -> Heard:
        """Everything so far; nothing stays."""
        with self._lock:
            heard = Heard(tuple(self._queue), self._lost)
            self._queue.clear()
            self._lost, self._woken = 0, False
        return heard


class AsyncListener:
    """A listener of the running loop."""

    def __init__(self, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self.queue = Listener(size, self._woken)

    async def heard(self) -> Heard:
        """The next events, as soon as something was written; none where only figures moved."""
        await self._ready.wait()
        self._ready.clear()
        return self.queue.take()

    def _woken(self) -> None:
        with contextlib.suppress(RuntimeError):  # a loop that has ended hears nothing any more
            self._loop.call_soon_threadsafe(self._ready.set)


class Bus:
    """Who listens, and what they are given."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()

    @property
    def is_heard(self) -> bool:
        return bool(self._listeners)

    @contextmanager
    def listening(self, size: int = QUEUE_MAX) -> Generator[AsyncListener]:
        """Hear what is published for as long as this lasts; in a coroutine."""
        one = AsyncListener(size)
        with self.joined(one.queue):
            yield one

    @contextmanager
    def joined(self, listener: Listener) -> Generator[None]:
        """Give to `listener` what is published for as long as this lasts."""
        with self._lock:
            self._listeners = (*self._listeners, listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

    def publish(self, events: Sequence[LoggedEvent]) -> None:
        """Give events to everybody who listens, or tell them that figures moved."""
        for listener in self._listeners:
            listener.put(events)


class Publisher:
    """Publishes what a desk has written. Events come out of the transaction; those which somebody else wrote since are
    read from the journal, so that numbers reach a listener without a gap."""

    def __init__(self, bus: Bus, journal: TradingJournal) -> None:
        self._bus = bus
        self._journal = journal
        self._newest: int | None = None  # published; None: nobody listened, so nobody misses what came before

    def written(self, newest: int, transaction: Transaction) -> None:
        """A transaction is committed, `newest` is its last event's number."""
        if not self._bus.is_heard:
            self._newest = None
            return
        count = len(transaction.events)
        before = newest - count if self._newest is None else self._newest
        if newest - count == before:
            self._bus.publish(_logged(newest, transaction))
        elif newest > before:
            try:
                self._bus.publish(self._journal.log(before, newest - before))
            except RetryLater:  # who is told must not hold up who writes: they are told with the next ones
                self._newest = before
                return
        self._newest = newest


def _logged(newest: int, transaction: Transaction) -> list[LoggedEvent]:
    first = newest - len(transaction.events) + 1
    return [
        LoggedEvent(
            first + place, transaction.at_ms, one.bot, one.bar_ts, one.happening.kind.value, one.happening.text,
            one.cause, one.happening.payload,
        )
        for place, one in enumerate(transaction.events)
    ]  # fmt: skip
