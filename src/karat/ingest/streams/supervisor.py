"""Keeps one stream connected.

1. Connect and hand on what comes. Meanwhile the handler asks for what is missing, and a watchdog looks at the age.
2. A stream from which nothing was heard for longer than its kind allows is half-open or dead: it is cut.
3. After any end of a connection: wait, longer each time and never in step with others, then connect again. Waits begin
   anew when a connection has lasted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

from karat.core.errors import InputError, RetryLater
from karat.core.time import MINUTE_MS, SECOND_MS
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.handler import Handler
from karat.ingest.streams.pace import wait_seconds
from karat.ingest.streams.status import State
from karat.ports.stream import StreamKind

AGE_MAX_MS = {
    StreamKind.TRADES: 2 * MINUTE_MS,  # a liquid market trades every second; a quiet one costs a reconnect, no data
    StreamKind.QUOTES: 1 * MINUTE_MS,
    StreamKind.BOOK: 30 * SECOND_MS,
    StreamKind.LIQUIDATIONS: 2 * MINUTE_MS,  # of the connection's own signs of life: days may pass without one
    StreamKind.CANDLES: 2 * MINUTE_MS,
}
LASTED_MS = 1 * MINUTE_MS


class Supervisor:
    """One stream, from the first connection to the last."""

    def __init__(self, desk: Desk, handler: Handler, dice: Random, age_max_ms: int | None = None) -> None:
        self._desk = desk
        self._handler = handler
        self._dice = dice
        self._age_max_ms = AGE_MAX_MS[desk.kind] if age_max_ms is None else age_max_ms

    async def run(self) -> None:
        """Until cancelled. Raises InputError when the venue refuses what asking again cannot change."""
        failures = 0
        try:
            while True:
                began_ms = self._desk.clock.now_ms()
                try:
                    await self._connection(began_ms)
                except RetryLater as error:
                    self._desk.status.trouble = error.message
                self._handler.lost()
                self._desk.status.reconnects += 1
                self._desk.enter(State.DOWN)
                lasted = self._desk.clock.now_ms() - began_ms >= LASTED_MS
                failures = 1 if lasted else failures + 1
                await self._desk.clock.sleep(wait_seconds(failures, self._dice))
        except InputError as error:
            self._desk.status.trouble, self._desk.status.refused = error.message, True
            raise
        finally:
            self._desk.enter(State.STOPPED)

    async def _connection(self, began_ms: int) -> None:
        self._desk.enter(State.CONNECTING)
        await _first_to_end(self._pump(), self._watch_age(began_ms), self._handler.work())

    async def _pump(self) -> None:
        desk = self._desk
        events = desk.stream.watch(desk.symbol, desk.kind)
        try:
            async for batch in events:
                desk.status.heard_ms = desk.clock.now_ms()
                self._handler.take(batch)
                await desk.outbox.room()
        finally:
            await events.aclose()
        raise RetryLater("stream_lost", f"{desk.stream.venue} ended the stream.")

    async def _watch_age(self, began_ms: int) -> None:
        """Ends, with RetryLater, when nothing was heard for too long."""
        desk = self._desk
        while True:
            now_ms = desk.clock.now_ms()
            heard_ms = now_ms if desk.outbox.waiting else max(self._heard_ms(), began_ms)
            left_ms = heard_ms + self._age_max_ms - now_ms
            if left_ms <= 0:
                desk.enter(State.STALE)
                silent = (now_ms - heard_ms) // SECOND_MS
                raise RetryLater("stream_silent", f"{desk.stream.venue} sent nothing for {silent} s.")
            await desk.clock.sleep(left_ms / SECOND_MS)

    def _heard_ms(self) -> int:
        self._desk.note_life()
        return max(self._desk.status.heard_ms, self._desk.status.alive_ms)


async def _first_to_end(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, then end the others. Raises what that one raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
