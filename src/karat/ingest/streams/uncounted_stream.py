"""Trades of a venue that does not count them: joined by overlap after every connection (see `uncounted`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from karat.core.errors import InputError, RetryLater
from karat.ingest.streams.counted_stream import FRUITLESS_ASKS
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.pace import asked, wait_seconds
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import Gap, Reason, uncounted_row
from karat.ingest.streams.uncounted import OVERLAP_MS, Joined, Uncounted
from karat.ports.stream import Event, Trade


class UncountedStream:
    """Satisfies `Handler`, for trades without numbers."""

    def __init__(self, desk: Desk, join: Uncounted, reach_ms: int, dice: Random) -> None:
        self._desk = desk
        self._join = join
        self._reach_ms = reach_ms
        self._dice = dice
        self._need = asyncio.Event()
        self._reason = Reason.NOT_RUNNING

    def take(self, events: Sequence[Event]) -> None:
        released = self._join.offer(event for event in events if isinstance(event, Trade))
        self._desk.release([uncounted_row(trade) for trade in released])
        if not self._join.joined:
            self._need.set()
        self._desk.status.duplicates = self._join.duplicates

    async def work(self) -> None:
        while True:
            await self._need.wait()
            self._desk.enter(State.SNAPSHOT)
            fruitless, after = 0, self._overlap()
            while not self._join.joined:
                answer, refused = await self._answer(after)
                fruitless += 1
                reason = Reason.REFUSED if refused else self._reason
                joined = self._join.past(
                    answer, self._desk.clock.now_ms(), final=refused or fruitless >= FRUITLESS_ASKS
                )
                self._keep(joined, reason)
                if answer and (after is None or answer[-1].ts > after.ts):
                    fruitless, after = 0, answer[-1]
                elif not joined.done:
                    await self._desk.clock.sleep(wait_seconds(fruitless, self._dice))
            self._need.clear()
            self._reason = Reason.DISCONNECTED
            self._desk.enter(State.LIVE)

    def lost(self) -> None:
        self._join.disconnected()
        self._need.clear()

    def _overlap(self) -> Trade | None:
        """From where to ask: from a little before the last trade, as the one before it may have been on its way when
        the connection broke. None when that was too long ago: the newest will do, and the gap is recorded."""
        last = self._join.last
        if last is None or self._desk.clock.now_ms() - last.ts > self._reach_ms:
            return None
        return last._replace(ts=last.ts - OVERLAP_MS)

    async def _answer(self, after: Trade | None) -> tuple[list[Trade], bool]:
        """What REST gives, and whether it refused to."""
        try:
            ask = asked(lambda: self._desk.stream.past_trades(self._desk.symbol, after), self._desk.clock, self._dice)
            return await ask, False
        except (RetryLater, InputError) as error:
            self._desk.status.trouble = error.message
            return [], True

    def _keep(self, joined: Joined, reason: Reason) -> None:
        for gap in joined.gaps:
            self._desk.record(Gap(gap.begin_ms, gap.end_ms, reason))
        self._desk.release([uncounted_row(trade) for trade in joined.released])
        self._desk.status.backfilled += len(joined.released)
