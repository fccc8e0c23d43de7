"""How fresh the data is, as the page, the API and the terminal may ask it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Freshness(StrEnum):
    """How the newest observation stands against the usual step of its series."""

    FRESH = "fresh"  # the next one is not due, or just due
    LATE = "late"  # a few are overdue
    STALE = "stale"  # nothing has come for long
    UNKNOWN = "unknown"  # too few observations to know a step


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One series of the lake. `source` is the venue or vendor, `series` what it is of, `kind` candles, funding or a
    table's kind, `timeframe` "" where there is none. `last_ts` is the end of the newest observation (of a bar its
    close), UTC ms; `age_ms` how long ago that was, `step_ms` the usual time between two, 0 where unknown.
    """

    source: str
    series: str
    kind: str
    timeframe: str
    rows: int
    last_ts: int
    age_ms: int
    step_ms: int
    state: Freshness


class DataDesk(Protocol):
    """Read-only: what there is and how old it is, by source and series."""

    def freshness(self) -> tuple[SourceRow, ...]:
        """Every series of the lake."""
        ...
