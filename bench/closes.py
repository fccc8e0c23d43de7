"""Bots in the runner at closes that the bench opens: how long each takes, how late other work wakes, what memory grows.

Every market stands behind one clock. A bar comes when its close has been opened, so bars of several timeframes that
close together come together, as from live markets. Other work on the loop is stood for by a task that wants to wake
every five milliseconds: how much too late it woke is the loop's delay.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

import numpy as np

from bench.clocks import resident_mb
from karat.bots.memory import SettledMemory
from karat.bots.runner import Runner
from karat.bots.system_clock import SystemClock
from karat.core.ids import BotId
from karat.feeds.common.tape import OnTape, Tape
from karat.journal.store import SqlJournal
from karat.ports.feed import Arrival, FeedKey
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

PAUSE_SECONDS = 0.05  # between closes of which nothing comes
REST_SECONDS = 2.0  # before the first close: a replay at full speed was before it, which no market brings
WAKE_SECONDS = 0.005


class Opened:
    """Up to which time bars have come."""

    def __init__(self, until_ms: int) -> None:
        self.until_ms = until_ms
        self._moved = asyncio.Event()

    def move(self, until_ms: int) -> None:
        self.until_ms = until_ms
        self._moved.set()
        self._moved = asyncio.Event()

    async def reach(self, close_ms: int) -> None:
        while close_ms > self.until_ms:
            await self._moved.wait()


class OpenedFeed(OnTape):
    """A replay whose bars come when they are opened. `done` bars were taken, with everything they led to."""

    def __init__(self, tape: Tape, opened: Opened) -> None:
        self._tape = tape
        self._opened = opened
        self._closes: list[int] = (tape.candles.ts + tape.candles.timeframe_ms).tolist()
        self.done = 0

    @property
    def is_done(self) -> bool:
        """Every bar that has come was taken."""
        return self.done >= bisect_right(self._closes, self._opened.until_ms)

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        self.done, bars = after, len(self._tape)
        while self.done < bars:
            await self._opened.reach(self._closes[self.done])
            stop = bisect_right(self._closes, self._opened.until_ms)
            for one in self._tape.arrivals(self.done, stop):
                yield one
                self.done += 1


class House:
    """A process with its bots: lives one after the other on one journal. `tapes` are those of the feeds they want."""

    def __init__(self, journal: SqlJournal, tapes: Mapping[FeedKey, Tape], bots: Sequence[BotId]) -> None:
        self.journal, self.tapes, self.bots = journal, tapes, bots
        self.ready_seconds = 0.0
        self.delays: list[float] = []
        self.closes: list[float] = []
        self.resident: list[float] = []

    async def live(self, begin_ms: int, closes: Sequence[int]) -> None:
        """Begin, do what closes by `begin_ms` at once, then `closes` one by one."""
        opened, begun = Opened(begin_ms), time.perf_counter()
        feeds = {key: OpenedFeed(tape, opened) for key, tape in self.tapes.items()}
        every = tuple(feeds.values())
        runner = Runner(
            self.journal, feeds.__getitem__, PaperVenue(), find_strategy, SystemClock(), lambda *_: True,
            chores=(SettledMemory(),),
        )  # fmt: skip
        running = asyncio.create_task(runner.run(self.bots))
        await _taken(every, running)
        self.ready_seconds = time.perf_counter() - begun
        await asyncio.sleep(REST_SECONDS)
        waking = asyncio.create_task(self._wake())
        for close_ms in closes:
            await asyncio.sleep(PAUSE_SECONDS)
            begun = time.perf_counter()
            opened.move(close_ms)
            await _taken(every, running)
            self.closes.append(time.perf_counter() - begun)
            self.resident.append(resident_mb())
        for task in (waking, running):
            task.cancel()
        await asyncio.gather(waking, running, return_exceptions=True)

    async def _wake(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(WAKE_SECONDS)
            self.delays.append(time.perf_counter() - begun - WAKE_SECONDS)

    @property
    def late_ms(self) -> float:
        """The 99th percentile of the loop's delay."""
        return 1e3 * float(np.percentile(self.delays, 99))

    @property
    def grown(self) -> tuple[float, int]:
        """MB gained after the first quarter of the closes, and over how many."""
        warm = len(self.resident) // 4
        return self.resident[-1] - self.resident[warm], len(self.resident) - warm


async def _taken(feeds: Iterable[OpenedFeed], running: asyncio.Task[None]) -> None:
    """Wait until every feed is done."""
    while not all(feed.is_done for feed in feeds):
        if running.done():
            running.result()
        await asyncio.sleep(0.0005)
