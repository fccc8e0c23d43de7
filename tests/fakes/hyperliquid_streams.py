"""Hyperliquid, live: subscriptions of its one websocket.

Follows hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions (trades, l2Book, candle) and
.../timeouts-and-heartbeats.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.hyperliquid import Hyperliquid
from tests.fakes.server import Internet
from tests.fakes.subscriptions import Subscriptions
from tests.fakes.tape import Tape

SYMBOL = "BTC"


class LiveHyperliquid(Hyperliquid, Subscriptions):
    """Perpetuals; the websocket is at the host of the info endpoint."""

    def __init__(self, internet: Internet, now_ms: int, minutes: Tape) -> None:
        Hyperliquid.__init__(self, internet, {(SYMBOL, "1m"): minutes}, now_ms)
        Subscriptions.__init__(self, _topic_of, _accepted)


def trade_text(number: int, ts: int, price: float, quantity: float, side: int) -> str:
    row = {"coin": SYMBOL, "side": "B" if side > 0 else "A", "px": str(price), "sz": str(quantity), "time": ts,
           "hash": f"0x{number:064x}", "tid": number, "users": ["0x1", "0x2"]}  # fmt: skip
    return _text("trades", [row])


def book_text(ts: int, bids: Any, asks: Any) -> str:
    levels = [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in (bids, asks)]
    return _text("l2Book", {"coin": SYMBOL, "levels": levels, "time": ts})


def candle_text(ts: int, prices: tuple[str, str, str, str], volume: str) -> str:
    opened, high, low, close = prices
    return _text("candle", {"t": ts, "T": ts + 59_999, "s": SYMBOL, "i": "1m", "o": opened, "c": close, "h": high,
                            "l": low, "v": volume, "n": 9})  # fmt: skip


def _text(channel: str, data: Any) -> str:
    return json.dumps({"channel": channel, "data": data})


def _topic_of(message: Any) -> str | None:
    return message["subscription"]["type"] if message["method"] == "subscribe" else None


def _accepted(message: Any) -> list[Any]:
    if message["method"] == "ping":
        return [{"channel": "pong"}]
    return [{"channel": "subscriptionResponse", "data": message}]
