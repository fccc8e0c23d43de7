"""Where trades are missing from a tape, and so which bars cannot be trusted.

A tape tells it in one of three ways:

1. `ByNumber`: the venue counts its trades, and a number is missing.
2. `ByRecord`: a stream wrote down its gaps. It learns of one when it connects again, and the gap begins a little before
   the last trade that came; so the newest trades are taken only once later ones show that no gap reaches back to them.
3. `ByPause`: neither, so a pause longer than people believe in.

The begin of a tape is a cut as well: what came before its first trade in that minute is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from karat.core.model.candles import Ints
from karat.ingest.streams.uncounted import OVERLAP_MS

BEFORE_ALL_MS = -1


class Cut(NamedTuple):
    """Trades are missing from `begin_ms` to `end_ms`, both included. Bars that end with a row from `doubt` on, or are
    forming before `row`, may lack some; from `row` on the tape is whole again."""

    doubt: int
    row: int
    begin_ms: int
    end_ms: int


class Missing(NamedTuple):
    """A stretch of time in which trades are missing."""

    begin_ms: int
    end_ms: int


class Found(NamedTuple):
    """The cuts among the first `ready` rows, in their order; later rows must wait for more."""

    ready: int
    cuts: Sequence[Cut]


class Cutter(Protocol):
    """One way to tell. `last_ts` and `last_number` are of the row before, None and 0 where there is none."""

    def cuts(self, ts: Ints, numbers: Ints, last_ts: int | None, last_number: int) -> Found: ...


class ByNumber:
    """Satisfies `Cutter`."""

    def cuts(self, ts: Ints, numbers: Ints, last_ts: int | None, last_number: int) -> Found:
        jumps = np.diff(numbers, prepend=last_number) != 1
        return Found(len(ts), _between(ts, np.flatnonzero(jumps), last_ts))


@dataclass(frozen=True, slots=True)
class ByPause:
    """Satisfies `Cutter`."""

    pause_ms: int

    def cuts(self, ts: Ints, numbers: Ints, last_ts: int | None, last_number: int) -> Found:
        long = np.diff(ts, prepend=ts[:1] if last_ts is None else last_ts) > self.pause_ms
        return Found(len(ts), _between(ts, np.flatnonzero(long), last_ts))


class ByRecord:
    """Satisfies `Cutter`."""

    def __init__(self, gaps: Iterable[Missing]) -> None:
        self._gaps = set(gaps)

    def add(self, gaps: Iterable[Missing]) -> None:
        """Learn of gaps, which begin after the rows that were taken. One that is known already changes nothing."""
        self._gaps |= {*gaps}

    def cuts(self, ts: Ints, numbers: Ints, last_ts: int | None, last_number: int) -> Found:
        ready = int(np.searchsorted(ts, ts[-1] - OVERLAP_MS)) if len(ts) else 0
        found = [_first(ts)] if last_ts is None and ready else []
        for gap in _joined(self._gaps):
            if last_ts is not None and gap.end_ms < last_ts:
                continue
            doubt, row = int(np.searchsorted(ts, gap.begin_ms)), int(np.searchsorted(ts, gap.end_ms, "right"))
            if row >= ready:
                return Found(min(doubt, ready), found)
            found.append(Cut(doubt, row, *gap))
        return Found(ready, found)


def _joined(gaps: Iterable[Missing]) -> list[Missing]:
    """Gaps in their order, those that overlap as one."""
    joined: list[Missing] = []
    for gap in sorted(gaps):
        if joined and gap.begin_ms <= joined[-1].end_ms:
            joined[-1] = Missing(joined[-1].begin_ms, max(joined[-1].end_ms, gap.end_ms))
        else:
            joined.append(gap)
    return joined


def _between(ts: Ints, rows: Ints, last_ts: int | None) -> list[Cut]:
    """Cuts right before these rows, and before the first of the tape."""
    found = [_first(ts)] if last_ts is None and len(ts) else []
    for row in rows.tolist():
        before = last_ts if row == 0 else int(ts[row - 1])
        if before is not None:
            found.append(Cut(row, row, before, int(ts[row])))
    return found


def _first(ts: Ints) -> Cut:
    return Cut(0, 0, BEFORE_ALL_MS, int(ts[0]))
