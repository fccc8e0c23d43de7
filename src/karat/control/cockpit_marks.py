"""Marks of every bot, kept in memory and read on from the journal, which only ever grows; and series made of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import BotId
from karat.core.time import DAY_MS
from karat.ports.cockpit import EquityRange, EquitySeries
from karat.ports.journal import BotRecord, JournalReader

POINTS_MAX = 2_000
_DAYS = {EquityRange.DAY: 1, EquityRange.WEEK: 7, EquityRange.MONTH: 30, EquityRange.QUARTER: 90}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class MarkBook:
    """Close times and marked equity per bot. Called from several threads."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._known: dict[BotId, tuple[Ints, Floats]] = {}

    def of(self, record: BotRecord) -> tuple[Ints, Floats]:
        """Close times and equity of every bar done, oldest first."""
        with self._lock:
            ts, equity = self._known.get(record.id, (np.empty(0, np.int64), np.empty(0)))
            since = int(ts[-1]) - record.timeframe_ms + 1 if len(ts) else None
            newer = self._journal.marks(record.id, since)
            if len(newer.ts):
                ts = np.concatenate((ts, newer.ts + record.timeframe_ms))
                equity = np.concatenate((equity, newer.equity))
                self._known[record.id] = (ts, equity)
            return ts, equity

    def summed(self, records: Sequence[BotRecord]) -> tuple[Ints, Floats]:
        """Sum over bots at every close of any of them. Before its first bar a bot counts with its capital; a bot
        without a bar is in no sum."""
        columns = [(record.policy.capital, *self.of(record)) for record in records]
        columns = [column for column in columns if len(column[1])]
        if not columns:
            return np.empty(0, np.int64), np.empty(0)
        times = np.unique(np.concatenate([ts for _, ts, _ in columns]))
        total = np.zeros(len(times))
        for capital, ts, equity in columns:
            row = np.searchsorted(ts, times, side="right")
            total += np.concatenate(([capital], equity))[row]
        return times, total


def drawdowns(capital: float, equity: Floats) -> Floats:
    """Fractions at or below 0 from the highest equity so far, the capital included; 0 where that is not above 0."""
    peak = np.maximum(np.maximum.accumulate(equity), capital)
    return np.minimum(0.0, np.divide(equity - peak, peak, out=np.zeros(len(equity)), where=peak > 0.0))


def series(currency: str, capital: float, ts: Ints, equity: Floats, span: EquityRange) -> EquitySeries:
    """The last `span` of a path, thinned to `POINTS_MAX`; drawdowns are those of the whole path."""
    fall = drawdowns(capital, equity)
    if span in _DAYS and len(ts):
        first = int(np.searchsorted(ts, int(ts[-1]) - _DAYS[span] * DAY_MS))
        ts, equity, fall = ts[first:], equity[first:], fall[first:]
    kept = thinned(equity)
    return EquitySeries(currency, tuple(ts[kept].tolist()), tuple(equity[kept].tolist()), tuple(fall[kept].tolist()))


def thinned(values: Floats, points_max: int = POINTS_MAX) -> Ints:
    """Rows to keep: all while they are few, else the first, the last, and the lowest and highest of each bucket."""
    rows = len(values)
    if rows <= points_max:
        return np.arange(rows)
    edges = np.linspace(0, rows, (points_max - 2) // 2 + 1).astype(np.int64)
    buckets = [range(low, high) for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    lowest = [bucket.start + int(np.argmin(values[bucket.start : bucket.stop])) for bucket in buckets]
    highest = [bucket.start + int(np.argmax(values[bucket.start : bucket.stop])) for bucket in buckets]
    return np.unique(np.array([0, *lowest, *highest, rows - 1], np.int64))
