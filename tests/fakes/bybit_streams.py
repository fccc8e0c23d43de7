"""Bybit, live: the public websockets of V5, and the REST answer for missed trades.

Follows bybit-exchange.github.io/docs/v5: ws/connect (subscribe, ping), websocket/public/{trade,orderbook,kline,
all-liquidation}, market/recent-trade (the newest first).
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.bybit import Bybit
from tests.fakes.server import Internet, Reply, Request
from tests.fakes.subscriptions import Subscriptions
from tests.fakes.tape import Tape

STREAMS = "stream.bybit.com"
SYMBOL = "BTCUSDT"


class LiveBybit(Bybit, Subscriptions):
    """Linear futures. `trades` are what REST gives, oldest first here, of what has happened."""

    def __init__(self, internet: Internet, now_ms: int, minutes: Tape) -> None:
        Bybit.__init__(self, internet, {("linear", SYMBOL, "1m"): minutes}, now_ms)
        Subscriptions.__init__(self, _topic_of, _accepted)
        internet.register(STREAMS, self)
        self.trades: list[dict[str, Any]] = []
        self.happened_ms = 0

    def sending(self, text: str) -> None:
        self.happened_ms = max(self.happened_ms, json.loads(text)["ts"])

    def answer(self, request: Request) -> Reply:
        if request.path == "/v5/market/recent-trade":
            rows = [
                {"execId": one["i"], "symbol": SYMBOL, "price": one["p"], "size": one["v"], "side": one["S"],
                 "time": str(one["T"]), "isBlockTrade": False}
                for one in reversed(self.trades) if one["T"] <= self.happened_ms
            ]  # fmt: skip
            return self._ok({"category": "linear", "list": rows})
        return super().answer(request)


def trade(number: int, ts: int, price: float, quantity: float, side: int) -> dict[str, Any]:
    return {"T": ts, "s": SYMBOL, "S": "Buy" if side > 0 else "Sell", "v": str(quantity), "p": str(price),
            "L": "PlusTick", "i": f"id-{number}", "BT": False}  # fmt: skip


def trades_text(*trades: dict[str, Any]) -> str:
    return _text(f"publicTrade.{SYMBOL}", "snapshot", trades[-1]["T"], list(trades))


def book_text(number: int, ts: int, bids: Any, asks: Any, *, whole: bool = False, depth: int = 50) -> str:
    data = {"s": SYMBOL, "b": bids, "a": asks, "u": number, "seq": number * 7}
    return _text(f"orderbook.{depth}.{SYMBOL}", "snapshot" if whole else "delta", ts, data)


def liquidations_text(ts: int, *orders: tuple[str, str, str]) -> str:
    """Sides are those of the position: "Buy" when a long was liquidated."""
    data = [{"T": ts, "s": SYMBOL, "S": side, "v": size, "p": price} for side, size, price in orders]
    return _text(f"allLiquidation.{SYMBOL}", "snapshot", ts, data)


def candle_text(ts: int, prices: tuple[str, str, str, str], volume: str) -> str:
    opened, high, low, close = prices
    row = {"start": ts, "end": ts + 59_999, "interval": "1", "open": opened, "close": close, "high": high, "low": low,
           "volume": volume, "turnover": "1", "confirm": False, "timestamp": ts + 1000}  # fmt: skip
    return _text(f"kline.1.{SYMBOL}", "snapshot", ts + 1000, [row])


def _text(topic: str, kind: str, ts: int, data: Any) -> str:
    return json.dumps({"topic": topic, "type": kind, "ts": ts, "data": data})


def _topic_of(message: Any) -> str | None:
    return message["args"][0].partition(".")[0] if message.get("op") == "subscribe" else None


def _accepted(message: Any) -> list[Any]:
    said = {"success": True, "ret_msg": "pong" if message["op"] == "ping" else "", "conn_id": "2324d924"}
    return [{**said, "req_id": message.get("req_id", ""), "op": message["op"]}]
