"""The downloader as DataSync asks for it: the bars that have closed since the newest one in the lake.

Only bars behind the newest are asked for. What the lake holds stays as it is, because bots have decided on it; to
compare it with what a vendor says today, and to refill holes, is what `karat data download` is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from karat.core.errors import RetryLater
from karat.core.ids import MarketId, venue_of
from karat.core.time import SECOND_MS, grid_origin_ms, iso, timeframe_text
from karat.ingest.download import download
from karat.ingest.orders import Order, Places
from karat.ports.history import History

ASK_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class _Open:
    """A venue's connection, and who may use it now."""

    history: History
    turn: asyncio.Lock


class Venues:
    """One connection for each venue, opened when it is first needed. A venue answers one download after the other."""

    def __init__(self, open_history: Callable[[str], History], places: Places) -> None:
        self._open_history = open_history
        self._open: dict[str, _Open] = {}
        self.places = places

    async def bring(self, order: Order) -> None:
        """Download one order. Raises what `karat.ingest.download.download` raises."""
        venue = venue_of(order.market)
        if venue not in self._open:
            self._open[venue] = _Open(self._open_history(venue), asyncio.Lock())
        held = self._open[venue]
        async with held.turn:
            await download(order, held.history, self.places)

    async def aclose(self) -> None:
        """Let go of all connections."""
        for held in self._open.values():
            await held.history.close()
        self._open.clear()


class LiveCandles:
    """Satisfies `karat.ports.source.CandleSource` for a stored series of a market that never closes.

    A bar that has closed and does not come is asked for again for `patience_seconds`: a venue's clock may be behind.
    """

    def __init__(self, market: MarketId, timeframe_ms: int, venues: Venues, patience_seconds: float) -> None:
        self._market = market
        self._timeframe_ms = timeframe_ms
        self._venues = venues
        self._patience_seconds = patience_seconds

    @property
    def name(self) -> str:
        return candles_name(self._market, self._timeframe_ms)

    @property
    def timeframe_ms(self) -> int:
        return self._timeframe_ms

    async def bring(self, now_ms: int) -> None:
        """See `CandleSource.bring`. Raises also RetryLater `bar_missing`."""
        clock, step = self._venues.places.clock, self._timeframe_ms
        origin = grid_origin_ms(step)
        due_ts = (now_ms - origin) // step * step + origin - step
        while (newest := self._after()) < due_ts:
            await self._venues.bring(Order(self._market, step, newest + step))
            came = self._after()
            if came >= due_ts:
                return
            if clock.now_ms() - now_ms + ASK_AGAIN_SECONDS * SECOND_MS > self._patience_seconds * SECOND_MS:
                message = f"{venue_of(self._market)} has not given the bar of {iso(came + step)} yet."
                raise RetryLater("bar_missing", message, "It is asked again in the next round.")
            await clock.sleep(ASK_AGAIN_SECONDS)

    def newest(self) -> int | None:
        series = (entry for entry in self._venues.places.lake.list() if entry.market == self._market)
        return next((entry.last_ts for entry in series if entry.timeframe_ms == self._timeframe_ms), None)

    def _after(self) -> int:
        newest = self.newest()
        assert newest is not None, "a bot begins on bars that are there"
        return newest


def candles_name(market: MarketId, timeframe_ms: int) -> str:
    """What the state of the data calls the candles of a market."""
    return f"candles/{market}/{timeframe_text(timeframe_ms)}"
