"""OKX, live: the public and business websockets of V5.

Follows www.okx.com/docs-v5/en: "Trades channel" (fills of one taker joined), "Order book channel" (prevSeqId, seqId),
"Tickers channel", "Candlesticks channel" (on /business), "Connect" (the text ping).
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.okx import Okx
from tests.fakes.server import Internet
from tests.fakes.subscriptions import Subscriptions
from tests.fakes.tape import Tape

STREAMS = "ws.okx.com"
SYMBOL = "BTC-USDT-SWAP"


class LiveOkx(Okx, Subscriptions):
    """Perpetual swaps of a hundredth of a bitcoin."""

    def __init__(self, internet: Internet, now_ms: int, minutes: Tape) -> None:
        Okx.__init__(self, internet, {(SYMBOL, "1m"): minutes}, now_ms)
        Subscriptions.__init__(self, _topic_of, _accepted)
        internet.register(STREAMS, self)


def trade_text(number: int, ts: int, price: float, contracts: float, side: int) -> str:
    row = {"instId": SYMBOL, "tradeId": str(number), "px": str(price), "sz": str(contracts),
           "side": "buy" if side > 0 else "sell", "ts": str(ts), "count": "1"}  # fmt: skip
    return _text("trades", [row])


def book_text(number: int, before: int, ts: int, bids: Any, asks: Any) -> str:
    """`before` -1: a snapshot."""
    levels = {
        side: [[price, size, "0", "1"] for price, size in rows] for side, rows in (("bids", bids), ("asks", asks))
    }
    row = {**levels, "ts": str(ts), "checksum": 0, "prevSeqId": before, "seqId": number}
    return _text("books", [row], action="snapshot" if before == -1 else "update")


def quote_text(ts: int, bid: str, ask: str) -> str:
    row = {"instType": "SWAP", "instId": SYMBOL, "last": bid, "lastSz": "1", "askPx": ask, "askSz": "300", "bidPx": bid,
           "bidSz": "200", "open24h": bid, "high24h": ask, "low24h": bid, "ts": str(ts)}  # fmt: skip
    return _text("tickers", [row])


def candle_text(ts: int, prices: tuple[str, str, str, str], contracts: str) -> str:
    return _text("candle1m", [[str(ts), *prices, contracts, "1", "1", "0"]])


def _text(channel: str, data: list[Any], **others: str) -> str:
    return json.dumps({"arg": {"channel": channel, "instId": SYMBOL}, **others, "data": data})


def _topic_of(message: Any) -> str | None:
    return message["args"][0]["channel"] if message["op"] == "subscribe" else None


def _accepted(message: Any) -> list[Any]:
    return [{"event": "subscribe", "arg": message["args"][0], "connId": "a4d3ae55"}]
