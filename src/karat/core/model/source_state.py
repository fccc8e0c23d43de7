"""How the data stood when a decision was due: per source fresh, stale by how much, or failed with the reason.

The record is an input like any other: risk refuses entries on it, features read it, and every one is stored as rows of
a table, so that a backtest of later years knows how the data stood then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from karat.core.model.table import TIME, Schema, Table, TableName

STATE_TABLE = TableName("source_state", "karat:sync")
STATE_SCHEMA = Schema(
    (
        (TIME, "i8"),
        ("source", "text"),
        ("state", "u1"),
        ("stale_ms", "f8"),
        ("newest", "i8"),
        ("reason", "text"),
        ("fresh_until", "f8"),
    )
)


class SourceCondition(IntEnum):
    """FRESH: the newest value is young enough. STALE: it is older than the source's limit, though the source answered
    or was not due. FAILED: the source was asked and gave nothing usable."""

    FRESH = 0
    STALE = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one source stands. `newest` is the time of its newest value, UTC ms, None when there is none; `fresh_until`
    when that value becomes too old, and `stale_ms` how far past that it was, 0 when it was not. `mandatory` sources
    hold back decisions."""

    source: str
    condition: SourceCondition
    newest: int | None
    stale_ms: int
    reason: str = ""
    mandatory: bool = False
    fresh_until: int | None = None

    @property
    def usable(self) -> bool:
        """Whether there is a value and it is young enough, even if asking for a newer one has failed."""
        return self.newest is not None and self.stale_ms == 0

    def text(self) -> str:
        """One line for people."""
        if self.condition is SourceCondition.FRESH:
            return f"{self.source}: fresh"
        late = f"stale by {self.stale_ms / 60_000:.0f} min" if self.stale_ms else "no value yet"
        if self.condition is SourceCondition.STALE:
            return f"{self.source}: {late}"
        held = "" if self.usable else f" ({late})"
        return f"{self.source}: failed{held}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DataState:
    """How all sources stood at `at_ms`."""

    at_ms: int
    sources: tuple[SourceState, ...]

    @property
    def ready(self) -> bool:
        """Whether every mandatory source is usable. Unknown means refused: without a mandatory source none is ready."""
        needed = [one for one in self.sources if one.mandatory]
        return bool(needed) and all(one.usable for one in needed)

    @property
    def blockers(self) -> tuple[SourceState, ...]:
        """The mandatory sources that are not usable."""
        return tuple(one for one in self.sources if one.mandatory and not one.usable)

    def of(self, source: str) -> SourceState | None:
        """How one source stands, None when it was not looked at."""
        return next((one for one in self.sources if one.source == source), None)

    def rows(self) -> Table:
        """A row per source, as it is stored; `newest` is -1 where there is no value, `stale_ms` and `fresh_until` then
        NaN. `fresh_until` goes on to count where no later row says otherwise: what nobody looks at becomes stale."""
        columns: dict[str, Any] = {
            TIME: np.full(len(self.sources), self.at_ms, np.int64),
            "source": np.array([one.source for one in self.sources], dtype=object),
            "state": np.array([one.condition for one in self.sources], np.uint8),
            "stale_ms": np.array([np.nan if one.newest is None else one.stale_ms for one in self.sources], np.float64),
            "newest": np.array([-1 if one.newest is None else one.newest for one in self.sources], np.int64),
            "reason": np.array([one.reason for one in self.sources], dtype=object),
            "fresh_until": np.array(
                [np.nan if one.fresh_until is None else one.fresh_until for one in self.sources], np.float64
            ),
        }
        return Table(STATE_SCHEMA, columns)


def with_fresh_until(table: Table) -> Table:
    """Rows that were stored before `fresh_until` was: until when they were fresh is not known."""
    columns = {**table.columns, "fresh_until": np.full(len(table), np.nan)}
    return Table(STATE_SCHEMA, {name: columns[name] for name in STATE_SCHEMA.names})
