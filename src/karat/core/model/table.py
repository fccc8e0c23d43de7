"""Any series that is not candles, as columns: trades, quotes, books, derivatives, macro, on-chain, news.

A row is one observation. `ts` is the time it is about, UTC milliseconds. A series that becomes known later than `ts`
carries `available_at`, the moment from which it could be known, and is ordered by it: a value that is revised later is
a row of its own, and the first print stays (simulation.md, rule 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Ints, Series

Kind = Literal["i8", "i4", "u1", "f8", "text"]
TIME, AVAILABLE = "ts", "available_at"


@dataclass(frozen=True, slots=True)
class Schema:
    """Names and kinds of columns: whole numbers of 8, 4 or 1 bytes, floats (NaN where there is no value), text."""

    columns: tuple[tuple[str, Kind], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    @property
    def order(self) -> str:
        """The column that never falls from row to row."""
        return AVAILABLE if AVAILABLE in self.names else TIME


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """Which series: what it holds, of whom, in which variant.

    `kind` is for example trades, quotes, book, open_interest or fear_greed; `owner` a market (`venue:SYMBOL`) or a
    source (`alternative_me:BTC`); `variant` what else tells two series apart (`1h`, `top20`), "" when nothing does.
    """

    kind: str
    owner: str
    variant: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows of a series. Numbers are read-only arrays of one length, text an object array of str."""

    schema: Schema
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        assert tuple(self.columns) == self.schema.names, "columns are those of the schema, in their order"
        for name in self.schema.names:
            assert len(self.columns[name]) == len(self), f"{name}: a table has columns of one length"

    def __len__(self) -> int:
        return len(self.columns[self.schema.names[0]])

    def __getitem__(self, rows: slice) -> Table:
        return Table(self.schema, {name: values[rows] for name, values in self.columns.items()})

    @property
    def ts(self) -> Ints:
        return self.columns[TIME]

    @property
    def order(self) -> Ints:
        """The column by which rows are ordered and sliced."""
        return self.columns[self.schema.order]

    def series(self, column: str, name: str | None = None) -> Series:
        """One column as what a strategy joins to bars; known from `ts` on where the table has no `available_at`."""
        known: Ints = self.columns.get(AVAILABLE, self.ts)
        return Series(name or column, self.ts, known, np.asarray(self.columns[column], np.float64))
