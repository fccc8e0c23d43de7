"""What a check found. Words and weights of each kind of finding stand in `rules.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Ints


class Severity(StrEnum):
    """How bad a kind of finding is."""

    ERROR = "error"  # the data is wrong, or bars that were there to be had are missing
    WARNING = "warning"  # it may be wrong, or a simulation on it needs care
    NOTE = "note"  # worth knowing; nothing is wrong by itself


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place: `[from_ms, to_ms)` in UTC ms, `bars` concerned by it (missing ones, for a hole).

    `name` is a key of `rules.RULES`, which says how severe it is, why it matters and what to do. `what` says in words
    what was found, with its figures.
    """

    name: str
    from_ms: int
    to_ms: int
    bars: int
    what: str


def runs_of(flags: Bools) -> list[tuple[int, int]]:
    """`[start, stop)` of every unbroken run of True in a bool[n]."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def at_bars(name: str, ts: Ints, timeframe_ms: int, bars: NDArray[np.intp], words: list[str]) -> list[Finding]:
    """One finding of one bar for each number in `bars`, with its words."""
    return [
        Finding(name, int(ts[bar]), int(ts[bar]) + timeframe_ms, 1, what) for bar, what in zip(bars, words, strict=True)
    ]
