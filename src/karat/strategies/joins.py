"""Joining a series to bars: as of `available_at` <= decision time, never by its own date (simulation.md, rule 2).

The decision for a bar is taken at its close, `ts + timeframe`. What is known then is every observation with
`available_at` up to and including that time; of these the one with the latest own time counts, so a late correction of
an old date does not displace a newer observation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Floats, Funding, Ints, Series

Number = TypeVar("Number", bound=np.generic)


def funding_series(funding: Funding) -> Series:
    """Funding rates as a series: a rate is known from its stamp on."""
    return Series("funding", funding.ts, funding.ts, funding.rate)


def known_until(series: Series, decision_ms: int) -> Series:
    """The observations of `series` that were available at `decision_ms`, in their order, read-only."""
    known = _Rows(series.available_at <= decision_ms)
    return replace(series, ts=known(series.ts), available_at=known(series.available_at), value=known(series.value))


def funding_until(funding: Funding, decision_ms: int) -> Funding:
    """The stamps of `funding` up to and including `decision_ms`, read-only."""
    known = _Rows(funding.ts <= decision_ms)
    return Funding(known(funding.ts), known(funding.rate), known(funding.mark))


def as_of(series: Series, decision_ms: Ints) -> Floats:
    """Value of `series` known at each of `decision_ms` (increasing), NaN before the first; of a series of deadlines how
    many ms each decision lies past the one known then. Shape of `decision_ms`."""
    joined = np.full(len(decision_ms), np.nan)
    if len(series.ts) == 0:
        return joined
    order = np.lexsort((series.ts, series.available_at))
    newest = np.maximum.accumulate(series.ts[order])
    latest = np.where(series.ts[order] == newest, np.arange(len(order)), 0)
    latest = np.maximum.accumulate(latest)
    last = np.searchsorted(series.available_at[order], decision_ms, side="right") - 1
    seen = last >= 0
    joined[seen] = series.value[order][latest[last[seen]]]
    return np.maximum(decision_ms - joined, 0.0) if series.is_deadline else joined


class _Rows:
    """Picks rows of a column, read-only; not copied when all are picked. The caller's own array keeps its flags."""

    def __init__(self, rows: Bools) -> None:
        self._rows = slice(None) if rows.all() else rows

    def __call__(self, column: NDArray[Number]) -> NDArray[Number]:
        picked = column[self._rows]
        picked.flags.writeable = False
        return picked
