"""Messages and answers of Binance as events: pure.

Streams: developers.binance.com, USDS-M futures, "Websocket Market Streams": Aggregate Trade, Individual Symbol Book
Ticker, Diff. Book Depth, Liquidation Order and Kline Streams; the same pages of COIN-M, and of spot ("WebSocket
Streams"), whose book tickers carry no time and whose changes no `pu`. REST: "Compressed/Aggregate Trades List", "Order
Book", "Kline/Candlestick Data".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from karat.feeds.common.unified import Units
from karat.ports.stream import UNCOUNTED, BookChange, Candle, Event, Levels, Liquidation, Quote, Trade, WholeBook


def event_of(message: Any, units: Units, now_ms: int) -> Event:
    """One message of a stream. Raises KeyError, TypeError or ValueError when it is not of a known form."""
    match message.get("e"):
        case "aggTrade":
            return trade_of(message, units)
        case "bookTicker" | None:
            return _quote(message, units, now_ms)
        case "depthUpdate":
            sides = (_levels(message[side], units) for side in ("b", "a"))
            before = int(message.get("pu", UNCOUNTED))
            return BookChange(int(message["E"]), int(message["U"]), int(message["u"]), before, *sides)
        case "forceOrder":
            return _liquidation(message["o"], units)
        case "kline":
            bar = message["k"]
            volume = bar["q"] if units.inverse else bar["v"]  # COIN-M: v counts contracts, q coins
            return _candle((bar["t"], bar["o"], bar["h"], bar["l"], bar["c"], volume), closed=bool(bar["x"]))
        case other:
            raise ValueError(other)


def trade_of(trade: Any, units: Units) -> Trade:
    """An aggregated trade, of the stream or over REST. `m`: the buyer was the maker, so the taker sold."""
    price, number = float(trade["p"]), int(trade["a"])
    return Trade(
        int(trade["T"]), price, units.base(float(trade["q"]), price), -1 if trade["m"] else 1, str(number), number
    )


def book_of(answer: Any, units: Units, now_ms: int) -> WholeBook:
    """The order book over REST."""
    sides = (_levels(answer[side], units) for side in ("bids", "asks"))
    return WholeBook(int(answer.get("E", now_ms)), int(answer["lastUpdateId"]), *sides)


def candles_of(rows: Iterable[Sequence[Any]], units: Units, now_ms: int) -> list[Candle]:
    """Candles over REST, without the one that forms. COIN-M counts coins in the eighth column."""
    closed = [row for row in rows if int(row[6]) < now_ms]
    return [_candle((*row[:5], row[7] if units.inverse else row[5]), closed=True) for row in closed]


def _candle(values: Sequence[Any], *, closed: bool) -> Candle:
    return Candle(int(values[0]), *(float(value) for value in values[1:]), closed)


def _quote(message: Any, units: Units, now_ms: int) -> Quote:
    bid, ask = float(message["b"]), float(message["a"])
    return Quote(
        int(message.get("T", now_ms)),
        bid,
        units.base(float(message["B"]), bid),
        ask,
        units.base(float(message["A"]), ask),
        int(message["u"]),
    )


def _liquidation(order: Any, units: Units) -> Liquidation:
    """The order's average price and filled quantity; `S` is the side of the order that closed the position."""
    price = float(order["ap"])
    quantity = units.base(float(order["z"]), price)
    return Liquidation(int(order["T"]), price, quantity, -1 if order["S"] == "SELL" else 1)


def _levels(levels: Iterable[Sequence[str]], units: Units) -> Levels:
    return [(float(price), units.base(float(quantity), float(price))) for price, quantity in levels]
