"""Funding rates and mark prices of an exchange's perpetuals, through ccxt. What differs is data: `FundingFacts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from karat.feeds.common.ccxt_history import CcxtHistory, Facts
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import FundingPage, History, Page

_VOLUME = 4


@dataclass(frozen=True, slots=True)
class FundingFacts:
    """How a venue tells funding and mark prices.

    `page_stamps` is the most one answer holds, `page_ms` the longest time one question spans where there is a limit;
    `rows_at` leads to the list of rates in it. `rate_at` is the field of a row that holds the rate paid at that stamp,
    where ccxt takes another. `until` is what ccxt calls the end of the range. `line` and `cost_ms` are a budget of its
    own that the venue keeps for funding. `kept_ms` is how far back the rates reach, `mark_page_bars` how many mark
    prices one answer holds (None: the venue has no history of them).
    """

    page_stamps: int
    page_ms: int | None = None
    rows_at: tuple[str, ...] = ()
    rate_at: str | None = None
    until: str = "until"
    line: str = ""
    cost_ms: float = 0.0
    kept_ms: int | None = None
    mark_page_bars: int | None = None


class CcxtPerpetualHistory(CcxtHistory):
    """Candles of a venue that has perpetuals, and their funding; satisfies `karat.ports.history.Perpetuals` too."""

    def __init__(self, facts: Facts, funding: FundingFacts, network: Network, budget: RequestBudget) -> None:
        super().__init__(facts, network, budget)
        self._funding, self._budget = funding, budget
        self.perpetuals = self
        self._mark = MarkHistory(self, funding.mark_page_bars) if funding.mark_page_bars else None

    @property
    def mark(self) -> History | None:
        return self._mark

    @property
    def funding_kept_ms(self) -> int | None:
        return self._funding.kept_ms

    async def pays_funding(self, symbol: str) -> bool:
        return (await self._venue.market_of(symbol))["type"] == "swap"

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> FundingPage:
        market, facts = await self._venue.market_of(symbol), self._funding
        to_ms = to_ms if facts.page_ms is None else min(to_ms, from_ms + facts.page_ms)
        if facts.line:
            await self._budget.spend(facts.line, facts.cost_ms)
        with self._venue.translating():
            rows = await self._exchange.fetch_funding_rate_history(
                market["symbol"], from_ms, facts.page_stamps, {facts.until: to_ms}
            )
            self._insist_on_list(facts.rows_at)
            ts = np.array([int(row["timestamp"]) for row in rows], np.int64)
            rate = np.array([self._rate(row) for row in rows], np.float64)
        return FundingPage(to_ms, ts, rate)

    def _rate(self, row: Mapping[str, Any]) -> float:
        field = self._funding.rate_at
        return float(row["fundingRate"] if field is None else row["info"][field])


class MarkHistory(CcxtHistory):
    """Bars of mark prices, over the connection of the venue's candles. Their volume is 0."""

    asked_with: Mapping[str, str] = {"price": "mark"}

    def __init__(self, candles: CcxtHistory, page_bars: int) -> None:
        self._facts = replace(candles._facts, page_bars=page_bars)
        self._venue = candles._venue
        self._exchange = self._venue.rest

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        answer = await super().page(symbol, timeframe_ms, from_ms, to_ms)
        answer.values[:, _VOLUME] = 0.0  # none, or the count of something, or whether the bar has closed
        return answer

    async def close(self) -> None:
        """The connection is that of the candles."""
