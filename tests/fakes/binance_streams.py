"""Binance, live: the websockets of futures and spot, and the REST answers that go with them.

Follows developers.binance.com, docs/derivatives/usds-margined-futures (COIN-M and spot, docs/binance-spot-api-docs/
web-socket-streams, have the same streams at /ws/NAME):
- websocket-market-streams/{Connect,Aggregate-Trade-Streams,Diff-Book-Depth-Streams,
  Individual-Symbol-Book-Ticker-Streams,Kline-Candlestick-Streams,Liquidation-Order-Streams}: raw streams at /ws/NAME,
  books and best prices under /public, the rest under /market,
- market-data/rest-api/{Compressed-Aggregate-Trades-List,Order-Book,Kline-Candlestick-Data}.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.binance import COINM, SPOT, USDM, Binance
from tests.fakes.server import Internet, Reply, Request, as_json
from tests.fakes.subscriptions import Script
from tests.fakes.tape import Tape
from tests.fakes.websocket import WebSocket

STREAMS = {USDM: "fstream.binance.com", COINM: "dstream.binance.com", SPOT: "stream.binance.com"}
__all__ = ["LiveBinance", "Script", "agg_trade", "streamed"]


class LiveBinance(Binance):
    """One product with streams. `scripts` by stream name ("btcusdt@aggTrade"): one for each connection, the last for
    ever.

    `trades` are what REST gives of the aggregated ones, up to the last number that a connection has sent; `depth` is
    the answer for the book.
    """

    def __init__(
        self, internet: Internet, now_ms: int, minutes: Tape, product: str = USDM, symbol: str = "BTCUSDT"
    ) -> None:
        super().__init__(internet, product, {(symbol, "1m"): minutes}, now_ms)
        internet.register(STREAMS[product], self)
        self.scripts: dict[str, list[Script]] = {}
        self.trades: Sequence[dict[str, Any]] = ()
        self.happened = -1
        self.depth: Any = None
        self.connections: list[str] = []

    def answer(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        if name == "aggTrades":
            known = [trade for trade in self.trades if trade["a"] <= self.happened]
            limit, first = int(request.query.get("limit", 500)), request.query.get("fromId")
            if first is None:
                return as_json(known[-limit:])
            begin = max(0, int(first) - known[0]["a"]) if known else 0
            return as_json(known[begin : begin + limit])
        if name == "depth":
            return as_json(self.depth)
        return super().answer(request)

    async def upgrade(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(request.path)
        scripts = self.scripts[request.path.rpartition("/")[2]]
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        socket = WebSocket(request, reader, writer)
        socket.deaf = script.deaf
        listening = asyncio.ensure_future(socket.listen())
        for text in script.texts:
            if text.startswith('{"e": "aggTrade"'):
                self.happened = max(self.happened, json.loads(text)["a"])
            await socket.send(text)
        if not script.cut:
            await listening
        listening.cancel()


def agg_trade(number: int, ts: int, price: float, quantity: float, taker_sold: bool) -> dict[str, Any]:
    """One aggregated trade, as REST gives it."""
    texts = {"p": str(price), "q": str(quantity)}
    return {"a": number, **texts, "f": number, "l": number, "T": ts, "m": taker_sold}


def streamed(trade: dict[str, Any], symbol: str = "BTCUSDT") -> str:
    """The same, as the stream sends it."""
    return json.dumps({"e": "aggTrade", "E": trade["T"], "s": symbol, **trade})
