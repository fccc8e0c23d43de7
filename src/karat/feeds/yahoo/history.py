"""Past candles, splits and dividends from Yahoo's chart endpoint."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.instruments.listings import Seen
from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, SECOND_MS, timeframe_text
from karat.feeds.common.http_client import VendorClient
from karat.feeds.common.network import Network
from karat.feeds.yahoo.facts import (
    BASE_URL,
    CALENDAR,
    COST_MS,
    FIRST_DAY_MS,
    INTERVALS,
    NAME,
    VENUE,
    ZONE,
    Interval,
)
from karat.ports.budget import RequestBudget
from karat.ports.history import VALUES, Action, History, Page, Perpetuals

VENUES = (VENUE,)
_PRICE_DECIMALS = 4  # undoing a split multiplies what Yahoo had rounded; exchanges quote no finer than this


def open_history(venue: str, network: Network, budget: RequestBudget) -> History:
    """The adapter of `yahoo`."""
    assert venue == VENUE
    return YahooHistory(network, budget)


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is known about a symbol: its first day, and all its splits and dividends, as they were on their days."""

    first_ms: int
    actions: tuple[Action, ...]

    def shares_since(self, ts: Ints) -> Floats:
        """How many shares of today were one share at each time."""
        factor = np.ones(len(ts))
        for action in self.actions:
            if action.kind == "split":
                factor[ts < action.ts] *= action.value
        return factor


class YahooHistory:
    """Satisfies `karat.ports.history.History`."""

    calendar: str | None = CALENDAR
    perpetuals: Perpetuals | None = None
    venue = VENUE
    source = NAME

    def __init__(self, network: Network, budget: RequestBudget) -> None:
        self._client = VendorClient(NAME, BASE_URL, COST_MS, network, budget, User_Agent="Mozilla/5.0")
        self._listings: dict[str, _Listing] = {}

    def page_bars(self, timeframe_ms: int) -> int:
        return _interval(timeframe_ms).page_days * DAY_MS // timeframe_ms

    async def now_ms(self) -> int:
        return self._client.now_ms()

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        listing = await self._listing(symbol)
        kept = _interval(timeframe_ms).kept_days
        return listing.first_ms if kept is None else max(listing.first_ms, self._client.now_ms() - kept * DAY_MS)

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        listing, interval = await self._listing(symbol), _interval(timeframe_ms)
        to_ms = min(to_ms, from_ms + interval.page_days * DAY_MS)
        chart = await self._chart(symbol, interval.name, from_ms, to_ms + DAY_MS)
        with self._sense():
            ts, values = _bars(chart, timeframe_ms)
        shares = listing.shares_since(ts)
        values[:, :4] = np.round(values[:, :4] * shares[:, None], _PRICE_DECIMALS)
        values[:, 4] = np.round(values[:, 4] / shares)
        return Page(from_ms, to_ms, ts, values)

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        listing = await self._listing(symbol)
        return tuple(action for action in listing.actions if from_ms <= action.ts < to_ms)

    async def listed(self, at_ms: int) -> dict[Kind, dict[str, Seen]]:
        return {}

    async def close(self) -> None:
        await self._client.close()

    async def _listing(self, symbol: str) -> _Listing:
        if symbol not in self._listings:
            chart = await self._chart(symbol, "3mo", 0, 4_102_444_800_000)
            with self._sense():
                meta = chart["meta"]
                if meta["exchangeTimezoneName"] != ZONE:
                    message = f"{symbol} is listed in {meta['exchangeTimezoneName']}."
                    hint = "From Yahoo, Karat downloads listings of the United States."
                    raise InputError("vendor_refused", message, hint)
                first_ms = max(int(meta["firstTradeDate"]) * SECOND_MS // DAY_MS * DAY_MS, FIRST_DAY_MS)
                self._listings[symbol] = _Listing(first_ms, _actions(chart))
        return self._listings[symbol]

    async def _chart(self, symbol: str, interval: str, from_ms: int, to_ms: int) -> dict[str, Any]:
        try:
            answer = await self._client.get_json(
                f"/v8/finance/chart/{symbol}",
                period1=from_ms // SECOND_MS,
                period2=to_ms // SECOND_MS,
                interval=interval,
                events="div,splits",
                includePrePost="false",
            )
        except InputError as error:
            raise self._client.unknown(symbol) if error.code == "symbol_unknown" else error from None
        with self._sense():
            return answer["chart"]["result"][0]

    @contextmanager
    def _sense(self) -> Generator[None]:
        """What is not there, or not as it should be, is nonsense."""
        try:
            yield
        except (KeyError, IndexError, TypeError, ValueError):
            raise self._client.garbled() from None


def _interval(timeframe_ms: int) -> Interval:
    if timeframe_ms not in INTERVALS:
        message = f"{NAME} has no {timeframe_text(timeframe_ms)} bars on the clock."
        hint = (
            f"It has {', '.join(interval.name for interval in INTERVALS.values())}; Karat builds multiples from them."
        )
        raise InputError("timeframe_unknown", message, hint)
    return INTERVALS[timeframe_ms]


def _bars(chart: dict[str, Any], timeframe_ms: int) -> tuple[Ints, Floats]:
    """Open times and values as Yahoo has them. An empty row is a time without trades; a day is named by its date."""
    ts = np.array(chart.get("timestamp", []), np.int64) * SECOND_MS
    if timeframe_ms == DAY_MS:
        ts = (ts + int(chart["meta"]["gmtoffset"]) * SECOND_MS) // DAY_MS * DAY_MS
    quote = chart["indicators"]["quote"][0] if len(ts) else {}
    columns = [np.array(quote.get(name, []), np.float64) for name in VALUES]
    values = np.column_stack(columns).reshape(len(ts), len(VALUES))
    there = ~np.isnan(values).all(axis=1)
    return ts[there], values[there]


def _actions(chart: dict[str, Any]) -> tuple[Action, ...]:
    """Splits and dividends by day; dividends as they were paid, per share of their own day."""
    events = chart.get("events", {})
    splits = [
        Action(_day(event), "split", event["numerator"] / event["denominator"])
        for event in events.get("splits", {}).values()
    ]
    listing = _Listing(0, tuple(splits))
    dividends: list[Action] = []
    for event in events.get("dividends", {}).values():
        shares = float(listing.shares_since(np.array([_day(event)]))[0])
        dividends.append(Action(_day(event), "dividend", round(event["amount"] * shares, 6)))
    return tuple(sorted(splits + dividends, key=lambda action: (action.ts, action.kind)))


def _day(event: dict[str, Any]) -> int:
    return int(event["date"]) * SECOND_MS // DAY_MS * DAY_MS
