"""The recorded order book of Binance as events: ../shared/data/orderbook (data README says how to read it)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import polars as pl

from karat.ports.stream import BookChange, WholeBook

FOLDER = "data/orderbook/binance_perp"


def recorded_events(shared: Path) -> Iterator[BookChange | WholeBook]:
    """Changes and the one whole book, in the order they were received."""
    rows = pl.read_parquet(shared / FOLDER / "BTCUSDT_20240808_l2.parquet")
    columns = rows.select("type", "recv_ns", "ts", "U", "u", "pu", "side", "price", "qty").iter_rows()
    for (kind, _, ts, first, last, before), levels in groupby(columns, key=lambda row: row[:6]):
        sides: dict[int, list[tuple[float, float]]] = {1: [], -1: []}
        for *_, side, price, quantity in levels:
            sides[side].append((price, quantity))
        if kind == "S":
            yield WholeBook(ts, last, sides[1], sides[-1])
        else:
            yield BookChange(ts, first, last, before, sides[1], sides[-1])


def recorded_quotes(shared: Path) -> pl.DataFrame:
    return pl.read_parquet(shared / FOLDER / "BTCUSDT_20240808_bookticker.parquet")
