"""Alpaca's market data.

Follows docs.alpaca.markets/reference/stockbarsingle-1 (inclusive times, `next_page_token`, a day begins at midnight in
New York) and docs.alpaca.markets/reference/corporateactions-1; refusals are 401 and 403 as under "Authentication".
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from tests.fakes.equities import Equity
from tests.fakes.server import Internet, Reply, Request, as_json

from karat.core.time import parse_time_ms

HOST = "data.alpaca.markets"
KEYS = {"apca-api-key-id": "PKTESTKEY", "apca-api-secret-key": "s3cr3t-of-the-test"}
_MIDNIGHT_MS = 5 * 3_600_000  # of New York in winter; the tests stay in winter


class Alpaca:
    """`equities` by symbol."""

    def __init__(self, internet: Internet, equities: dict[str, Equity], now_ms: int) -> None:
        self.equities, self.now_ms = equities, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        date = formatdate(self.now_ms / 1000, usegmt=True)
        if {name: request.headers.get(name) for name in KEYS} != KEYS:
            return as_json({"message": "forbidden."}, 403, Date=date)
        if request.path == "/v1/corporate-actions":
            return as_json(self._actions(request.query), Date=date)
        end = request.query.get("end")
        if end is not None and parse_time_ms(end) > self.now_ms - 15 * 60_000:
            return as_json({"message": "subscription does not permit querying recent SIP data"}, 403, Date=date)
        return as_json(self._bars(request.path.split("/")[3], request.query), Date=date)

    def _bars(self, symbol: str, query: dict[str, str]) -> dict[str, Any]:
        equity = self.equities.get(symbol)
        if equity is None or query["timeframe"] != "1Day":
            return {"bars": None, "symbol": symbol, "next_page_token": None}
        first, last = parse_time_ms(query["start"]), parse_time_ms(query["end"]) if "end" in query else self.now_ms
        days = [ts for ts in equity.rows if first <= ts + _MIDNIGHT_MS <= last and equity.bell[ts] <= self.now_ms]
        days = [ts for ts in days if ts not in equity.withheld]
        most = int(query.get("limit", 1000))
        bars = [self._bar(ts, equity.rows[ts]) for ts in days[:most]]
        return {"bars": bars, "symbol": symbol, "next_page_token": "more" if len(days) > most else None}

    def _bar(self, ts: int, row: tuple[float, ...]) -> dict[str, Any]:
        opened, high, low, closed, volume = row
        time = datetime.fromtimestamp((ts + _MIDNIGHT_MS) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"t": time, "o": opened, "h": high, "l": low, "c": closed, "v": volume, "n": 100, "vw": closed}

    def _actions(self, query: dict[str, str]) -> dict[str, Any]:
        groups: dict[str, list[dict[str, Any]]] = {}
        for action in self.equities[query["symbols"]].actions:
            day = datetime.fromtimestamp(action.ts / 1000, UTC).date().isoformat()
            if not (query["start"] <= day <= query["end"] and action.ts <= self.now_ms):
                continue
            shared = {"symbol": query["symbols"], "ex_date": day, "process_date": day}
            if action.kind == "split":
                groups.setdefault("forward_splits", []).append({**shared, "new_rate": action.value, "old_rate": 1})
            else:
                groups.setdefault("cash_dividends", []).append({**shared, "rate": action.value, "special": False})
        return {"corporate_actions": groups, "next_page_token": None}
