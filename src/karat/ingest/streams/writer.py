"""Puts the rows of all streams into the lake, in batches, in a thread: the loop never waits for the disk.

1. Every few seconds what has gathered in the outboxes becomes one change of the lake: all of it, or nothing, is seen.
2. While the lake is busy or the disk full the batch is kept and tried again; the outboxes fill, and streams wait.
3. A process that is killed loses what was not in a change yet; the next run asks for it again, or records the gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from karat.core.errors import NeedsOperator, RetryLater
from karat.ingest.streams.outbox import Batch, Outbox
from karat.ingest.streams.tables import as_table
from karat.ports.clock import Clock
from karat.ports.lake import Lake, LakeChange

FLUSH_SECONDS = 5.0
LAST_TRIES = 60
LAST_TRY_SECONDS = 1.0
LAKE_WAIT_SECONDS = 2.0

InThread = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


class Follower(Protocol):
    """What makes something of the rows, in the same change of the lake."""

    def write(self, change: LakeChange, batches: Sequence[Batch]) -> None:
        """Take the batches; a change that failed is written again."""
        ...

    def written(self) -> None:
        """The change is seen."""
        ...


class Writer:
    """One writer for all streams of a process. `trouble` says why the last try failed, "" when it did not.

    A table that is damaged takes nothing until it is mended. The rest is stored; what the table missed is asked for
    again by the next run, or recorded as a gap.
    """

    def __init__(
        self,
        lake: Lake,
        clock: Clock,
        in_thread: InThread,
        source: Callable[[Batch], str],
        followers: Sequence[Follower] = (),
    ) -> None:
        self._followers = followers
        self._lake = lake
        self._clock = clock
        self._in_thread = in_thread
        self._source = source
        self._outboxes: list[Outbox] = []
        self._batches: list[Batch] = []
        self._flight: asyncio.Task[None] | None = None
        self._refused = ""
        self.trouble = ""

    def outbox(self) -> Outbox:
        """A new outbox that this writer empties."""
        self._outboxes.append(Outbox())
        return self._outboxes[-1]

    async def run(self) -> None:
        """Until cancelled; `finish` after that."""
        while True:
            await self._clock.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except RetryLater as error:
                self.trouble = error.message

    async def flush(self) -> None:
        """Put everything into the lake. Raises RetryLater `lake_busy`, `disk_full`; then it is kept."""
        if self._flight is None:
            self._batches = self._batches or [batch for outbox in self._outboxes for batch in outbox.take()]
            if not self._batches:
                return
            self._flight = asyncio.create_task(self._in_thread(self._write))
        try:
            await asyncio.shield(self._flight)  # a thread cannot be cancelled: whoever flushes next waits for it
        finally:
            if self._flight.done():
                self._land(self._flight)

    async def finish(self) -> None:
        """Flush for the last time, patiently. Raises RetryLater when a minute was not enough."""
        for left in reversed(range(LAST_TRIES)):
            try:
                while self._batches or any(outbox.rows for outbox in self._outboxes):
                    await self.flush()
                return
            except RetryLater as error:
                if left == 0:
                    rows = sum(outbox.rows for outbox in self._outboxes)
                    hint = f"{error.hint} The next run asks the venue again for {rows} rows, or records their gaps."
                    raise RetryLater(error.code, error.message, hint) from error
            await self._clock.sleep(LAST_TRY_SECONDS)

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if not flight.cancelled() and flight.exception() is None:
            self._batches, self.trouble = [], self._refused
            for outbox in self._outboxes:
                outbox.written()

    def _write(self) -> None:
        self._refused = ""
        with self._lake.change(LAKE_WAIT_SECONDS) as change:
            for batch in self._batches:
                try:
                    change.append(batch.name, as_table(batch.schema, batch.rows), (self._source(batch),))
                except NeedsOperator as error:
                    self._refused = str(error)
            for follower in self._followers:
                follower.write(change, self._batches)
        for follower in self._followers:
            follower.written()
