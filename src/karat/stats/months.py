"""Returns by calendar month and year.

1. Months are cut from the daily marks, so a close at 00:00 UTC on the first belongs to the month before; sessions
   belong to the month of their New York date.
2. A month's return is between its last mark and the last mark of the month before; the first counts from the start.
3. A month without trades or bars between the first and the last is 0 (rule 33); months outside the run are None.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.stats.figure import BANKRUPT, Figure, defined_or
from karat.stats.returns import daily_marks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of the table: 12 monthly returns, January first, None outside the run, and the return of the year."""

    year: int
    months: tuple[Figure | None, ...]
    total: Figure


def month_marks(day_ts: Ints, marks: Floats) -> tuple[Ints, Floats]:
    """Months (int64, months since January 1970) and their marks, one more, the start first; from `daily_marks`.

    Every month from the first to the last is there: days run without holes, and a month without sessions is filled.
    """
    if not len(day_ts):
        return np.empty(0, np.int64), marks[:1]
    first, last = day_ts[[0, -1]].astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    months = np.arange(first, last + 1)
    ends = (months + 1).astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    days_until = np.searchsorted(day_ts, ends, side="left")
    return months, np.concatenate((marks[:1], marks[days_until]))


def _growth(before: float, after: float) -> Figure:
    return defined_or(after / before - 1.0, BANKRUPT) if before > 0.0 else BANKRUPT


def table_of_marks(day_ts: Ints, marks: Floats) -> tuple[YearRow, ...]:
    """The table of `monthly_table` from daily marks that are already at hand."""
    months, ends = month_marks(day_ts, marks)
    rows: list[YearRow] = []
    for year in range(int(months[0]) // 12, int(months[-1]) // 12 + 1) if len(months) else ():
        offset = year * 12 - int(months[0])  # place of this January in the run; may lie before it
        cells: list[Figure | None] = []
        for place in range(offset, offset + 12):
            inside = 0 <= place < len(months)
            cells.append(_growth(float(ends[place]), float(ends[place + 1])) if inside else None)
        total = _growth(float(ends[max(offset, 0)]), float(ends[min(offset + 12, len(months))]))
        rows.append(YearRow(1970 + year, tuple(cells), total))
    return tuple(rows)


def monthly_table(
    close_ts: Ints, equity: Floats, start: float, *, sessions: bool = False, session_keys: Ints | None = None
) -> tuple[YearRow, ...]:
    """One row per calendar year, oldest first, of simple returns; arguments as in `returns.daily_marks`.

    A month or year that began with equity at zero or below is undefined. No bars: no rows.
    """
    day_ts, marks = daily_marks(close_ts, equity, start, sessions=sessions, session_keys=session_keys)
    return table_of_marks(day_ts, marks)
