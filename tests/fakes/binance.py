"""Binance: market data of USDS-M and COIN-M futures and of spot.

Follows developers.binance.com:
- docs/derivatives/usds-margined-futures/market-data/rest-api/{Exchange-Information,Kline-Candlestick-Data,
  Check-Server-Time}, docs/derivatives/coin-margined-futures/market-data/rest-api/... of the same names,
- docs/binance-spot-api-docs/rest-api/{general-endpoints,market-data-endpoints}.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.tape import Row, Tape

USDM, COINM, SPOT = "fapi.binance.com", "dapi.binance.com", "api.binance.com"
INTERVALS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
NEVER_MS = 4_133_404_800_000  # the year 2100: what a perpetual has for the time of its delivery
_FILTERS = [
    {"filterType": "PRICE_FILTER", "maxPrice": "4529764", "minPrice": "0.10", "tickSize": "0.10"},
    {"filterType": "LOT_SIZE", "maxQty": "1000", "minQty": "0.001", "stepSize": "0.001"},
    {"filterType": "MARKET_LOT_SIZE", "maxQty": "120", "minQty": "0.001", "stepSize": "0.001"},
    {"filterType": "MIN_NOTIONAL", "notional": "100"},
]


class Binance:
    """One product of Binance. `tapes` by symbol and interval."""

    def __init__(self, internet: Internet, host: str, tapes: dict[tuple[str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms, self.host = tapes, now_ms, host
        self.ends: dict[str, int] = {}  # of perpetuals: the announced time of delivery; they stay in the list, settling
        internet.register(host, self)

    def answer(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        if name == "time":
            return as_json({"serverTime": self.now_ms})
        if name == "exchangeInfo":
            symbols = sorted({symbol for symbol, _ in self.tapes})
            return as_json({"timezone": "UTC", "symbols": [self._symbol(symbol) for symbol in symbols]})
        if name == "klines":
            return self._klines(request)
        return as_json({"code": -5000, "msg": f"Path {request.path}, Method GET is invalid"}, 404)

    def _klines(self, request: Request) -> Reply:
        query = request.query
        tape = self.tapes.get((query["symbol"], query["interval"]))
        if tape is None:
            return as_json({"code": -1121, "msg": "Invalid symbol."}, 400)
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", self.now_ms))
        if self.host == COINM and end - start > 200 * 86_400_000:
            return as_json({"code": -4088, "msg": "Maximum time interval is 200 days."}, 400)
        rows = tape.play(start, end + 1, self.now_ms, int(query.get("limit", 500)))
        return as_json([self._row(row, tape.step_ms) for row in rows])

    def _row(self, row: Row, step_ms: int) -> list[Any]:
        ts, opened, high, low, closed, volume = row
        quote = str(Decimal(closed) * Decimal(volume))
        contracts = str(int(Decimal(volume) * 10))
        first, second = (contracts, volume) if self.host == COINM else (volume, quote)
        return [ts, opened, high, low, closed, first, ts + step_ms - 1, second, 4, "0", "0", "0"]

    def _symbol(self, symbol: str) -> dict[str, Any]:
        base = symbol.partition("USD")[0]
        if self.host == SPOT:
            return {
                "symbol": symbol, "status": "TRADING", "baseAsset": base, "baseAssetPrecision": 8,
                "quoteAsset": "USDT", "quotePrecision": 8, "quoteAssetPrecision": 8, "orderTypes": ["LIMIT", "MARKET"],
                "isSpotTradingAllowed": True, "isMarginTradingAllowed": False, "filters": _FILTERS,
                "permissions": [], "permissionSets": [["SPOT"]],
            }  # fmt: skip
        inverse = self.host == COINM
        first_ms = min(tape.first_ms for (name, _), tape in self.tapes.items() if name == symbol)
        shared = {
            "symbol": symbol, "pair": symbol.removesuffix("_PERP"), "contractType": "PERPETUAL",
            "onboardDate": first_ms, "baseAsset": base,
            "quoteAsset": "USD" if inverse else "USDT", "marginAsset": base if inverse else "USDT",
            "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8,
            "underlyingType": "COIN", "underlyingSubType": ["PoW"], "triggerProtect": "0.0500", "filters": _FILTERS,
            "orderTypes": ["LIMIT", "MARKET"], "timeInForce": ["GTC", "IOC"],
        }  # fmt: skip
        ends_ms = self.ends.get(symbol, NEVER_MS)
        status = "TRADING" if ends_ms > self.now_ms else "SETTLING"
        shared |= {"deliveryDate": ends_ms}
        return shared | ({"contractStatus": status, "contractSize": 100} if inverse else {"status": status})
