"""Bybit: public market data of V5.

Follows bybit-exchange.github.io/docs/v5/market/{instrument,kline,time}: rows newest first, the latest `limit` of the
range from start to end, both inclusive.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.tape import Tape

HOST = "api.bybit.com"
INTERVALS = {"1": "1m", "5": "5m", "15": "15m", "60": "1h", "240": "4h", "D": "1d"}


class Bybit:
    """Linear and inverse perpetuals and spot. `tapes` by category, symbol and timeframe."""

    def __init__(self, internet: Internet, tapes: dict[tuple[str, str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms = tapes, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        query = request.query
        if request.path == "/v5/market/time":
            seconds, rest = divmod(self.now_ms, 1000)
            return self._ok({"timeSecond": str(seconds), "timeNano": f"{seconds}{rest:03d}000000"})
        if request.path == "/v5/market/instruments-info":
            symbols = sorted({symbol for category, symbol, _ in self.tapes if category == query["category"]})
            rows = [self._instrument(query["category"], symbol) for symbol in symbols]
            return self._ok({"category": query["category"], "list": rows, "nextPageCursor": ""})
        tape = self.tapes.get((query["category"], query["symbol"], INTERVALS[query["interval"]]))
        if tape is None:
            return as_json({"retCode": 10001, "retMsg": "params error: Symbol Is Invalid", "result": {}})
        end_ms = int(query.get("end", self.now_ms))
        limit = int(query.get("limit", 200))
        rows = tape.play(int(query.get("start", 0)), end_ms + 1, self.now_ms, limit, newest=True)
        listed = [self._row(query["category"], row) for row in reversed(rows)]
        return self._ok({"category": query["category"], "symbol": query["symbol"], "list": listed})

    def _ok(self, result: dict[str, Any]) -> Reply:
        return as_json({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.now_ms})

    def _row(self, category: str, row: Any) -> list[str]:
        ts, opened, high, low, closed, volume = row
        other = str(Decimal(closed) * Decimal(volume))
        return [str(ts), opened, high, low, closed, *((other, volume) if category == "inverse" else (volume, other))]

    def _instrument(self, category: str, symbol: str) -> dict[str, Any]:
        quote = "USD" if category == "inverse" else "USDT"
        base = symbol.removesuffix(quote)
        shared = {"symbol": symbol, "baseCoin": base, "quoteCoin": quote, "status": "Trading"}
        if category == "spot":
            lots = {"basePrecision": "0.000001", "quotePrecision": "0.00000001", "minOrderQty": "0.000048",
                    "maxOrderQty": "71.73956243", "minOrderAmt": "1", "maxOrderAmt": "4000000"}  # fmt: skip
            return shared | {"marginTrading": "both", "lotSizeFilter": lots, "priceFilter": {"tickSize": "0.01"}}
        first_ms = min(tape.first_ms for (_, name, _), tape in self.tapes.items() if name == symbol)
        return shared | {
            "contractType": "InversePerpetual" if category == "inverse" else "LinearPerpetual",
            "launchTime": str(first_ms), "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "2",
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
            "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
            "lotSizeFilter": {"maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001"},
            "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": base if category == "inverse" else "USDT",
        }  # fmt: skip
