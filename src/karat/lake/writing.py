"""Rows on their way into the lake: added to the files of a series, or to a new generation of it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.table import Schema, TableName
from karat.lake.blocks import BLOCK_ROWS, hash_on_disk
from karat.lake.columns import SERIES, Packed, new_folder, open_rows, write_meta, write_rows
from karat.lake.damage import reading
from karat.lake.durable import force
from karat.lake.records import Catalog, SeriesRecord
from karat.lake.text import PackedText


class SeriesWriter:
    """Writes rows and remembers what is still to be hashed and forced to the disk.

    `series` is the lake as the change would leave it, `touched` names those it changed. A series that was added to has
    no hash until it is asked for.
    """

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self._root = root
        self._change_number = catalog.number + 1
        self.series: dict[TableName, SeriesRecord] = dict(catalog.series)
        self.touched: set[TableName] = set()
        self._hashed: dict[TableName, int] = {}  # for how many rows digests of full blocks are kept
        self._unforced: dict[Path, None] = {}  # a set that keeps its order
        self._new_names: dict[Path, None] = {}
        self._generations = 0

    def keep(self, record: SeriesRecord) -> SeriesRecord:
        """Make this what the change leaves of a series."""
        self.series[record.name] = record
        self.touched.add(record.name)
        return record

    def folder(self, record: SeriesRecord) -> Path:
        return self._root / record.folder

    def forget(self, name: TableName) -> None:
        """Leave a series as it lies, with all that was to be done to it."""
        folder = self.folder(self.series.pop(name))
        self._hashed.pop(name, None)
        self._new_names.pop(folder, None)
        for path in [path for path in self._unforced if path.parent == folder]:
            del self._unforced[path]

    def rows(self, record: SeriesRecord) -> Packed:
        with reading():
            return open_rows(self.folder(record), record.schema, 0, record.rows)

    def begins(self, record: SeriesRecord, schema: Schema, columns: Packed) -> bool:
        """Whether the rows of a stored series are the first of these, to the bit."""
        if record.schema != schema or record.rows > _length(columns):
            return False
        old = self.rows(record)
        for begin in range(0, record.rows, BLOCK_ROWS):  # in pieces that fit a processor's cache
            rows = slice(begin, min(begin + BLOCK_ROWS, record.rows))
            if not all(_same(old[name][rows], columns[name][rows]) for name in old):
                return False
        return True

    def last_row(self, record: SeriesRecord) -> Packed:
        with reading():
            return open_rows(self.folder(record), record.schema, record.rows - 1, record.rows)

    def add(self, name: TableName, schema: Schema, columns: Packed, *, strictly: bool = False) -> SeriesRecord:
        """Write rows after the last of a series, or begin it. `strictly`: no two rows of one moment."""
        record = self.series.get(name)
        if record is None:
            return self.begin(name, schema, columns)
        if record.schema != schema:
            raise _schema_differs(record, schema)
        if not _length(columns):
            return record
        _, last = _order(schema, columns, record.last, strictly=strictly)
        longer = replace(record, last=last, rows=record.rows + _length(columns), hash="")
        return self._write(longer, columns, record.rows)

    def begin(self, name: TableName, schema: Schema, columns: Packed) -> SeriesRecord:
        """Write a new generation of a series; the old one stays for its readers until a later change sweeps it."""
        assert _length(columns), "a series holds at least one row"
        first, last = _order(schema, columns, None)
        folder = new_folder(self._root, name, f"{self._change_number}-{self._generations}")
        self._generations += 1
        self._unforced[write_meta(folder, name, schema)] = None
        self._new_names[folder] = None
        place = str(folder.relative_to(self._root))
        self._hashed[name] = 0
        return self._write(SeriesRecord(name, schema, place, first, last, _length(columns), "", 0), columns, 0)

    def hash(self, name: TableName) -> str:
        """The content hash of a series."""
        record = self.series[name]
        if not record.hash:
            folder = self.folder(record)
            content, digests = hash_on_disk(folder, record.schema, self._hashed[name], record.rows)
            if digests is not None:
                self._unforced[digests] = self._new_names[folder] = None
            self._hashed[name] = record.rows
            record = self.keep(replace(record, hash=content))
        return record.hash

    def finish(self) -> None:
        """Hash what was added and force all of it to the disk, files first, then the names of new folders."""
        for name in self._hashed:
            self.hash(name)
        force(self._unforced)
        force(self._new_names)
        if self._generations:
            force([self._root / SERIES, self._root])

    def _write(self, record: SeriesRecord, columns: Packed, rows_before: int) -> SeriesRecord:
        self._hashed.setdefault(record.name, rows_before)
        self._unforced.update(dict.fromkeys(write_rows(self.folder(record), columns, rows_before)))
        return self.keep(replace(record, written_at_ms=time.time_ns() // 1_000_000))


def _length(columns: Packed) -> int:
    return len(next(iter(columns.values())))


def _order(schema: Schema, columns: Packed, before: int | None, *, strictly: bool = False) -> tuple[int, int]:
    """First and last of the order column. Raises InputError `rows_not_in_order` when it falls, or stays, anywhere."""
    order = columns[schema.order]
    assert not isinstance(order, PackedText) and order.dtype == np.int64, f"{schema.order} holds whole milliseconds"
    first, last = int(order[0]), int(order[-1])
    if before is not None and first < before + strictly:
        raise _not_in_order(schema.order, 0, first, before)
    falls = np.flatnonzero(order[1:] < order[:-1] + strictly)
    if len(falls):
        row = int(falls[0])
        raise _not_in_order(schema.order, row + 1, int(order[row + 1]), int(order[row]))
    return first, last


def _same(one: NDArray[Any] | PackedText, other: NDArray[Any] | PackedText) -> bool:
    """Equal to the bit, so that NaN equals itself."""
    if isinstance(one, PackedText) or isinstance(other, PackedText):
        assert isinstance(one, PackedText) and isinstance(other, PackedText), "columns of one schema"
        return np.array_equal(one.lengths, other.lengths) and np.array_equal(one.content, other.content)
    bits = f"u{one.itemsize}"
    return np.array_equal(one.view(bits), other.view(bits))


def _not_in_order(column: str, row: int, value: int, before: int) -> InputError:
    message = f"Row {row} has {column} {value} after {before}."
    return InputError("rows_not_in_order", message, "Sort the rows, and add only what is later than the last row.")


def _schema_differs(record: SeriesRecord, given: Schema) -> InputError:
    stored, new = (", ".join(f"{name} {kind}" for name, kind in schema.columns) for schema in (record.schema, given))
    message = f"{record.name.kind} of {record.name.owner} has columns {stored}, not {new}."
    return InputError("schema_differs", message, "Give the same columns in the same order, or replace the whole table.")
