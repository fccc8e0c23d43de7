"""The lake's yardsticks: the same candles in SQLite, DuckDB, Parquet, Arrow IPC and CSV, as each likes it.

Every store reads into six numpy arrays. SQLite holds rows ordered by series and time, DuckDB one table written in that
order, the others a file a series. All threads that a store takes by itself are left to it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from karat.core.model.candles import CANDLE_COLUMNS, Candles

Arrays = list[np.ndarray]
_ROWS_AT_ONCE = 100_000
_NAMES = ", ".join(CANDLE_COLUMNS)
_COLUMNS_SQL = "series INTEGER, ts BIGINT, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE"
_SLICE_SQL = f"SELECT {_NAMES} FROM candles WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts"
_SUM_SQL = f"SELECT {', '.join(f'sum(CAST({name} AS DOUBLE))' for name in CANDLE_COLUMNS)} FROM candles"


class Store(Protocol):
    """A store of numbered series of candles."""

    name: str

    def write(self, number: int, candles: Candles) -> None:
        """Keep one series."""
        ...

    def finish(self) -> None:
        """All series are written."""
        ...

    def between(self, number: int, from_ms: int, to_ms: int) -> Arrays:
        """The bars with `from_ms <= ts < to_ms`, columns in their order."""
        ...

    def total(self) -> float:
        """The sum of all numbers."""
        ...

    def append(self, number: int, bar: list[float]) -> None:
        """Add a bar and have it on the disk."""
        ...


class Files:
    """A file a series, written and scanned by polars."""

    def __init__(
        self,
        name: str,
        folder: Path,
        write: Callable[[pl.DataFrame, Path], object],
        scan: Callable[[Path], pl.LazyFrame],
    ) -> None:
        self.name = name
        self._folder, self._write, self._scan = folder, write, scan
        self._paths: list[Path] = []
        folder.mkdir()

    def write(self, number: int, candles: Candles) -> None:
        path = self._folder / f"{number}.{self.name}"
        self._write(pl.DataFrame({name: getattr(candles, name) for name in CANDLE_COLUMNS}), path)
        self._paths.append(path)

    def finish(self) -> None:
        for path in self._paths:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())

    def between(self, number: int, from_ms: int, to_ms: int) -> Arrays:
        rows = self._scan(self._paths[number]).filter((pl.col("ts") >= from_ms) & (pl.col("ts") < to_ms)).collect()
        return [rows[name].to_numpy() for name in CANDLE_COLUMNS]

    def total(self) -> float:
        sums = [self._scan(path).select(pl.all().cast(pl.Float64).sum()) for path in self._paths]
        return sum(sum(frame.row(0)) for frame in pl.collect_all(sums))

    def append(self, number: int, bar: list[float]) -> None:
        assert self.name == "csv", "the other files cannot be added to"
        with self._paths[number].open("a") as handle:
            handle.write(",".join(map(str, bar)) + "\n")
            handle.flush()
            os.fsync(handle.fileno())


class Sqlite:
    """Rows in SQLite, each append a transaction."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._rows = sqlite3.connect(folder / "candles.db")
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute(f"CREATE TABLE candles ({_COLUMNS_SQL}, PRIMARY KEY (series, ts)) WITHOUT ROWID")

    def write(self, number: int, candles: Candles) -> None:
        for begin in range(0, len(candles), _ROWS_AT_ONCE):
            part = candles[begin : begin + _ROWS_AT_ONCE]
            columns = [getattr(part, name).tolist() for name in CANDLE_COLUMNS]
            rows = zip([number] * len(part), *columns, strict=True)
            self._rows.executemany("INSERT INTO candles VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._rows.commit()

    def finish(self) -> None:
        self._rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._rows.execute("PRAGMA synchronous = FULL")

    def between(self, number: int, from_ms: int, to_ms: int) -> Arrays:
        rows = self._rows.execute(_SLICE_SQL, (number, from_ms, to_ms)).fetchall()
        return [np.array(column) for column in zip(*rows, strict=True)]

    def total(self) -> float:
        return sum(self._rows.execute(_SUM_SQL).fetchone())

    def append(self, number: int, bar: list[float]) -> None:
        self._rows.execute("INSERT INTO candles VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *bar))
        self._rows.commit()


class Duck:
    """One table in a DuckDB file."""

    name = "duckdb"

    def __init__(self, folder: Path, duckdb: Any) -> None:
        folder.mkdir()
        self._rows = duckdb.connect(str(folder / "candles.duckdb"))
        self._rows.execute(f"CREATE TABLE candles ({_COLUMNS_SQL})")

    def write(self, number: int, candles: Candles) -> None:
        bars = {name: getattr(candles, name) for name in CANDLE_COLUMNS}
        self._rows.register("bars", bars)
        self._rows.execute(f"INSERT INTO candles SELECT {number}, {_NAMES} FROM bars")
        self._rows.unregister("bars")

    def finish(self) -> None:
        self._rows.execute("CHECKPOINT")

    def between(self, number: int, from_ms: int, to_ms: int) -> Arrays:
        found = self._rows.execute(_SLICE_SQL, [number, from_ms, to_ms]).fetchnumpy()
        return [np.asarray(found[name]) for name in CANDLE_COLUMNS]

    def total(self) -> float:
        return sum(self._rows.execute(_SUM_SQL).fetchone())

    def append(self, number: int, bar: list[float]) -> None:
        self._rows.execute("INSERT INTO candles VALUES (?, ?, ?, ?, ?, ?, ?)", [number, *bar])


def other_stores(folder: Path) -> list[Store]:
    """Every yardstick; DuckDB where it is installed."""
    stores: list[Store] = [
        Files("ipc", folder / "ipc", lambda rows, path: rows.write_ipc(path), pl.scan_ipc),
        Files("parquet", folder / "parquet", lambda rows, path: rows.write_parquet(path), pl.scan_parquet),
        Files("csv", folder / "csv", lambda rows, path: rows.write_csv(path), pl.scan_csv),
        Sqlite(folder / "sqlite"),
    ]
    try:
        import duckdb
    except ImportError:
        return stores
    return [*stores, Duck(folder / "duckdb", duckdb)]
