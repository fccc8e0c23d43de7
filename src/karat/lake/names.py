"""What series are called in the catalog and on disk."""

from __future__ import annotations

import re
from functools import cache

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.table import Schema, TableName
from karat.core.time import timeframe_ms, timeframe_text

CANDLES, MARK, FUNDING = "candles", "mark", "funding"
OF_MARKETS = (CANDLES, MARK, FUNDING)  # kinds with a door of their own in the port; all others are tables

CANDLE_SCHEMA = Schema((("ts", "i8"), ("open", "f8"), ("high", "f8"), ("low", "f8"), ("close", "f8"), ("volume", "f8")))
FUNDING_SCHEMA = Schema((("ts", "i8"), ("rate", "f8")))

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_FOLDER_LENGTH_MAX = 200  # file systems end at 255 bytes, and the generation comes behind


@cache
def series_name(kind: str, market: MarketId, milliseconds: int = 0) -> TableName:
    """The name of candles, mark prices or funding stamps of a market."""
    return TableName(kind, market, timeframe_text(milliseconds) if milliseconds else "")


@cache
def timeframe_of(name: TableName) -> int:
    """The timeframe of candles or mark prices in ms, 0 for what has none."""
    return timeframe_ms(name.variant) if name.kind in (CANDLES, MARK) else 0


def words(name: TableName) -> str:
    """A series in words."""
    return " ".join(part for part in (name.kind, name.owner, name.variant) if part)


def folder_label(name: TableName) -> str:
    """A name for a folder that people can read. Raises InputError `bad_market` or `bad_table_name`."""
    source, _, symbol = name.owner.partition(":")
    parts = [name.kind, source, symbol or "-", name.variant or "-"]
    label = ".".join(parts)
    if all(_PART.fullmatch(part) for part in parts) and len(label) <= _FOLDER_LENGTH_MAX:
        return label
    if name.kind in OF_MARKETS:
        hint = "Name it like binance_perp:BTCUSDT."
        raise InputError("bad_market", f"'{name.owner}' cannot name a market in the lake.", hint)
    hint = "Use letters, digits, '_', '-' and inner '.', at most 200 of them, and ':' once in the owner."
    raise InputError("bad_table_name", f"{name} cannot name a table.", hint)
