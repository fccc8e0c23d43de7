"""OKX: public market data of V5.

Follows www.okx.com/docs-v5/en: "Get instruments", "GET / Candlesticks", "GET / Candlesticks history" and "Get system
time": rows newest first, `before` and `after` exclusive, the newest `limit` rows before `after`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.tape import Tape

HOST = "www.okx.com"
BARS = {"1m": "1m", "5m": "5m", "15m": "15m", "1H": "1h", "4H": "4h", "1Dutc": "1d"}


class Okx:
    """Perpetual swaps and spot. `tapes` by symbol and timeframe."""

    def __init__(self, internet: Internet, tapes: dict[tuple[str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms = tapes, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        query = request.query
        if request.path == "/api/v5/public/time":
            return self._ok([{"ts": str(self.now_ms)}])
        if request.path == "/api/v5/public/instruments":
            symbols = sorted(
                {symbol for symbol, _ in self.tapes if symbol.endswith("SWAP") == (query["instType"] == "SWAP")}
            )
            return self._ok([self._instrument(symbol) for symbol in symbols])
        tape = self.tapes.get((query["instId"], BARS[query["bar"]]))
        if tape is None:
            return as_json({"code": "51001", "msg": "Instrument ID or Spread ID doesn't exist.", "data": []})
        after_ms, before_ms = int(query.get("after", self.now_ms + 1)), int(query.get("before", -1))
        limit = min(int(query.get("limit", 100)), 300)
        rows = tape.play(before_ms + 1, after_ms, self.now_ms, limit, newest=True)
        return self._ok([self._row(query["instId"], row, tape.step_ms) for row in reversed(rows)])

    def _ok(self, data: list[Any]) -> Reply:
        return as_json({"code": "0", "msg": "", "data": data})

    def _row(self, symbol: str, row: Any, step_ms: int) -> list[str]:
        ts, opened, high, low, closed, volume = row
        quote = str(Decimal(closed) * Decimal(volume))
        contracts = str(Decimal(volume) * 100) if symbol.endswith("SWAP") else volume
        coins = volume if symbol.endswith("SWAP") else quote
        done = "1" if ts + step_ms <= self.now_ms else "0"
        return [str(ts), opened, high, low, closed, contracts, coins, quote, done]

    def _instrument(self, symbol: str) -> dict[str, Any]:
        base, quote, *swap = symbol.split("-")
        first_ms = min(tape.first_ms for (name, _), tape in self.tapes.items() if name == symbol)
        contract = {"ctMult": "1", "ctType": "linear", "ctVal": "0.01", "ctValCcy": base, "settleCcy": quote,
                    "baseCcy": "", "quoteCcy": "", "uly": f"{base}-{quote}", "instFamily": f"{base}-{quote}",
                    "lever": "100"}  # fmt: skip
        spot = {"ctMult": "", "ctType": "", "ctVal": "", "ctValCcy": "", "settleCcy": "", "baseCcy": base,
                "quoteCcy": quote, "uly": "", "instFamily": "", "lever": "10"}  # fmt: skip
        return {
            "alias": "", "category": "1", "expTime": "", "instId": symbol, "instType": "SWAP" if swap else "SPOT",
            "listTime": str(first_ms), "contTdSwTime": "", "lotSz": "0.01", "maxLmtSz": "100000000", "minSz": "0.01",
            "state": "live", "tickSz": "0.1", **(contract if swap else spot),
        }  # fmt: skip
