"""Yahoo's chart endpoint, as yfinance 1.7.0 (scrapers/history.py) reads it: there is no official documentation.

Prices, volumes and dividends are adjusted for every split up to now. A day carries the time of its opening bell.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import numpy as np
from tests.fakes.equities import Equity
from tests.fakes.server import Internet, Reply, Request, as_json

HOST = "query1.finance.yahoo.com"


class Yahoo:
    """`equities` by symbol."""

    def __init__(self, internet: Internet, equities: dict[str, Equity], now_ms: int) -> None:
        self.equities, self.now_ms = equities, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        date = formatdate(self.now_ms / 1000, usegmt=True)
        symbol = request.path.rpartition("/")[2]
        if symbol not in self.equities:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return as_json({"chart": {"result": None, "error": error}}, 404, Date=date)
        result = self._chart(symbol, self.equities[symbol], request.query)
        return as_json({"chart": {"result": [result], "error": None}}, Date=date)

    def _chart(self, symbol: str, equity: Equity, query: dict[str, str]) -> dict[str, Any]:
        first, last = int(query["period1"]) * 1000, int(query["period2"]) * 1000
        days = [ts for ts in equity.rows if first <= equity.bell[ts] < last and equity.bell[ts] <= self.now_ms]
        days = [ts for ts in days if ts not in equity.withheld] if query["interval"] == "1d" else []
        meta = {
            "currency": "USD", "symbol": symbol, "exchangeName": "NMS", "instrumentType": "EQUITY",
            "firstTradeDate": equity.bell[int(equity.opens[0])] // 1000, "gmtoffset": -18000, "timezone": "EST",
            "exchangeTimezoneName": "America/New_York", "dataGranularity": query["interval"],
        }  # fmt: skip
        columns: dict[str, list[float | None]] = {name: [] for name in ("open", "high", "low", "close", "volume")}
        for ts in days:
            shares = equity.shares_since(ts, self.now_ms)
            *prices, volume = equity.rows[ts]
            for name, price in zip(columns, prices, strict=False):
                columns[name].append(float(np.float32(price / shares)))
            columns["volume"].append(volume * shares)
        quote = {"quote": [columns], "adjclose": [{"adjclose": columns["close"]}]} if days else {"quote": [{}]}
        times = {"timestamp": [equity.bell[ts] // 1000 for ts in days]} if days else {}
        return {"meta": meta, **times, "indicators": quote, "events": self._events(equity, first, last)}

    def _events(self, equity: Equity, first: int, last: int) -> dict[str, Any]:
        events: dict[str, Any] = {}
        for action in equity.actions:
            if not (first <= action.ts < last and action.ts <= self.now_ms):
                continue
            date = equity.bell[action.ts] // 1000
            if action.kind == "split":
                split = {
                    "date": date,
                    "numerator": action.value,
                    "denominator": 1.0,
                    "splitRatio": f"{action.value:g}:1",
                }
                events.setdefault("splits", {})[str(date)] = split
            else:
                amount = action.value / equity.shares_since(action.ts, self.now_ms)
                events.setdefault("dividends", {})[str(date)] = {"amount": amount, "date": date}
        return events
