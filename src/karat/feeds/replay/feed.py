"""Replay stored candles at any speed, one bar after the other, with what became known by each close."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Funding, Series
from karat.feeds.common.tape import BARS_BEFORE_GIVING_WAY, OnTape, Tape
from karat.ports.clock import Clock
from karat.ports.feed import Arrival


class ReplayFeed(OnTape):
    """Satisfies `karat.ports.feed.Feed` and `Whole`. The first candle is the anchor. `speed` is bars a second, None
    unlimited.

    `funding` None: the market pays none. `series` are those that the strategy declares, whole, `book` the imbalance of
    the order book. Raises InputError `bad_speed`.
    """

    def __init__(
        self,
        candles: Candles,
        funding: Funding | None,
        clock: Clock,
        speed: float | None = None,
        series: Sequence[Series] = (),
        book: Series | None = None,
    ) -> None:
        if speed is not None and not speed > 0:
            raise InputError(
                "bad_speed", f"A speed of {speed:g} bars a second never moves.", "Use more than 0, or max."
            )
        self._tape = Tape(candles, funding, series, book)
        self._clock = clock
        self._speed = speed

    @property
    def whole_bars(self) -> int | None:
        return len(self._tape) if self._speed is None else None

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        began, bars = self._clock.now_ms(), len(self._tape)
        for first in range(after, bars, BARS_BEFORE_GIVING_WAY):
            if self._speed is None:
                await self._clock.sleep(0.0)  # at full speed only give way now and then
            stop = min(first + BARS_BEFORE_GIVING_WAY, bars)
            for told, arrival in enumerate(self._tape.arrivals(first, stop), first - after):
                if self._speed is not None:
                    await self._wait(told, began, self._speed)
                    yield arrival._replace(more=False)
                else:
                    yield arrival

    async def _wait(self, told: int, began: int, speed: float) -> None:
        """Wait until the next bar is due."""
        ahead_ms = 1000.0 * told / speed - (self._clock.now_ms() - began)
        if ahead_ms >= 1.0 or told % BARS_BEFORE_GIVING_WAY == 0:
            await self._clock.sleep(max(ahead_ms, 0.0) / 1000.0)
