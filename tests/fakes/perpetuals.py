"""Funding rates and mark prices, answered before a venue's fake that knows candles alone.

Follows the pages of funding history: developers.binance.com "Get Funding Rate History" (oldest first, the first `limit`
of the range), bybit-exchange.github.io/docs/v5/market/history-fund-rate (the newest 200, newest first),
www.okx.com/docs-v5/en "Get funding rate history" (`before` and `after` exclusive, newest first, three months),
docs.deribit.com public/get_funding_rate_history (`interest_1h` of the hour, `interest_8h` of the last eight),
Hyperliquid's info endpoint "Retrieve historical funding rates" (the oldest 500 of the range). Mark prices come as
candles do, with fewer columns at Bybit and OKX.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes import binance, bybit, deribit, hyperliquid, okx
from tests.fakes.server import Host, Internet, Reply, Request, as_json

MARK_PATHS = {
    "markPriceKlines": "klines",
    "mark-price-kline": "kline",
    "history-mark-price-candles": "history-candles",
    "mark-price-candles": "candles",
}
_MARK_COLUMNS = {bybit.HOST: 5, okx.HOST: 5}


@dataclass
class Rates:
    """Rates of one market every `step_ms` from `first_ms` on; vendors stamp them `late_ms` late.

    `withheld` are stamps that the vendor does not show, `altered` rates that it tells instead.
    """

    first_ms: int
    step_ms: int
    count: int
    late_ms: int = 7
    withheld: set[int] = field(default_factory=set[int])
    altered: dict[int, str] = field(default_factory=dict[int, str])

    def __post_init__(self) -> None:
        dice = random.Random(self.count)
        stamps = range(self.first_ms, self.first_ms + self.count * self.step_ms, self.step_ms)
        self.rows = {ts: f"{dice.randint(-3000, 3000) / 1e7:.8f}" for ts in stamps}

    def truth(self, now_ms: int) -> dict[int, float]:
        """Every rate that was settled by `now_ms`."""
        return {ts: float(rate) for ts, rate in self.rows.items() if ts + self.late_ms <= now_ms}

    def play(self, from_ms: int, to_ms: int, now_ms: int, limit: int, *, newest: bool = False) -> list[tuple[int, str]]:
        """What a vendor answers for stamps with `from_ms <= ts < to_ms`, oldest first."""
        rows = [
            (ts + self.late_ms, self.altered.get(ts, rate)) for ts, rate in self.rows.items() if ts not in self.withheld
        ]
        rows = [row for row in rows if from_ms <= row[0] < to_ms and row[0] <= now_ms]
        return rows[-limit:] if newest else rows[:limit]


class Perpetuals:
    """Answers for `host`: funding of `rates` by symbol, mark prices as `marks` plays them, the rest as `venue` does."""

    def __init__(
        self, internet: Internet, host: str, venue: Host, rates: dict[str, Rates], marks: Host | None = None
    ) -> None:
        self.host, self.venue, self.rates, self.marks = host, venue, rates, marks
        internet.register(host, self)

    @property
    def now_ms(self) -> int:
        return self.venue.now_ms  # type: ignore[attr-defined]

    @now_ms.setter
    def now_ms(self, now_ms: int) -> None:
        for one in (self.venue, self.marks):
            if one is not None:
                one.now_ms = now_ms  # type: ignore[attr-defined]

    def answer(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        if name in MARK_PATHS and self.marks is not None:
            return self._mark(replace(request, path=request.path.replace(name, MARK_PATHS[name])))
        speaks = {
            binance.USDM: self._binance, binance.COINM: self._binance, bybit.HOST: self._bybit, okx.HOST: self._okx,
            deribit.HOST: self._deribit, hyperliquid.HOST: self._hyperliquid,
        }  # fmt: skip
        told = speaks[self.host](name, request)
        return self.venue.answer(request) if told is None else as_json(told)

    def _mark(self, request: Request) -> Reply:
        assert self.marks is not None
        reply = self.marks.answer(request)
        told, columns = json.loads(reply.body), _MARK_COLUMNS.get(self.host)
        if self.host == bybit.HOST:
            told["result"]["list"] = [row[:columns] for row in told["result"]["list"]]
        if self.host == okx.HOST:
            told["data"] = [[*row[:columns], row[-1]] for row in told["data"]]
        return as_json(told, reply.status)

    def _binance(self, name: str, request: Request) -> Any:
        if name != "fundingRate":
            return None
        query = request.query
        rates, limit = self.rates[query["symbol"]], int(query.get("limit", 100))
        rows = rates.play(int(query["startTime"]), int(query["endTime"]) + 1, self.now_ms, min(limit, 1000))
        return [
            {"symbol": query["symbol"], "fundingTime": ts, "fundingRate": rate, "markPrice": ""} for ts, rate in rows
        ]

    def _bybit(self, name: str, request: Request) -> Any:
        if not request.path.endswith("funding/history"):
            return None
        query = request.query
        rows = self.rates[query["symbol"]].play(
            int(query["startTime"]), int(query["endTime"]) + 1, self.now_ms, min(int(query["limit"]), 200), newest=True
        )
        listed = [
            {"symbol": query["symbol"], "fundingRate": rate, "fundingRateTimestamp": str(ts)}
            for ts, rate in reversed(rows)
        ]
        return {"retCode": 0, "retMsg": "OK", "result": {"category": query["category"], "list": listed}}

    def _okx(self, name: str, request: Request) -> Any:
        if name != "funding-rate-history":
            return None
        query = request.query
        oldest_ms = self.now_ms - 90 * 86_400_000
        from_ms, to_ms = max(int(query.get("before", 0)) + 1, oldest_ms), int(query.get("after", self.now_ms + 1))
        rows = self.rates[query["instId"]].play(from_ms, to_ms, self.now_ms, min(int(query["limit"]), 100), newest=True)
        listed = [
            {"instId": query["instId"], "fundingRate": "0.5", "realizedRate": rate, "fundingTime": str(ts)}
            for ts, rate in reversed(rows)
        ]  # fmt: skip
        return {"code": "0", "msg": "", "data": listed}

    def _deribit(self, name: str, request: Request) -> Any:
        if name != "get_funding_rate_history":
            return None
        query = request.query
        start_ms, end_ms = int(query["start_timestamp"]), int(query["end_timestamp"])
        rows = self.rates[query["instrument_name"]].play(start_ms, end_ms + 1, self.now_ms, 744)
        told = [
            {"timestamp": ts, "index_price": 5.0, "interest_8h": 8 * float(rate), "interest_1h": float(rate)}
            for ts, rate in rows
        ]  # fmt: skip
        return {"jsonrpc": "2.0", "result": told}

    def _hyperliquid(self, name: str, request: Request) -> Any:
        asked = request.json()
        if asked["type"] != "fundingHistory":
            return None
        rows = self.rates[asked["coin"]].play(asked["startTime"], asked["endTime"] + 1, self.now_ms, 500)
        return [{"coin": asked["coin"], "fundingRate": rate, "premium": "0.0", "time": ts} for ts, rate in rows]
