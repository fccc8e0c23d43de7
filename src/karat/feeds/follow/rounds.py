"""Rounds: after each close all data is brought up to date once, whoever waits for it.

1. Feeds join with their timeframe. A round is due a short delay after each close of any of them, on the UTC grid.
2. The first round is due at once: it brings what was missed while nobody ran.
3. A round that has begun is waited for by every feed that wants one; there is never a second beside it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress

from karat.core.model.source_state import DataState
from karat.core.time import SECOND_MS, grid_origin_ms
from karat.ports.clock import Clock
from karat.ports.source import KeepsCurrent

DELAY_MS = 2 * SECOND_MS  # a venue needs a moment until its last bar is the final one


class Rounds:
    """The rounds of one process. `delay_ms` is how long after a close one begins."""

    def __init__(self, sync: KeepsCurrent, clock: Clock, delay_ms: int = DELAY_MS) -> None:
        self._sync = sync
        self._clock = clock
        self._timeframes: Counter[int] = Counter()
        self._last: DataState | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self.delay_ms = delay_ms

    @contextmanager
    def joined(self, timeframe_ms: int) -> Generator[None]:
        """Have a round after each close of this timeframe, for as long as this lasts."""
        self._timeframes[timeframe_ms] += 1
        try:
            yield
        finally:
            self._timeframes[timeframe_ms] -= 1
            self._timeframes = +self._timeframes

    async def reach(self, due_ms: int) -> DataState:
        """How the data stands after the first round that begins at `due_ms` or later. Raises what the lake raises."""
        while self._last is None or self._last.at_ms < due_ms:
            if self._under_way is None:
                self._under_way = asyncio.create_task(self._go())
            await asyncio.shield(self._under_way)
        return self._last

    def hurry(self) -> None:
        """Have the round that is waited for begin at once; one that has begun goes on."""
        self._hurried.set()

    async def aclose(self) -> None:
        """End a round that is under way; what it has stored stays."""
        if self._under_way is not None:
            self._under_way.cancel()
            with suppress(asyncio.CancelledError):
                await self._under_way

    async def _go(self) -> None:
        try:
            if self._last is not None:
                due_ms = self._next_ms(self._last.at_ms)
                while (ahead_ms := due_ms - self._clock.now_ms()) > 0 and not self._hurried.is_set():
                    await self._wait(ahead_ms / SECOND_MS)
            self._hurried.clear()
            self._last = await self._sync.sync()
        finally:
            self._under_way = None

    async def _wait(self, seconds: float) -> None:
        """For the time to pass, or somebody to hurry."""
        both = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._hurried.wait())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    def _next_ms(self, after_ms: int) -> int:
        """The first time after `after_ms` that lies the delay behind a close."""
        assert self._timeframes, "who waits for a round has joined"
        return min(
            (after_ms - self.delay_ms - grid_origin_ms(length)) // length * length
            + grid_origin_ms(length)
            + length
            + self.delay_ms
            for length in self._timeframes
        )
