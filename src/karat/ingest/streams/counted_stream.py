"""A stream whose items the venue counts: what is missing is asked for by number, and is released in order.

1. On every connection, what followed the last item released is asked for: the snapshot. Numbers prove the overlap.
2. A number that is missing has a moment to come by itself, then it is asked for over REST.
3. What REST has not got, or refuses for too long, is recorded as a gap, and the stream goes on behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from karat.core.errors import InputError, RetryLater
from karat.core.time import HOUR_MS
from karat.ingest.streams.counted import Counted
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.pace import asked, wait_seconds
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import Gap, Reason, Row, counted_row
from karat.ports.stream import CANDLE_MS, Candle, Event, Trade

GRACE_SECONDS = 0.5  # messages of one venue overtake each other by milliseconds
FRUITLESS_ASKS = 3  # REST may lag behind the stream by a second or two
HELD_MAX = 200_000
REACH_MS = 6 * HOUR_MS  # a longer silence is left to `karat data download`

T = TypeVar("T", Trade, Candle)


@dataclass(frozen=True, slots=True)
class Series(Generic[T]):
    """What there is to know about one counted kind. `ask` gives one answer of items from number to number.

    `read` splits a message: items that are final, and the last number that is known to exist, None when it says none.
    `reach_ms` is how long a silence may be for what was missed to be asked for.
    """

    counted: Counted[T]
    ask: Callable[[int, int | None], Awaitable[list[T]]]
    read: Callable[[Sequence[Event]], tuple[list[T], int | None]]
    row_of: Callable[[T], Row]
    reach_ms: int


class CountedStream(Generic[T]):
    """Satisfies `Handler`, for trades with numbers and for candles."""

    def __init__(self, desk: Desk, series: Series[T], dice: Random) -> None:
        self._desk = desk
        self._series = series
        self._counted = series.counted
        self._dice = dice
        self._need = asyncio.Event()
        self._joined = False
        self._live = False

    def take(self, events: Sequence[Event]) -> None:
        items, happened = self._series.read(events)
        self._live = self._live or bool(items)
        self._release(self._counted.offer(items))
        if happened is not None:
            self._counted.expect(happened)
        if self._counted.held > HELD_MAX:
            self._give_up(Reason.TOO_MUCH)
        if not self._joined or self._counted.missing is not None:
            self._need.set()
        self._desk.status.duplicates = self._counted.duplicates

    async def work(self) -> None:
        while True:
            await self._need.wait()
            if not self._joined:
                self._desk.enter(State.SNAPSHOT)
                await self._join()
                self._joined = True
            elif self._counted.missing is not None:
                await self._desk.clock.sleep(GRACE_SECONDS)
            while self._counted.missing is not None:
                self._desk.enter(State.BACKFILLING)
                await self._fill()
            self._need.clear()
            self._desk.enter(State.LIVE)

    def lost(self) -> None:
        self._joined = self._live = False
        self._need.clear()

    def _too_long_ago(self, now_ms: int) -> bool:
        return self._desk.last_ts > 0 and now_ms - self._desk.last_ts > self._series.reach_ms

    async def _join(self) -> None:
        """Ask for what followed the last item, page by page, until no more of it comes."""
        while self._counted.last is not None and not self._too_long_ago(self._desk.clock.now_ms()):
            last = self._counted.last
            try:
                page = await asked(lambda last=last: self._series.ask(last + 1, None), self._desk.clock, self._dice)
            except (RetryLater, InputError) as error:
                self._desk.status.trouble = error.message
                return  # what is missing shows with the next item, and is asked for again then
            if not self._backfilled(page) or self._live:
                return  # numbers tell what is missing before what came live

    async def _fill(self) -> None:
        """Ask for the first gap until it gets smaller; give it up when it does not."""
        missing, held = self._counted.missing, self._counted.first_held
        assert missing is not None
        if self._too_long_ago(self._desk.clock.now_ms() if held is None else held.ts):
            self._give_up(Reason.NOT_RUNNING)
            return
        reason = Reason.NOT_SENT
        for fruitless in range(1, FRUITLESS_ASKS + 1):
            try:
                page = await asked(lambda: self._series.ask(*missing), self._desk.clock, self._dice)
            except (RetryLater, InputError) as error:
                self._desk.status.trouble = error.message
                reason = Reason.REFUSED
                break
            self._backfilled(page)
            left = self._counted.missing
            if left is None or left.first > missing.first:
                return
            if left.last < missing.last:
                break  # the venue has the later part only
            await self._desk.clock.sleep(wait_seconds(fruitless, self._dice))
        if self._counted.missing is not None and self._counted.missing.first == missing.first:
            self._give_up(reason)

    def _backfilled(self, page: list[T]) -> bool:
        """Take an answer over REST. Returns whether anything was released by it."""
        repeated = self._counted.duplicates
        released = self._counted.offer(page)
        self._counted.duplicates = repeated  # an answer overlaps what is there by design
        self._desk.status.backfilled += len(released)
        self._release(released)
        return bool(released)

    def _release(self, items: list[T]) -> None:
        self._desk.release([self._series.row_of(item) for item in items])

    def _give_up(self, reason: Reason) -> None:
        held = self._counted.first_held
        begin_ms = self._desk.last_ts
        missing, released = self._counted.give_up()
        end_ms = max(begin_ms, self._desk.clock.now_ms() if held is None else held.ts)
        self._desk.record(Gap(begin_ms, end_ms, reason, str(missing.first), str(missing.last), missing.count))
        self._release(released)


def counted_trades(desk: Desk, last: int | None, reach_ms: int) -> Series[Trade]:
    """Trades with numbers. `last` is the number of the last one in the lake."""

    async def ask(first: int, _: int | None) -> list[Trade]:
        before = Trade(desk.last_ts, 0.0, 0.0, 0, str(first - 1), first - 1)
        return await desk.stream.past_trades(desk.symbol, before)

    def read(events: Sequence[Event]) -> tuple[list[Trade], int | None]:
        return [event for event in events if isinstance(event, Trade)], None

    return Series(Counted(lambda trade: trade.number, last), ask, read, counted_row, reach_ms)


def counted_candles(desk: Desk, last: int | None, reach_ms: int) -> Series[Candle]:
    """Candles, counted by their minute. One that forms says that the one before it has closed."""

    async def ask(first: int, last: int | None) -> list[Candle]:
        from_ms = first * CANDLE_MS
        now_ms = desk.clock.now_ms() // CANDLE_MS * CANDLE_MS
        to_ms = now_ms if last is None else (last + 1) * CANDLE_MS
        return await desk.stream.past_candles(desk.symbol, from_ms, to_ms) if from_ms < to_ms else []

    def read(events: Sequence[Event]) -> tuple[list[Candle], int | None]:
        candles = [event for event in events if isinstance(event, Candle)]
        forming = [candle.ts // CANDLE_MS - 1 for candle in candles if not candle.closed]
        return [candle for candle in candles if candle.closed], max(forming, default=None)

    def row_of(candle: Candle) -> Row:
        return candle[:6]

    return Series(Counted(lambda candle: candle.ts // CANDLE_MS, last), ask, read, row_of, reach_ms)
