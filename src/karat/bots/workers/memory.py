"""Columns in memory that a worker may read and can never write.

1. A segment is anonymous memory: it has no name, so nothing of it is left when every process that maps it is gone,
   however it ended. The parent maps it to write and then seals it: from there on no process gets a writable mapping.
2. A table is columns of one length that grow by doubling, in one segment. Growing makes a new segment with a new
   generation; a worker that still maps the old one sees what was there.
3. A mirror holds what a history holds. It is brought up to date before each question: rows are only ever added.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.bots.history import History
from karat.core.errors import NeedsOperator
from karat.core.model.candles import CANDLE_COLUMNS

CELL_BYTES = 8
CANDLES = ("q", "d", "d", "d", "d", "d")
FUNDING = ("q", "d", "d")
SERIES = ("q", "q", "d")
_ROOM = 1_024
_SEAL_FUTURE_WRITE = 0x0010  # F_SEAL_FUTURE_WRITE of linux/fcntl.h, which Python 3.11 does not name
_numbers = count()


class Segment:
    """Anonymous memory of one table, mapped here to write. `descriptor` lets another process map it to read. Raises
    NeedsOperator `no_memory_for_columns`."""

    def __init__(self, kinds: Sequence[str], capacity: int) -> None:
        self.kinds = "".join(kinds)
        self.capacity = capacity
        size = capacity * CELL_BYTES * len(kinds)
        try:
            self.descriptor = _anonymous(size)
            weakref.finalize(self, os.close, self.descriptor)
            mapped = mmap.mmap(self.descriptor, size)
        except OSError as error:
            told = f"There is no room for {size:,} bytes that workers could read: {error}."
            raise NeedsOperator("no_memory_for_columns", told, "Make room on this machine.") from error
        _seal(self.descriptor)
        self.columns = columns_of(mapped, self.kinds, capacity)


def columns_of(mapped: mmap.mmap, kinds: str, capacity: int) -> tuple[NDArray[Any], ...]:
    """The columns of a mapped table, one behind the other: int64 for `q`, float64 for `d`. They are read-only where the
    mapping is."""
    return tuple(
        np.frombuffer(mapped, np.int64 if kind == "q" else np.float64, capacity, place * capacity * CELL_BYTES)
        for place, kind in enumerate(kinds)
    )


class Table:
    """Growing columns of one length. `segment` is where they lie now, `generation` counts the segments."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.number = next(_numbers)
        self.generation = 0
        self.rows = 0
        self.segment = Segment(kinds, _ROOM)

    def bring_up_to(self, rows: int, columns: Sequence[NDArray[Any]]) -> None:
        """Hold the first `rows` of `columns`; those held already have not changed."""
        if rows > self.segment.capacity:
            old = self.segment
            self.segment = Segment(old.kinds, max(rows, 2 * old.capacity))
            self.generation += 1
            for new, known in zip(self.segment.columns, old.columns, strict=True):
                new[: self.rows] = known[: self.rows]
        for held, column in zip(self.segment.columns, columns, strict=True):
            held[self.rows : rows] = column[self.rows : rows]
        self.rows = rows


class Mirror:
    """The tables of one history."""

    def __init__(self) -> None:
        self.number = next(_numbers)
        self._candles = Table(CANDLES)
        self._funding = Table(FUNDING)
        self._series: dict[str, Table] = {}

    def shown(self, history: History) -> tuple[dict[str, Any], list[Table]]:
        """What a worker is told of `history` as it stands now, and the tables it reads for that."""
        self._candles.bring_up_to(history.bars, [history.columns[name].cells for name in CANDLE_COLUMNS])
        self._funding.bring_up_to(history.stamps, [column.cells for column in history.funding_columns.values()])
        known = history.known()
        for series in known:
            table = self._series.setdefault(series.name, Table(SERIES))
            table.bring_up_to(len(series.ts), (series.ts, series.available_at, series.value))
        told = {
            "mirror": self.number,
            "market": history.market_id,
            "timeframe_ms": history.timeframe_ms,
            "candles": [self._candles.number, history.bars],
            "funding": [self._funding.number, history.stamps] if history.has_funding else None,
            "series": [[one.name, self._series[one.name].number, len(one.ts), one.is_deadline] for one in known],
        }
        return told, [self._candles, self._funding, *self._series.values()]


def _anonymous(size: int) -> int:
    """A descriptor of `size` bytes of memory, or of a file that has no name where the system has no such memory."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("karat-columns", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def _seal(descriptor: int) -> None:
    seals = getattr(fcntl, "F_ADD_SEALS", None)
    if seals is not None and hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):  # kernels before 5.1: the worker maps it read-only all the same
            fcntl.fcntl(descriptor, seals, _SEAL_FUTURE_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
