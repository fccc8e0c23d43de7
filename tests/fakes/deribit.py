"""Deribit: public market data over HTTP.

Follows docs.deribit.com: public/get_time, public/get_instruments, public/get_tradingview_chart_data (both ends
inclusive, oldest first, columns; "no_data" and empty columns where there is nothing).
"""

from __future__ import annotations

from typing import Any

from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.tape import Tape

HOST = "www.deribit.com"
RESOLUTIONS = {"1": "1m", "5": "5m", "15": "15m", "60": "1h", "1D": "1d"}


class Deribit:
    """Perpetuals. `tapes` by instrument and timeframe."""

    def __init__(self, internet: Internet, tapes: dict[tuple[str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms = tapes, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        query, name = request.query, request.path.rpartition("/")[2]
        if name == "get_time":
            return self._ok(self.now_ms)
        if name == "get_instruments":
            return self._ok([self._instrument(symbol) for symbol in sorted({symbol for symbol, _ in self.tapes})])
        tape = self.tapes.get((query["instrument_name"], RESOLUTIONS[query["resolution"]]))
        if tape is None:
            error = {"message": "Invalid params", "code": -32602, "data": {"param": "instrument_name"}}
            return as_json({"jsonrpc": "2.0", "error": error}, 400)
        rows = tape.play(int(query["start_timestamp"]), int(query["end_timestamp"]) + 1, self.now_ms, 5000)
        columns = {
            name: [float(row[at]) if at else row[at] for row in rows]
            for at, name in enumerate(("ticks", "open", "high", "low", "close", "volume"))
        }
        return self._ok({"status": "ok" if rows else "no_data", **columns, "cost": [1.0] * len(rows)})

    def _ok(self, result: Any) -> Reply:
        usec = self.now_ms * 1000
        return as_json({"jsonrpc": "2.0", "result": result, "usIn": usec, "usOut": usec, "usDiff": 0, "testnet": False})

    def _instrument(self, symbol: str) -> dict[str, Any]:
        base = symbol.partition("-")[0]
        first_ms = min(tape.first_ms for (name, _), tape in self.tapes.items() if name == symbol)
        return {
            "price_index": f"{base.lower()}_usd", "kind": "future", "instrument_name": symbol, "max_leverage": 50,
            "maker_commission": 0.0, "taker_commission": 0.0005, "instrument_type": "reversed",
            "expiration_timestamp": 32503708800000, "creation_timestamp": first_ms, "is_active": True,
            "tick_size": 0.5, "contract_size": 10.0, "min_trade_amount": 10.0, "future_type": "reversed",
            "settlement_currency": base, "settlement_period": "perpetual", "base_currency": base,
            "counter_currency": "USD", "quote_currency": "USD", "tick_size_steps": [],
        }  # fmt: skip
