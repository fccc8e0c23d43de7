"""What the streams keep in the lake: one table per stream, and one of its gaps.

| table | owner | variant | columns |
| --- | --- | --- | --- |
| trades | market | streamed | ts, trade_id, price, quantity, taker |
| quotes | market | streamed | ts, update_id, bid, bid_quantity, ask, ask_quantity |
| book | market | top20_1s | ts, update_id, then bid_1, bid_quantity_1, ask_1, ask_quantity_1 to 20; NaN: no level |
| liquidations | market | | ts, price, quantity, side |
| streamed_candles | market | 1m | ts, open, high, low, close, volume |
| gaps | market | the stream's kind | ts, available_at, end_ts, first, last, count, reason |

Trades and quotes have the columns of those from files, and a variant of their own: what a venue streams may be joined
trades where its files have single ones, and one tape of both would hold everything twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.schemas import BOUGHT, SOLD, TRADES, UNKNOWN
from karat.core.model.table import Kind, Schema, Table, TableName
from karat.core.time import timeframe_text
from karat.ports.stream import CANDLE_MS, Quote, StreamKind, Trade

BOOK_LEVELS = 20
Row = tuple[Any, ...]

STREAMED = "streamed"
COUNTED_TRADES = TRADES
UNCOUNTED_TRADES = Schema(
    tuple((name, "text") if name == "trade_id" else (name, kind) for name, kind in TRADES.columns)
)
_TAKERS = {1: BOUGHT, -1: SOLD, 0: UNKNOWN}
_SIDES = {taker: side for side, taker in _TAKERS.items()}
LIQUIDATIONS = Schema((("ts", "i8"), ("price", "f8"), ("quantity", "f8"), ("side", "i4")))
CANDLES = Schema(
    (("ts", "i8"), ("open", "f8"), ("high", "f8"), ("low", "f8"), ("close", "f8"), ("volume", "f8")),
)
_LEVEL = ("bid", "bid_quantity", "ask", "ask_quantity")
BOOK = Schema(
    (
        ("ts", "i8"),
        ("update_id", "i8"),
        *((f"{name}_{level}", "f8") for level in range(1, BOOK_LEVELS + 1) for name in _LEVEL),
    )
)
GAPS = Schema(
    (
        ("ts", "i8"),
        ("available_at", "i8"),
        ("end_ts", "i8"),
        ("first", "text"),
        ("last", "text"),
        ("count", "i8"),
        ("reason", "text"),
    )
)
_VARIANTS = {
    StreamKind.TRADES: STREAMED,
    StreamKind.QUOTES: STREAMED,
    StreamKind.CANDLES: timeframe_text(CANDLE_MS),
}
_TABLES = {StreamKind.CANDLES: "streamed_candles"}  # `candles` are whole series, with their quality
_DTYPES: dict[Kind, Any] = {"i8": np.int64, "i4": np.int32, "u1": np.uint8, "f8": np.float64, "text": object}


class Reason(StrEnum):
    """Why something is missing."""

    NOT_RUNNING = "not_running"  # nobody listened, and the venue does not give it any more
    DISCONNECTED = "disconnected"  # the connection broke, and the venue does not give it any more
    NOT_SENT = "not_sent"  # the venue left it out, and does not give it
    REFUSED = "backfill_refused"  # the venue was asked for it and said no, for as long as anyone should ask
    TOO_MUCH = "too_much"  # more came than could be held while it was asked for
    CHAIN_BROKEN = "chain_broken"  # a change of the book is missing: the book was built anew


class Gap(NamedTuple):
    """What is missing happened from `begin_ms` to `end_ms`. `first` and `last` name it; `count`, -1 when unknown."""

    begin_ms: int
    end_ms: int
    reason: Reason
    first: str = ""
    last: str = ""
    count: int = -1

    def row(self, now_ms: int) -> Row:
        return (self.begin_ms, now_ms, self.end_ms, self.first, self.last, self.count, str(self.reason))


def table_name(market: MarketId, kind: StreamKind, variant: str = "") -> TableName:
    """Where the rows of a stream go."""
    return TableName(_TABLES.get(kind, kind.value), market, variant or _VARIANTS.get(kind, ""))


def gaps_name(market: MarketId, kind: StreamKind) -> TableName:
    """Where the gaps of a stream are written down."""
    return TableName("gaps", market, kind.value)


def book_variant(interval_ms: int) -> str:
    """How books sampled at that interval are told apart from others."""
    return f"top{BOOK_LEVELS}_{timeframe_text(interval_ms) if interval_ms % 1000 == 0 else f'{interval_ms}ms'}"


def counted_row(trade: Trade) -> Row:
    """A row of COUNTED_TRADES."""
    return (trade.ts, trade.number, trade.price, trade.quantity, _TAKERS[trade.side])


def uncounted_row(trade: Trade) -> Row:
    """A row of UNCOUNTED_TRADES."""
    return (trade.ts, trade.trade_id, trade.price, trade.quantity, _TAKERS[trade.side])


def uncounted_trade(row: Row) -> Trade:
    """The inverse of `uncounted_row`."""
    ts, trade_id, price, quantity, taker = row
    return Trade(ts, price, quantity, _SIDES[taker], trade_id)


def quote_row(quote: Quote) -> Row:
    """A row of QUOTES."""
    return (quote.ts, quote.number, quote.bid, quote.bid_quantity, quote.ask, quote.ask_quantity)


def as_table(schema: Schema, rows: Sequence[Row]) -> Table:
    """Rows as columns."""
    columns = zip(*rows, strict=True)
    return Table(
        schema,
        {name: np.array(values, _DTYPES[kind]) for (name, kind), values in zip(schema.columns, columns, strict=True)},
    )
