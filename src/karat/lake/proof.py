"""Whether the rows of a series are those that were written.

1. A look at sizes and at the first and last time costs next to nothing and is taken whenever a series is read.
2. A proof hashes every row. Where it fails, digests of full blocks tell from which row on.
"""

from __future__ import annotations

from pathlib import Path

from karat.core.model.candles import Ints
from karat.lake.blocks import proven_rows
from karat.lake.columns import DTYPES, Packed, open_column, open_rows
from karat.lake.damage import DamagedError, reading
from karat.lake.records import SeriesRecord


def rows_of_series(root: Path, record: SeriesRecord, begin: int = 0, end: int | None = None) -> Packed:
    """Map rows `begin` to `end` of a series, all when left out, after a look at them. Raises DamagedError."""
    with reading():
        order = order_of(root, record)
        rest = open_rows(root / record.folder, record.schema, begin, record.rows if end is None else end)
    ends = int(order[0]), int(order[-1])
    if ends != (record.first, record.last):
        name = record.schema.order
        raise DamagedError(f"{name}.bin runs from {ends[0]} to {ends[1]}, not from {record.first} to {record.last}")
    return rest


def order_of(root: Path, record: SeriesRecord) -> Ints:
    """Map the column by which a series is ordered. Raises DamagedError."""
    with reading():
        return open_column(root / record.folder / f"{record.schema.order}.bin", DTYPES["i8"], record.rows)


def prove(root: Path, record: SeriesRecord) -> None:
    """Raises DamagedError when one row is not what was written."""
    rows_of_series(root, record)
    good = proven_rows(root / record.folder, record.schema, record.rows, record.hash)
    if good < record.rows:
        rest = f"rows from {good + 1:,} on" if good else "the rows"
        raise DamagedError(f"{rest} of {record.rows:,} are not what was written")
