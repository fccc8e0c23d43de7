"""Replay stored candles at any speed, one bar after the other, with the funding known at each close."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import numpy as np

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding, no_funding
from karat.ports.clock import Clock
from karat.ports.feed import Arrival, Bar, Stamp

BARS_BEFORE_GIVING_WAY = 128  # at full speed: some hundredths of a second of work between two chances for others


class ReplayFeed:
    """Satisfies `karat.ports.feed.Feed`. The first candle is the anchor. `speed` is bars a second, None unlimited.

    `funding` None: the market pays none. Raises InputError `bad_speed`.
    """

    def __init__(self, candles: Candles, funding: Funding | None, clock: Clock, speed: float | None = None) -> None:
        if speed is not None and not speed > 0:
            raise InputError(
                "bad_speed", f"A speed of {speed:g} bars a second never moves.", "Use more than 0, or max."
            )
        self._candles = candles
        self._funding = no_funding() if funding is None else funding
        self._clock = clock
        self._speed = speed
        self._known = np.searchsorted(self._funding.ts, candles.ts + candles.timeframe_ms, side="right")
        self.has_funding = funding is not None

    @property
    def market(self) -> MarketId:
        return self._candles.market

    @property
    def timeframe_ms(self) -> int:
        return self._candles.timeframe_ms

    def past(self, bars: int) -> tuple[Candles, Funding]:
        if bars > len(self._candles):
            raise NeedsOperator(
                "history_missing",
                f"{self.market}: {bars} bars were there before, now there are {len(self._candles)}.",
                "Import the market again, whole.",
            )
        known = slice(0, self._known[bars - 1] if bars else 0)
        funding = self._funding
        return self._candles[:bars], Funding(funding.ts[known], funding.rate[known], funding.mark[known])

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        began, bars = self._clock.now_ms(), len(self._candles)
        for first in range(after, bars, BARS_BEFORE_GIVING_WAY):
            stop = min(first + BARS_BEFORE_GIVING_WAY, bars)
            if self._speed is None:
                await self._clock.sleep(0.0)  # at full speed only give way now and then
            for bar, closed in enumerate(self._bars(first, stop), first):
                if self._speed is not None:
                    await self._wait(bar - after, began, self._speed)
                yield Arrival(closed, self._stamps(bar), self._speed is None and bar + 1 < stop)

    async def _wait(self, told: int, began: int, speed: float) -> None:
        """Wait until the next bar is due."""
        ahead_ms = 1000.0 * told / speed - (self._clock.now_ms() - began)
        if ahead_ms >= 1.0 or told % BARS_BEFORE_GIVING_WAY == 0:
            await self._clock.sleep(max(ahead_ms, 0.0) / 1000.0)

    def _bars(self, first: int, stop: int) -> Iterator[Bar]:
        columns = (getattr(self._candles, name)[first:stop].tolist() for name in CANDLE_COLUMNS)
        return map(Bar._make, zip(*columns, strict=True))

    def _stamps(self, bar: int) -> tuple[Stamp, ...]:
        first, last = self._known[bar - 1] if bar else 0, self._known[bar]
        if first == last:
            return ()
        funding = self._funding
        return tuple(
            Stamp(int(funding.ts[k]), float(funding.rate[k]), float(funding.mark[k])) for k in range(first, last)
        )
