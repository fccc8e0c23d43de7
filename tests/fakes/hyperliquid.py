"""Hyperliquid: the info endpoint.

Follows hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint ("Candle snapshot": the most recent
5,000 candles are there, times inclusive) and .../info-endpoint/perpetuals ("Retrieve perpetuals asset contexts").
"""

from __future__ import annotations

from typing import Any

from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.tape import Tape

HOST = "api.hyperliquid.xyz"
KEPT = 5000


class Hyperliquid:
    """Perpetuals. `tapes` by coin and timeframe."""

    def __init__(self, internet: Internet, tapes: dict[tuple[str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms = tapes, now_ms
        internet.register(HOST, self)

    def answer(self, request: Request) -> Reply:
        asked = request.json()
        if asked["type"] == "exchangeStatus":
            return as_json({"specialStatuses": None, "time": self.now_ms})
        if asked["type"] == "metaAndAssetCtxs":
            coins = sorted({coin for coin, _ in self.tapes})
            universe = [{"name": coin, "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56} for coin in coins]
            return as_json([{"universe": universe, "marginTables": [], "collateralToken": 0}, [_CONTEXT] * len(coins)])
        wanted = asked["req"]
        tape = self.tapes.get((wanted["coin"], wanted["interval"]))
        if tape is None:
            return as_json(None, 500)
        oldest_ms = self.now_ms - KEPT * tape.step_ms
        rows = tape.play(max(wanted["startTime"], oldest_ms), wanted["endTime"] + 1, self.now_ms, KEPT)
        return as_json([self._row(wanted, row, tape.step_ms) for row in rows])

    def _row(self, wanted: dict[str, Any], row: Any, step_ms: int) -> dict[str, Any]:
        ts, opened, high, low, closed, volume = row
        prices = {"o": opened, "h": high, "l": low, "c": closed, "v": volume}
        return {"t": ts, "T": ts + step_ms - 1, "s": wanted["coin"], "i": wanted["interval"], "n": 46, **prices}


_CONTEXT = {
    "funding": "0.0000125", "openInterest": "30014.5", "prevDayPx": "96543.0", "dayNtlVlm": "2456782345.1",
    "premium": "0.00031774", "oraclePx": "97000.0", "markPx": "97050.0", "midPx": "97050.5",
    "impactPxs": ["97050.0", "97051.0"], "dayBaseVlm": "25349.5",
}  # fmt: skip
