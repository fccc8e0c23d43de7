"""Prints of a series: the first value that was published for a time stays, a revision is a row of its own.

A row is named by its time and its keys (an exchange, a price level, an order). A value that the lake has already is
passed over; another value for the same name is a revision, known from `revised_ms` on and not earlier.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from karat.core.model.candles import Ints
from karat.core.model.table import AVAILABLE, TIME, Schema, Table, TableName
from karat.ports.lake import LakeChange


def new_prints(old: Table | None, fresh: Table, keys: tuple[str, ...], revised_ms: int) -> tuple[Table, int]:
    """The rows of `fresh` that the lake does not have, in order of becoming known, and how many of them are revisions.

    Later rows of `fresh` revise earlier ones of the same name.
    """
    latest = {} if old is None else _latest(old, keys)
    available = np.array(fresh.order, np.int64)
    kept: list[int] = []
    revisions = 0
    for row, (name, value) in enumerate(zip(_names(fresh, keys), _values(fresh, keys), strict=True)):
        before = latest.get(name)
        if before == value:
            continue
        if before is not None:
            available[row] = max(int(available[row]), revised_ms)
            revisions += 1
        latest[name] = value
        kept.append(row)
    rows = np.array(kept, np.int64)
    return _in_order(_taken(with_known(fresh, available), rows)), revisions


def add_prints(change: LakeChange, name: TableName, rows: Table, notes: tuple[str, ...] = ()) -> None:
    """Add rows to a table wherever they belong: at its end for what they cost, else by writing it anew."""
    old = change.table(name)
    if old is None or not len(old) or int(rows.order[0]) >= int(old.order[-1]):
        change.append(name, rows, notes)
    else:
        change.put_table(name, _in_order(joined(old, rows)), notes)


def joined(first: Table, second: Table) -> Table:
    """The rows of one table and then those of another with the same columns."""
    columns = {name: np.concatenate((first.columns[name], second.columns[name])) for name in first.schema.names}
    return Table(first.schema, columns)


def with_known(table: Table, available: Ints) -> Table:
    """The table with other times from which its rows were known."""
    return Table(table.schema, {**table.columns, AVAILABLE: available})


def table_of(schema: Schema, columns: dict[str, Any]) -> Table:
    """A table out of columns of any order, read-only, in the kinds of its schema."""
    made: dict[str, Any] = {}
    for name, kind in schema.columns:
        column = np.array(columns[name], dtype=object if kind == "text" else np.dtype(kind))
        column.flags.writeable = False
        made[name] = column
    return Table(schema, made)


def _taken(table: Table, rows: Ints) -> Table:
    return table_of(table.schema, {name: values[rows] for name, values in table.columns.items()})


def _in_order(table: Table) -> Table:
    """By when it was known, then by its own time; rows that are equal in both stay as they were."""
    return _taken(table, np.lexsort((table.ts, table.order)))


def _latest(table: Table, keys: tuple[str, ...]) -> dict[Hashable, Hashable]:
    return dict(zip(_names(table, keys), _values(table, keys), strict=True))


def _names(table: Table, keys: tuple[str, ...]) -> list[Hashable]:
    return list(zip(*(table.columns[name].tolist() for name in (TIME, *keys)), strict=True))


def _values(table: Table, keys: tuple[str, ...]) -> list[Hashable]:
    """What a row says, NaN equal to NaN."""
    names = [name for name in table.schema.names if name not in (TIME, AVAILABLE, *keys)]
    columns = [[None if value != value else value for value in table.columns[name].tolist()] for name in names]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table)
