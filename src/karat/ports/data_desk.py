"""How fresh the data is, as the page, the API and the terminal may ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from karat.core.ids import MarketId
from karat.ports.cockpit import Undefined
from karat.ports.source import SourceSpec


class Freshness(StrEnum):
    """How a series stands, the worst first."""

    DAMAGED = "damaged"  # its files are not what the catalog says; it was set aside
    MISSING = "missing"  # declared or needed, and nothing of it was ever stored
    FAILED = "failed"  # the last try to bring it up to date went wrong
    STALE = "stale"  # nothing has come for long
    LATE = "late"  # a few observations are overdue
    UNKNOWN = "unknown"  # nobody knows how often it should come
    FRESH = "fresh"  # the next one is not due, or just due


class Group(StrEnum):
    """What a series is, for sums: candles are what every decision needs."""

    CANDLES = "candles"
    STREAMS = "streams"
    OTHER = "other"  # funding, mark prices and whatever feeds bring


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One series that is stored, declared or streamed.

    `source` is the venue or vendor, `series` what it is of, `kind` candles, funding, mark or a table's kind,
    `timeframe` "" where there is none. `last_ts` is the end of the newest observation (of a bar its close), UTC ms;
    `age_ms` how long ago that was; `limit_ms` how old it may be and still be fresh, 0 where nobody knows; `over_ms` how
    far past that it is. `reason` says in words why it is not fresh, or what last went wrong. `asked_ts` is when the
    source was last looked at. `coverage` is the share of the bars that should be there, `score` (0 to 100) what
    `karat data check` said of exactly these rows, for `faults`, the heaviest first.
    """

    source: str
    series: str
    kind: str
    timeframe: str
    group: Group
    rows: int
    last_ts: int | Undefined
    age_ms: int | Undefined
    limit_ms: int
    over_ms: int
    state: Freshness
    reason: str
    asked_ts: int | Undefined
    coverage: float | Undefined
    score: float | Undefined
    faults: tuple[str, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many series of one group there are, and how many in each state."""

    group: Group
    series: int
    damaged: int
    missing: int
    failed: int
    stale: int
    late: int
    unknown: int
    fresh: int


@dataclass(frozen=True, slots=True)
class DataView:
    """All data at `at_ts` (UTC ms): how many markets and timeframes have candles, the sums, and every series: what is
    not fresh first, candles before streams before all else, each the worst first."""

    at_ts: int
    markets: int
    timeframes: int
    counts: tuple[GroupCount, ...]
    rows: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A source that could be asked. `hindrance` says why it is not at present, "" when nothing is in the way."""

    spec: SourceSpec
    hindrance: str = ""


class Declares(Protocol):
    """Says which sources there are for perpetual markets, given with their base coins."""

    def __call__(self, markets: Mapping[MarketId, str]) -> Iterable[Declared]: ...


class DataDesk(Protocol):
    """Read-only: what there is, what should be, and how old it is, by source and series."""

    def look(self) -> DataView:
        """Everything, as it stands now."""
        ...
