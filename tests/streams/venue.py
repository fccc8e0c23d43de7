"""A venue that lies, in memory: it knows the truth, and plays it with every fault it is told to have.

Satisfies `karat.ports.stream.Stream`. Connections follow a script: one plan each, the last one for ever.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.streams.virtual import VirtualClock

from karat.core.errors import InputError, RetryLater
from karat.ports.stream import UNCOUNTED, BookLink, Candle, Event, StreamKind, Trade, WholeBook

Timed = tuple[int, Event]  # when it is sent, and what


@dataclass(frozen=True)
class Plan:
    """One connection: it lives `seconds`, then ends (`drop`) or falls silent and stays open (`half_open`).

    `twice`, `late`: chances that a message is repeated a little later, or held back for up to `late_ms`. `lost`: chance
    that a message never comes.
    """

    seconds: float = 1e9
    half_open: bool = False
    twice: float = 0.0
    late: float = 0.0
    late_ms: int = 300
    lost: float = 0.0


CLEAN = Plan()


@dataclass
class LyingVenue:
    """`messages`: what happens, in order of time. `past`: whether REST gives trades: none, newest, following.

    `withheld`: numbers that REST has not got. `refusals`: how many of the next REST requests are refused.
    """

    messages: Sequence[Timed]
    trades: Sequence[Trade] = ()
    counts_trades: bool = True
    past: str = "following"
    page: int = 50
    rest_lag_ms: int = 0
    withheld: frozenset[int] = frozenset()
    refusals: int = 0
    plans: Sequence[Plan] = (CLEAN,)
    seed: int = 1
    book_link: BookLink = BookLink.PREVIOUS
    books: Sequence[WholeBook] = ()
    candles: Sequence[Candle] = ()
    kinds: tuple[StreamKind, ...] = tuple(StreamKind)
    venue: str = "Lying Venue"
    source: str = "a fake"
    connections: int = 0
    requests: int = 0
    pongs: bool = True
    open_until: dict[Any, float] = field(default_factory=dict[Any, float])

    async def check(self, symbol: str) -> None:
        if symbol != "BTCUSDT":
            raise InputError("symbol_unknown", f"{self.venue} has no symbol {symbol}.")

    async def watch(self, symbol: str, kind: StreamKind) -> AsyncGenerator[Sequence[Event]]:
        clock = VirtualClock()
        plan = self.plans[min(self.connections, len(self.plans) - 1)]
        dice = random.Random(self.seed * 1000 + self.connections)
        self.connections += 1
        began_ms = clock.now_ms()
        end_ms = began_ms + plan.seconds * 1000
        self.open_until[symbol, kind] = end_ms
        yield ()
        for sent_ms, event in self._played(plan, dice, began_ms):
            if sent_ms >= end_ms:
                break
            await clock.until(sent_ms)
            yield (event,)
        if end_ms < began_ms + 1e11:
            await clock.until(round(end_ms))
        if plan.half_open or end_ms >= began_ms + 1e11:
            await asyncio.sleep(1e9)
        raise RetryLater("stream_lost", f"{self.venue} closed the connection.")

    def _played(self, plan: Plan, dice: random.Random, began_ms: int) -> list[Timed]:
        played: list[tuple[int, int, Event]] = []
        for place, (ts, event) in enumerate(self.messages):
            if ts < began_ms or dice.random() < plan.lost:
                continue
            late = dice.randrange(plan.late_ms) if dice.random() < plan.late else 0
            played.append((ts + late, place, event))
            if dice.random() < plan.twice:
                played.append((ts + dice.randrange(plan.late_ms), place, event))
        return [(ts, event) for ts, _, event in sorted(played, key=lambda one: one[:2])]

    def heard_ms(self, symbol: str, kind: StreamKind) -> int:
        now_ms = VirtualClock().now_ms()
        return round(min(now_ms, self.open_until.get((symbol, kind), 0))) if self.pongs else 0

    async def past_trades(self, symbol: str, after: Trade | None) -> list[Trade]:
        await self._request()
        now_ms = VirtualClock().now_ms() - self.rest_lag_ms
        had = [(n, t) for n, t in enumerate(self.trades) if t.ts <= now_ms and n not in self.withheld]
        known = [trade if self.counts_trades else replace_number(trade) for _, trade in had]
        if self.past == "none":
            return []
        if after is None or self.past == "newest":
            return known[-self.page :]
        if self.counts_trades:
            return [trade for trade in known if trade.number > after.number][: self.page]
        return [trade for trade in known if trade.ts >= after.ts][: self.page]

    async def past_candles(self, symbol: str, from_ms: int, to_ms: int) -> list[Candle]:
        await self._request()
        now_ms = VirtualClock().now_ms()
        return [one for one in self.candles if from_ms <= one.ts < to_ms and one.ts + 60_000 <= now_ms][: self.page]

    async def book(self, symbol: str) -> WholeBook:
        await self._request()
        now_ms = VirtualClock().now_ms() - self.rest_lag_ms
        known = [book for book in self.books if book.ts <= now_ms]
        if not known:
            raise RetryLater("vendor_down", f"{self.venue} has no book yet.")
        return known[-1]

    async def close(self) -> None:
        return

    async def _request(self) -> None:
        self.requests += 1
        await asyncio.sleep(0.05)
        if self.refusals:
            self.refusals -= 1
            raise RetryLater("vendor_limit", f"{self.venue} says that it was asked too often.")


def replace_number(trade: Trade) -> Trade:
    return trade._replace(number=UNCOUNTED)


def tape(count: int, first_ms: int, seed: int, spacing_ms: int = 400) -> list[Trade]:
    """A truth: trades with numbers, several of them at one time now and then."""
    dice = random.Random(seed)
    ts, trades = first_ms, []
    for number in range(count):
        ts += dice.choice((0, dice.randrange(2 * spacing_ms)))
        price, quantity = 50_000 + dice.randrange(1000) / 10, dice.randrange(1, 1000) / 1000
        trades.append(Trade(ts, price, quantity, dice.choice((-1, 1)), str(number), number))
    return trades


def playing(trades: Sequence[Trade], *, counted: bool = True, **faults: Any) -> LyingVenue:
    """A venue that plays a tape."""
    messages = [(trade.ts, trade if counted else replace_number(trade)) for trade in trades]
    return replace(LyingVenue(messages, trades, counted), **faults)
