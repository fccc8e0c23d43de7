"""A lake in memory: only what streams ask of one. A change that is cut off leaves nothing, as in the real lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.model.table import Table, TableName
from karat.ports.lake import LakeEntry, Quality, TableEntry

Series = tuple[MarketId, int]


class _Change:
    def __init__(self, tables: dict[TableName, Table], candles: dict[Series, Candles]) -> None:
        self.tables = dict(tables)
        self.series = dict(candles)

    def table(self, name: TableName) -> Table | None:
        return self.tables.get(name)

    def append(self, name: TableName, rows: Table, notes: tuple[str, ...] = ()) -> None:
        before = self.tables.get(name)
        if before is not None:
            assert before.schema == rows.schema
            columns = {key: np.concatenate([before.columns[key], rows.columns[key]]) for key in rows.schema.names}
            rows = Table(rows.schema, columns)
        assert np.all(np.diff(rows.order) >= 0), "rows of a table never fall in time"
        self.tables[name] = rows

    def put_table(self, name: TableName, table: Table, notes: tuple[str, ...] = ()) -> None:
        self.tables[name] = table

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        return self.series.get((market, timeframe_ms))

    def quality(self, market: MarketId, timeframe_ms: int) -> Quality | None:
        return None

    def put_candles(self, candles: Candles, quality: Quality, *, sessions: bool = False) -> str:
        assert np.all(np.diff(candles.ts) > 0)
        self.series[candles.market, candles.timeframe_ms] = candles
        return ""

    def append_candles(self, candles: Candles, *, sessions: bool = False) -> None:
        old = self.series[candles.market, candles.timeframe_ms]
        columns: dict[str, Any] = {
            name: np.concatenate((getattr(old, name), getattr(candles, name))) for name in CANDLE_COLUMNS
        }
        self.put_candles(Candles(candles.market, candles.timeframe_ms, **columns), Quality(), sessions=sessions)


class MemoryLake:
    """`busy`: how many of the next changes are refused. `killed`: nothing is written any more."""

    def __init__(self) -> None:
        self._tables: dict[TableName, Table] = {}
        self._candles: dict[Series, Candles] = {}
        self.busy = 0
        self.killed = False
        self.changes = 0

    @contextmanager
    def change(self, wait_seconds: float = 0.0) -> Iterator[Any]:
        if self.busy:
            self.busy -= 1
            raise RetryLater("lake_busy", "Another process changes the lake.", "Wait for it.")
        change = _Change(self._tables, self._candles)
        yield change
        if not self.killed:
            self.changes += 1
            self._tables, self._candles = change.tables, change.series

    def list(self) -> tuple[LakeEntry, ...]:
        return ()

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles:
        return self._candles[market, timeframe_ms]

    def tables(self) -> tuple[TableEntry, ...]:
        return tuple(
            TableEntry(name, table.schema, int(table.order[0]), int(table.order[-1]), len(table), "", 0)
            for name, table in self._tables.items()
        )

    def table(self, name: TableName, begin: int | None = None, end: int | None = None) -> Table:
        if name not in self._tables:
            raise InputError("table_not_in_lake", f"There is no table {name}.")
        table = self._tables[name]
        first = 0 if begin is None else int(np.searchsorted(table.order, begin))
        last = len(table) if end is None else int(np.searchsorted(table.order, end))
        return table[first:last]

    def rows(self, name: TableName) -> list[tuple[Any, ...]]:
        table = self._tables.get(name)
        return (
            [] if table is None else [*zip(*(table.columns[key].tolist() for key in table.schema.names), strict=True)]
        )
