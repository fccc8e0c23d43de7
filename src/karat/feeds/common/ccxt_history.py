"""Past candles of an exchange through ccxt. What differs between exchanges is data: `Facts`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from karat.core.errors import InputError
from karat.core.instruments.listings import Seen
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, timeframe_ms, timeframe_text
from karat.feeds.common.ccxt_listings import listed_of
from karat.feeds.common.ccxt_markets import CcxtVenue, Facts
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import VALUES, Action, Page, Perpetuals


class CcxtHistory:
    """Satisfies `karat.ports.history.History`. `asked_with` is told to ccxt with every question for bars."""

    calendar: str | None = None
    perpetuals: Perpetuals | None = None
    asked_with: Mapping[str, str] = {}

    def __init__(self, facts: Facts, network: Network, budget: RequestBudget) -> None:
        self._facts = facts
        self._venue = CcxtVenue(facts, network, budget)
        self._exchange = self._venue.rest

    @property
    def venue(self) -> str:
        return self._facts.name

    @property
    def source(self) -> str:
        return f"{self._facts.name} through ccxt"

    def page_bars(self, timeframe_ms: int) -> int:
        self._timeframe(timeframe_ms)
        most = self._facts.page_bars
        return most if self._facts.page_days is None else min(most, self._facts.page_days * DAY_MS // timeframe_ms)

    async def now_ms(self) -> int:
        with self._venue.translating():
            return int(await self._exchange.fetch_time())

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        market = await self._venue.market_of(symbol)
        if self._facts.kept_bars is not None:
            return await self.now_ms() - self._facts.kept_bars * timeframe_ms
        if self._facts.asks_first:
            with self._venue.translating():
                rows = await self._exchange.fetch_ohlcv(
                    market["symbol"], self._timeframe(timeframe_ms), 0, 1, dict(self.asked_with)
                )
                self._insist_on_list(self._facts.rows_at)
                return int(rows[0][0]) if rows else None
        return market["created"]

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        market = await self._venue.market_of(symbol)
        name, limit = self._timeframe(timeframe_ms), self.page_bars(timeframe_ms)
        to_ms = min(to_ms, from_ms + limit * timeframe_ms)
        with self._venue.translating():
            wanted = {"until": to_ms - 1, **self.asked_with}
            rows = await self._exchange.fetch_ohlcv(market["symbol"], name, from_ms, limit, wanted)
            self._insist_on_list(self._facts.rows_at)
            ts = np.array([int(row[0]) for row in rows], np.int64)
            values = np.array([row[1:6] for row in rows], np.float64).reshape(len(rows), len(VALUES))
        return Page(from_ms, to_ms, ts, values)

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        return ()

    async def listed(self, at_ms: int) -> dict[Kind, dict[str, Seen]]:
        facts = self._facts
        markets = await self._venue.markets_by_symbol()
        with self._venue.translating():
            return listed_of(facts.venue, markets, at_ms, ends_key=facts.ends_key, ticks_stay=facts.ticks_stay)

    async def close(self) -> None:
        await self._exchange.close()

    def _insist_on_list(self, rows_at: tuple[str, ...]) -> None:
        """An answer without a list of rows is not one with no rows, though ccxt reads both alike."""
        answer = self._exchange.last_json_response
        for key in rows_at:
            answer = answer[key]
        if not isinstance(answer, list):
            raise TypeError("no list of rows")

    def _timeframe(self, milliseconds: int) -> str:
        """ccxt's name of a timeframe; "1M" is a month there and has no fixed length."""
        names = [name for name in self._exchange.timeframes if re.fullmatch(r"[0-9]+[smhdw]", name)]
        served = {timeframe_ms(name): name for name in names}
        if milliseconds not in served:
            message = f"{self._facts.name} has no {timeframe_text(milliseconds)} bars."
            hint = f"It has {', '.join(served[key] for key in sorted(served))}; Karat builds multiples from them."
            raise InputError("timeframe_unknown", message, hint)
        return served[milliseconds]
