"""Where a stream goes on: its table in the lake says what was stored last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from karat.core.errors import InputError
from karat.core.ids import MarketId, symbol_of
from karat.core.model.schemas import QUOTES
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import MINUTE_MS
from karat.ingest.bars.live import BarsWanted
from karat.ingest.streams.book_stream import BookStream, WholeBookStream
from karat.ingest.streams.counted_stream import REACH_MS, CountedStream, counted_candles, counted_trades
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.handler import Handler
from karat.ingest.streams.outbox import Outbox
from karat.ingest.streams.plain_stream import PlainStream
from karat.ingest.streams.status import StreamStatus
from karat.ingest.streams.tables import (
    BOOK,
    CANDLES,
    COUNTED_TRADES,
    LIQUIDATIONS,
    UNCOUNTED_TRADES,
    book_variant,
    gaps_name,
    table_name,
    uncounted_trade,
)
from karat.ingest.streams.uncounted import Uncounted
from karat.ingest.streams.uncounted_stream import UncountedStream
from karat.ports.clock import Clock
from karat.ports.lake import Lake
from karat.ports.stream import CANDLE_MS, UNCOUNTED, BookLink, Stream, StreamKind, Trade

ROWS_REMEMBERED = 5_000  # ids of stored trades, for the overlap
REMEMBERED_MS = 10 * MINUTE_MS


class Order(NamedTuple):
    """One stream that is wanted."""

    market: MarketId
    kind: StreamKind


@dataclass(frozen=True, slots=True)
class Choices:
    """`book_interval_ms` between samples of a book; `reach_ms`: how long a pause is still asked for over REST.

    `bars`: the kinds of bars that are built from the trades of a market.
    """

    book_interval_ms: int = 1000
    reach_ms: int = REACH_MS
    bars: Mapping[MarketId, BarsWanted] = field(default_factory=dict[MarketId, BarsWanted])


async def checked(order: Order, stream: Stream) -> None:
    """Raises InputError `kind_not_streamed`, `symbol_unknown`."""
    if order.kind not in stream.kinds:
        hint = f"It streams {', '.join(stream.kinds)}."
        raise InputError("kind_not_streamed", f"{stream.venue} streams no {order.kind.value}.", hint)
    await stream.check(symbol_of(order.market))


def desk_for(order: Order, stream: Stream, clock: Clock, outbox: Outbox, choices: Choices, lake: Lake) -> Desk:
    """The desk of a stream that goes on after what the lake holds."""
    variant = book_variant(choices.book_interval_ms) if order.kind is StreamKind.BOOK else ""
    name = table_name(order.market, order.kind, variant)
    ends = {entry.name: entry.last for entry in lake.tables()}
    return Desk(
        market=order.market,
        kind=order.kind,
        stream=stream,
        clock=clock,
        outbox=outbox,
        status=StreamStatus(order.market, order.kind, since_ms=clock.now_ms()),
        name=name,
        schema=_schema(order.kind, stream),
        last_ts=ends.get(name, 0),
        last_gap_ms=ends.get(gaps_name(order.market, order.kind), 0),
    )


def handler_for(desk: Desk, choices: Choices, lake: Lake, dice: Random) -> Handler:
    """What takes the events of a stream."""
    stored = _last_rows(lake, desk.name, desk.last_ts) if desk.last_ts else None
    match desk.kind:
        case StreamKind.TRADES if desk.stream.counts_trades:
            last = None if stored is None else int(stored.columns["trade_id"][-1])
            return CountedStream(desk, counted_trades(desk, last, choices.reach_ms), dice)
        case StreamKind.TRADES:
            return UncountedStream(desk, Uncounted(_trades(stored)), choices.reach_ms, dice)
        case StreamKind.CANDLES:
            last = desk.last_ts // CANDLE_MS if stored is not None else None
            return CountedStream(desk, counted_candles(desk, last, choices.reach_ms), dice)
        case StreamKind.BOOK if desk.stream.book_link is BookLink.WHOLE:
            return WholeBookStream(desk, choices.book_interval_ms)
        case StreamKind.BOOK:
            return BookStream(desk, desk.stream.book_link, choices.book_interval_ms, dice)
        case StreamKind.QUOTES:
            last = UNCOUNTED if stored is None else int(stored.columns["update_id"][-1])
            return PlainStream(desk, last)
        case StreamKind.LIQUIDATIONS:
            return PlainStream(desk)


def _schema(kind: StreamKind, stream: Stream) -> Schema:
    if kind is StreamKind.TRADES:
        return COUNTED_TRADES if stream.counts_trades else UNCOUNTED_TRADES
    others = {
        StreamKind.QUOTES: QUOTES,
        StreamKind.BOOK: BOOK,
        StreamKind.LIQUIDATIONS: LIQUIDATIONS,
        StreamKind.CANDLES: CANDLES,
    }
    return others[kind]


def _last_rows(lake: Lake, name: TableName, last_ts: int) -> Table:
    table = lake.table(name, last_ts - REMEMBERED_MS)
    return table[max(0, len(table) - ROWS_REMEMBERED) :]


def _trades(stored: Table | None) -> list[Trade]:
    if stored is None:
        return []
    rows = zip(*(stored.columns[name].tolist() for name in UNCOUNTED_TRADES.names), strict=True)
    return [uncounted_trade(row) for row in rows]
