"""Bars as a process receives them: on time and true, but for the faults of data (F11, F12).

A bad bar comes in the place of the good one, which follows `REPAIR_MS` later under the same open time, as venues
correct themselves. A gap leaves a bar out for good: it is found by `past` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import numpy as np
from tests.chaos.storm.faults import Kind, Running
from tests.chaos.storm.market import Market
from tests.chaos.storm.tape import Delivered, Tape
from tests.chaos.storm.world import World

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.ports.feed import Arrival, Bar, FeedKey, Notice, Past, Stamp

LATENCY_MS = 150
REPAIR_MS = 2_000
_NAN = float("nan")


class StormFeed:
    """`karat.ports.feed.Feed` of one life."""

    def __init__(
        self,
        key: FeedKey,
        truth: Market,
        stamps: tuple[Stamp, ...],
        world: World,
        faults: Running,
        tape: Tape,
        life: int,
    ) -> None:
        self._key, self._truth, self._stamps = key, truth, stamps
        self._world, self._faults, self._tape, self._life = world, faults, tape, life

    @property
    def market(self) -> MarketId:
        return self._key.market

    @property
    def timeframe_ms(self) -> int:
        return self._key.timeframe_ms

    @property
    def has_funding(self) -> bool:
        return bool(self._stamps)

    def past(self, bars: int) -> Past:
        candles = self._truth.bars(self.timeframe_ms, self._key.anchor_ts, self._world.now_ms)[:bars]
        if len(candles) < bars:
            raise NeedsOperator("history_missing", f"{self.market} has {len(candles)} bars, not {bars}.")
        end = self._open_ts(bars)
        known = [stamp for stamp in self._stamps if self._key.anchor_ts <= stamp.ts <= end]
        columns = ([stamp.ts for stamp in known], [stamp.rate for stamp in known], [stamp.mark for stamp in known])
        return Past(candles, Funding(np.array(columns[0], np.int64), np.array(columns[1]), np.array(columns[2])))

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival | Notice]:
        bar = after
        while True:
            ts = self._open_ts(bar)
            if await self._opens_early(ts):
                yield self._given(self._truth.bar(self.timeframe_ms, ts, self.timeframe_ms // 2_000), (), good=False)
            await self._until(ts + self.timeframe_ms + LATENCY_MS)
            while self._fault(Kind.STALE_DATA, "withheld"):
                await asyncio.sleep(1.0)
            stamps = tuple(stamp for stamp in self._stamps if ts < stamp.ts <= ts + self.timeframe_ms)
            true = self._truth.bar(self.timeframe_ms, ts)
            fault = self._faults.meet(Kind.BAD_DATA, self._world.passed_ms, self.market, tuple(_BAD))
            if self._fault(Kind.STALE_DATA, "frozen"):
                before = self._truth.bar(self.timeframe_ms, ts - self.timeframe_ms).close
                yield self._given(Bar(ts, before, before, before, before, 0.0), stamps, good=False)
            elif self._meets("gap"):
                bar += 1
                continue
            else:
                if fault is not None:
                    yield self._given(_BAD[fault.variant](true), (), good=False)
                    await asyncio.sleep(REPAIR_MS / 1_000)
                yield self._given(true, stamps, good=True)
                if self._meets("duplicate"):
                    yield self._given(true, (), good=True)
                if self._meets("revised"):
                    revised = true._replace(close=true.open, volume=true.volume + 1.0)
                    yield self._given(revised, (), good=False)
            bar += 1

    async def _opens_early(self, ts: int) -> bool:
        """Whether the bar that opens at `ts` is shown half-way, by a fault that is there then."""
        if self._faults.now(Kind.BAD_DATA, self._world.passed_ms, self.market, ("open",)) is None:
            return False
        await self._until(ts + self.timeframe_ms // 2)
        return self._world.now_ms < ts + self.timeframe_ms and self._meets("open")

    def _given(self, bar: Bar, stamps: tuple[Stamp, ...], *, good: bool) -> Arrival:
        now = self._world.now_ms
        self._tape.add(Delivered(self._life, now, self.market, self.timeframe_ms, bar.ts, good))
        return Arrival(bar, stamps, more=now > bar.ts + 2 * self.timeframe_ms + LATENCY_MS)

    def _meets(self, variant: str) -> bool:
        return self._faults.meet(Kind.BAD_DATA, self._world.passed_ms, self.market, (variant,)) is not None

    def _fault(self, kind: Kind, variant: str) -> bool:
        return self._faults.meet(kind, self._world.passed_ms, self.market, (variant,)) is not None

    async def _until(self, ms: int) -> None:
        while self._world.now_ms < ms:
            await asyncio.sleep((ms - self._world.now_ms) / 1_000)

    def _open_ts(self, bar: int) -> int:
        return self._key.anchor_ts + bar * self.timeframe_ms


_BAD: dict[str, Callable[[Bar], Bar]] = {
    "nan": lambda bar: bar._replace(close=_NAN),
    "zero": lambda bar: Bar(bar.ts, 0.0, 0.0, 0.0, 0.0, 0.0),
    "negative": lambda bar: bar._replace(low=-bar.low),
    "crossed": lambda bar: bar._replace(high=bar.low, low=bar.high + 1.0),
    "spike": lambda bar: bar._replace(high=bar.high * 3.0, close=bar.close * 3.0),
}
