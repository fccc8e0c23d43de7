"""Past candles, splits and dividends from Alpaca's market data."""

from __future__ import annotations

from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.instruments.listings import Seen
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, iso, parse_time_ms, timeframe_text
from karat.feeds.alpaca.facts import (
    BASE_URL,
    CALENDAR,
    COST_MS,
    DELAY_MS,
    FIRST_DAY,
    FIRST_DAY_MS,
    KEY_ID,
    NAME,
    PAGE_BARS,
    SECRET_KEY,
    TIMEFRAMES,
    VENUE,
)
from karat.feeds.common.http_client import VendorClient
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import VALUES, Action, History, Page, Perpetuals

VENUES = (VENUE,)
_TYPES = "forward_split,reverse_split,cash_dividend"


def open_history(venue: str, network: Network, budget: RequestBudget) -> History:
    """The adapter of `alpaca`. Raises InputError `key_missing`."""
    assert venue == VENUE
    return AlpacaHistory(network, budget)


class AlpacaHistory:
    """Satisfies `karat.ports.history.History`."""

    calendar: str | None = CALENDAR
    perpetuals: Perpetuals | None = None
    venue = VENUE
    source = NAME

    def __init__(self, network: Network, budget: RequestBudget) -> None:
        self._client = VendorClient(
            NAME,
            BASE_URL,
            COST_MS,
            network,
            budget,
            APCA_API_KEY_ID=network.secret(KEY_ID),
            APCA_API_SECRET_KEY=network.secret(SECRET_KEY),
        )

    def page_bars(self, timeframe_ms: int) -> int:
        _timeframe(timeframe_ms)
        return PAGE_BARS

    async def now_ms(self) -> int:
        return self._client.now_ms() - DELAY_MS

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        rows = await self._rows(symbol, DAY_MS, start=FIRST_DAY, limit=1)
        if not rows:
            raise self._client.unknown(symbol)
        return max(FIRST_DAY_MS, parse_time_ms(rows[0]["t"]) // DAY_MS * DAY_MS)

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        to_ms = min(to_ms, from_ms + PAGE_BARS * timeframe_ms)
        end = min(to_ms + DAY_MS if timeframe_ms == DAY_MS else to_ms - 1, await self.now_ms())
        rows = await self._rows(symbol, timeframe_ms, start=iso(from_ms), end=iso(end), limit=PAGE_BARS)
        try:
            ts = np.array([parse_time_ms(row["t"]) for row in rows], np.int64)
            values = np.array([[row[name[0]] for name in VALUES] for row in rows], np.float64)
        except (KeyError, TypeError, ValueError, InputError):
            raise self._client.garbled() from None
        if timeframe_ms == DAY_MS:
            ts = ts // DAY_MS * DAY_MS  # a day begins at midnight in New York, on the same date in UTC
        return Page(from_ms, to_ms, ts, values.reshape(len(ts), len(VALUES)))

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        begin, end = (iso(ms)[:10] for ms in (from_ms, to_ms))
        found: list[Action] = []
        query: dict[str, str | int] = {"symbols": symbol, "types": _TYPES, "start": begin, "end": end, "limit": 1000}
        while True:
            answer = await self._client.get_json("/v1/corporate-actions", **query)
            try:
                found += _actions(answer["corporate_actions"])
            except (KeyError, TypeError, ValueError, InputError):
                raise self._client.garbled() from None
            if not answer.get("next_page_token"):
                kept = (action for action in found if from_ms <= action.ts < to_ms)
                return tuple(sorted(kept, key=lambda action: (action.ts, action.kind)))
            query["page_token"] = answer["next_page_token"]

    async def listed(self, at_ms: int) -> dict[Kind, dict[str, Seen]]:
        return {}

    async def close(self) -> None:
        await self._client.close()

    async def _rows(self, symbol: str, timeframe_ms: int, **query: str | int) -> list[Any]:
        answer = await self._client.get_json(
            f"/v2/stocks/{symbol}/bars",
            timeframe=_timeframe(timeframe_ms),
            adjustment="raw",
            feed="sip",
            **query,
        )
        if "bars" not in answer or not isinstance(answer["bars"], list | None):
            raise self._client.garbled()
        return answer["bars"] or []


def _timeframe(milliseconds: int) -> str:
    if milliseconds not in TIMEFRAMES:
        message = f"{NAME} is not asked for {timeframe_text(milliseconds)} bars."
        known = ", ".join(timeframe_text(one) for one in TIMEFRAMES)
        raise InputError("timeframe_unknown", message, f"Use {known}; Karat builds multiples from them.")
    return TIMEFRAMES[milliseconds]


def _actions(groups: dict[str, list[dict[str, Any]]]) -> list[Action]:
    splits = (*groups.get("forward_splits", ()), *groups.get("reverse_splits", ()))
    found = [Action(parse_time_ms(one["ex_date"]), "split", one["new_rate"] / one["old_rate"]) for one in splits]
    dividends = groups.get("cash_dividends", ())
    return found + [Action(parse_time_ms(one["ex_date"]), "dividend", float(one["rate"])) for one in dividends]
