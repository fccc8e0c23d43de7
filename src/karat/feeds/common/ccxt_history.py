"""Past candles of an exchange through ccxt. What differs between exchanges is data: `Facts`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from karat.core.errors import InputError, RetryLater
from karat.core.time import DAY_MS, timeframe_ms, timeframe_text
from karat.feeds.common.ccxt_client import open_exchange, translated
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import VALUES, Action, Page, Perpetuals

_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What a venue is and can.

    `exchange` is ccxt's name of it and `options` what ccxt is told. Only markets of these `types` (and `settles`, where
    named: linear, inverse) belong to the venue; `symbol_key` is the field of ccxt's market that holds the venue's own
    symbol. `rows_at` leads to the list of bars in an answer. `page_bars` is the most one answer holds, `page_days` the
    longest time it spans where there is such a limit, `kept_bars` how far back the venue keeps bars (None: all).
    `asks_first`: the first bar is found by asking for bars from 1970 on; else the day of listing stands for it.
    """

    venue: str
    name: str
    exchange: str
    types: tuple[str, ...]
    page_bars: int
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    settles: tuple[str, ...] = ()
    symbol_key: str = "id"
    rows_at: tuple[str, ...] = ()
    page_days: int | None = None
    kept_bars: int | None = None
    asks_first: bool = False


class CcxtHistory:
    """Satisfies `karat.ports.history.History`. `asked_with` is told to ccxt with every question for bars."""

    calendar: str | None = None
    perpetuals: Perpetuals | None = None
    asked_with: Mapping[str, str] = {}

    def __init__(self, facts: Facts, network: Network, budget: RequestBudget) -> None:
        self._facts = facts
        self._exchange = open_exchange(facts.exchange, facts.options, network, budget)
        self._markets: dict[str, Any] = {}

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
        with self._translated():
            return int(await self._exchange.fetch_time())

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        market = await self._market(symbol)
        if self._facts.kept_bars is not None:
            return await self.now_ms() - self._facts.kept_bars * timeframe_ms
        if self._facts.asks_first:
            with self._translated():
                rows = await self._exchange.fetch_ohlcv(
                    market["symbol"], self._timeframe(timeframe_ms), 0, 1, dict(self.asked_with)
                )
                self._insist_on_list(self._facts.rows_at)
                return int(rows[0][0]) if rows else None
        return market["created"]

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        market = await self._market(symbol)
        name, limit = self._timeframe(timeframe_ms), self.page_bars(timeframe_ms)
        to_ms = min(to_ms, from_ms + limit * timeframe_ms)
        with self._translated():
            wanted = {"until": to_ms - 1, **self.asked_with}
            rows = await self._exchange.fetch_ohlcv(market["symbol"], name, from_ms, limit, wanted)
            self._insist_on_list(self._facts.rows_at)
            ts = np.array([int(row[0]) for row in rows], np.int64)
            values = np.array([row[1:6] for row in rows], np.float64).reshape(len(rows), len(VALUES))
        return Page(from_ms, to_ms, ts, values)

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        return ()

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

    async def _market(self, symbol: str) -> Any:
        if not self._markets:
            with self._translated():
                everything = (await self._exchange.load_markets(reload=True)).values()
            self._markets = {market[self._facts.symbol_key]: market for market in everything if self._is_ours(market)}
            if not self._markets:
                hint = "Nothing is lost: give the same command again later."
                raise RetryLater("vendor_garbled", f"{self._facts.name} sent an empty list of markets.", hint)
        if symbol not in self._markets:
            near = difflib.get_close_matches(symbol.upper(), self._markets, _NAMES_SHOWN, 0.6)
            hint = f"Nearest: {', '.join(near)}." if near else "Write it as the exchange does."
            raise InputError("symbol_unknown", f"{self._facts.name} has no symbol {symbol}.", hint)
        return self._markets[symbol]

    def _is_ours(self, market: Any) -> bool:
        if market["type"] not in self._facts.types:
            return False
        return not self._facts.settles or any(market[settle] for settle in self._facts.settles)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except Exception as error:
            known = translated(error, self._facts.name)
            if known is None:
                raise
            raise known from None  # ccxt's own text names addresses, and may name more
