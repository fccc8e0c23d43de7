"""Tables made by hand for the tests of the lake: trades with text, of every kind of column."""

from __future__ import annotations

import numpy as np

from karat.core.model.table import Schema, Table, TableName
from karat.lake.store import FolderLake

TRADES = TableName("trades", "binance_perp:BTCUSDT")
SCHEMA = Schema((("ts", "i8"), ("price", "f8"), ("trade_id", "i4"), ("is_buyer_maker", "u1"), ("note", "text")))
NOTES = ("", "plain", "Füße, 東京", "\ud83d half a pair", "a\x00b\n")


def trades(count: int, *, first: int = 0) -> Table:
    """Trades numbered from `first`; two of them share a millisecond, and some have no price."""
    number = np.arange(first, first + count)
    return Table(
        SCHEMA,
        {
            "ts": (1_700_000_000_000 + number // 2).astype(np.int64),
            "price": np.where(number % 7 == 0, np.nan, 100.0 + number % 11),
            "trade_id": number.astype(np.int32),
            "is_buyer_maker": (number % 2).astype(np.uint8),
            "note": np.array([NOTES[one % len(NOTES)] for one in number], object),
        },
    )


def equal(one: Table, other: Table) -> bool:
    """Same schema and rows, NaN equal to NaN."""
    return one.schema == other.schema and all(
        np.array_equal(one.columns[name], other.columns[name], equal_nan=kind == "f8")
        for name, kind in one.schema.columns
    )


def appended(lake: FolderLake, *pieces: Table, name: TableName = TRADES) -> FolderLake:
    """The lake after each piece came in a change of its own."""
    for piece in pieces:
        with lake.change(wait_seconds=30) as change:
            change.append(name, piece)
    return lake


def hash_of(lake: FolderLake, name: TableName = TRADES) -> str:
    return next(entry.hash for entry in lake.tables() if entry.name == name)
