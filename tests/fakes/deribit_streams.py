"""Deribit, live: subscriptions over JSON-RPC, and the REST answer for missed trades.

Follows docs.deribit.com: subscriptions/{trades,orderbook/bookinstrument_nameinterval,quote,chart.trades},
public/get_last_trades_by_instrument (the newest first) and ..._and_time (the oldest first), articles/notifications.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.deribit import Deribit
from tests.fakes.server import Internet, Reply, Request
from tests.fakes.subscriptions import Subscriptions
from tests.fakes.tape import Tape

SYMBOL = "BTC-PERPETUAL"


class LiveDeribit(Deribit, Subscriptions):
    """The inverse perpetual, whose amounts are dollars; its websocket is at the host of its REST."""

    def __init__(self, internet: Internet, now_ms: int, minutes: Tape) -> None:
        Deribit.__init__(self, internet, {(SYMBOL, "1m"): minutes}, now_ms)
        Subscriptions.__init__(self, _topic_of, _accepted)
        self.trades: list[dict[str, Any]] = []
        self.happened_ms = 0

    def sending(self, text: str) -> None:
        data = json.loads(text)["params"]["data"]
        if isinstance(data, list):
            self.happened_ms = max(self.happened_ms, *(one["timestamp"] for one in data))

    def answer(self, request: Request) -> Reply:
        count = int(request.query.get("count", 10))
        if request.path.endswith("get_last_trades_by_instrument"):
            known = [one for one in self.trades if one["timestamp"] <= self.happened_ms]
            return self._ok({"trades": known[-count:][::-1], "has_more": False})
        if request.path.endswith("get_last_trades_by_instrument_and_time"):
            begin = int(request.query["start_timestamp"])
            known = [one for one in self.trades if begin <= one["timestamp"] <= self.happened_ms]
            return self._ok({"trades": known[:count], "has_more": False})
        return super().answer(request)


def trade(number: int, ts: int, price: float, dollars: float, side: int) -> dict[str, Any]:
    return {"trade_seq": number, "trade_id": f"{number}", "timestamp": ts, "tick_direction": 0, "price": price,
            "mark_price": price, "instrument_name": SYMBOL, "index_price": price,
            "direction": "buy" if side > 0 else "sell", "amount": dollars}  # fmt: skip


def trades_text(*trades: dict[str, Any]) -> str:
    return _text(f"trades.{SYMBOL}.100ms", list(trades))


def book_text(number: int, before: int | None, ts: int, bids: Any, asks: Any) -> str:
    """`before` None: a snapshot. Levels are (action, price, amount)."""
    kind = {"type": "snapshot"} if before is None else {"type": "change", "prev_change_id": before}
    data = {**kind, "timestamp": ts, "instrument_name": SYMBOL, "change_id": number, "bids": bids, "asks": asks}
    return _text(f"book.{SYMBOL}.100ms", data)


def quote_text(ts: int, bid: float, ask: float) -> str:
    prices = {"best_bid_price": bid, "best_bid_amount": 5000.0, "best_ask_price": ask, "best_ask_amount": 8000.0}
    return _text(f"quote.{SYMBOL}", {**prices, "instrument_name": SYMBOL, "timestamp": ts})


def candle_text(ts: int, prices: tuple[float, float, float, float], volume: float) -> str:
    opened, high, low, close = prices
    data = {"tick": ts, "open": opened, "high": high, "low": low, "close": close, "volume": volume, "cost": 1.0}
    return _text(f"chart.trades.{SYMBOL}.1", data)


def _text(channel: str, data: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}})


def _topic_of(message: Any) -> str | None:
    channel = message["params"]["channels"][0] if message["method"] == "public/subscribe" else None
    return None if channel is None else channel.partition(".")[0]


def _accepted(message: Any) -> list[Any]:
    result = message["params"].get("channels", []) if "params" in message else []
    return [{"jsonrpc": "2.0", "id": message["id"], "result": result, "usIn": 1, "usOut": 2, "usDiff": 1}]
