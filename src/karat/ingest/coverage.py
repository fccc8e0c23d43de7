"""Which bars a series lacks, and in which stretches to ask for them.

1. A series should hold every bar of its grid, or of its exchange's sessions, from its first bar to the last closed one.
2. Bars that are missing are joined into stretches that one answer can hold, oldest first.
3. Markets with sessions trade thinly: minutes without a trade have no bar. A pause of less than half an hour inside a
   session is taken for one and not asked for again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from karat.core.model.candles import Bools, Ints
from karat.core.time import MINUTE_MS
from karat.ingest.page import held_in

PAUSE_MS = 30 * MINUTE_MS


class Gap(NamedTuple):
    """Bars missing in a row: the open time of the first, and how many. A night parts no neighbours."""

    ts: int
    bars: int


def gaps(expected: Ints, have: Ints) -> list[Gap]:
    """Every stretch of missing bars; `have` are the open times of those that are there."""
    return [Gap(int(expected[first]), last - first) for first, last in _runs(~held_in(have, expected))]


def worth_asking(expected: Ints, have: Ints, timeframe_ms: int, *, sessions: bool) -> Ints:
    """The open times of missing bars that are worth a question, rising. `have` are those that are there."""
    lacks = ~held_in(have, expected)
    if sessions and len(have):
        for first, last in _runs(lacks & (expected < have[-1])):
            if (last - first) * timeframe_ms < PAUSE_MS:
                lacks[first:last] = False
    return expected[lacks]


def _runs(mask: Bools) -> list[tuple[int, int]]:
    """Where the mask is True: `[first, last)` of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def stretches(ts: Ints, timeframe_ms: int, page_bars: int) -> list[Ints]:
    """Open times in groups that span at most one page each, oldest first."""
    found: list[Ints] = []
    at = 0
    while at < len(ts):
        end = int(np.searchsorted(ts, ts[at] + page_bars * timeframe_ms))
        found.append(ts[at:end])
        at = end
    return found
