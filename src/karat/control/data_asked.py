"""What is known of sources beside their rows: how the last round of DataSync ended, and how the streams stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from karat.core.model.source_state import STATE_TABLE, SourceCondition
from karat.core.model.table import TIME, TableName
from karat.core.time import DAY_MS
from karat.ingest.streams.standing import DIED, UNREADABLE, StreamStanding
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import table_name
from karat.ports.cockpit import Undefined
from karat.ports.data_desk import Freshness, Group, SourceRow
from karat.ports.lake import Lake
from karat.ports.stream import StreamKind

ROUNDS_MS = DAY_MS  # before the newest round: a source that no round of that day looked at has no last state

_KINDS = frozenset(kind.value for kind in StreamKind)
# A stream that works its way back is late however lately it heard something, and one that is cut off is stale.
_AT_BEST: dict[str, Freshness] = {
    State.CONNECTING: Freshness.LATE,
    State.SNAPSHOT: Freshness.LATE,
    State.BACKFILLING: Freshness.LATE,
    State.STALE: Freshness.STALE,
    State.DOWN: Freshness.STALE,
}


@dataclass(frozen=True, slots=True)
class LastAsked:
    """How a source stood in the newest round that looked at it."""

    at_ms: int
    failed: bool
    reason: str


def last_asked(lake: Lake) -> dict[str, LastAsked]:
    """By name of the source; empty where DataSync has never run."""
    entry = next((one for one in lake.tables() if one.name == STATE_TABLE), None)
    if entry is None:
        return {}
    columns = lake.table(STATE_TABLE, entry.last - ROUNDS_MS).columns
    told = zip(*(columns[name].tolist() for name in (TIME, "source", "state", "reason")), strict=True)
    return {name: LastAsked(ts, state == SourceCondition.FAILED, reason) for ts, name, state, reason in told}


def with_asked(row: SourceRow, asked: LastAsked | None, written_ms: int) -> SourceRow:
    """The row with what the last round said. A failure before the rows were written is no news."""
    if asked is None:
        return row
    if not asked.failed or asked.at_ms < written_ms:
        return replace(row, asked_ts=asked.at_ms)
    return replace(row, asked_ts=asked.at_ms, state=Freshness.FAILED, reason=asked.reason)


def failed_row(name: str, asked: LastAsked) -> SourceRow:
    """A source that failed and is neither stored nor declared."""
    source, _, series = name.partition("/")
    why = Undefined("not in the lake")
    return SourceRow(
        source, series, "source", "", Group.OTHER, 0, why, why, 0, 0, Freshness.FAILED, asked.reason, asked.at_ms, why,
        why, (), "",
    )  # fmt: skip


def stream_name(standing: StreamStanding, tables: Iterable[TableName]) -> TableName:
    """Where the rows of a stream go; a book's samples bear their interval, so they are looked for."""
    if standing.kind not in _KINDS:
        return TableName(standing.kind, standing.market)
    kind = StreamKind(standing.kind)
    if kind is StreamKind.BOOK:
        named = (one for one in tables if (one.kind, one.owner) == (kind.value, standing.market) and one.variant)
        return next(named, table_name(standing.market, kind))
    return table_name(standing.market, kind)


def stream_row(standing: StreamStanding, name: TableName, stored: SourceRow | None) -> SourceRow | None:
    """A stream as it stands, with what is stored of it; None when it was stopped by a person."""
    refused = 0 <= standing.age_ms <= standing.limit_ms and standing.freshness is Freshness.STALE
    if standing.state == State.STOPPED and not refused:
        return None
    state, reason = (Freshness.FAILED, standing.trouble) if refused else _of_stream(standing)
    never = Undefined("nothing has come yet")
    source, _, series = name.owner.partition(":")
    row = stored or SourceRow(
        source, series, name.kind, name.variant, Group.STREAMS, standing.rows, never, never, 0, 0, state, reason, never,
        Undefined("no series of bars"), never, (), "",
    )  # fmt: skip
    heard = standing.age_ms >= 0
    return replace(
        row,
        group=Group.STREAMS,
        state=state,
        reason=reason,
        last_ts=standing.last_ts or row.last_ts,
        age_ms=standing.age_ms if heard else row.age_ms,
        limit_ms=standing.limit_ms,
        over_ms=max(0, standing.age_ms - standing.limit_ms) if heard else 0,
        asked_ts=standing.written_ms or row.asked_ts,
    )


def _of_stream(standing: StreamStanding) -> tuple[Freshness, str]:
    """The state of a stream that was not stopped, and why."""
    if standing.state == DIED:
        return Freshness.FAILED, "its process ended without a word: start karat data stream again"
    if standing.state == UNREADABLE:
        return Freshness.FAILED, standing.trouble
    if standing.state == State.LIVE and standing.freshness is Freshness.FRESH:
        return Freshness.FRESH, standing.trouble
    worst = _AT_BEST.get(standing.state, Freshness.FRESH)
    state = min(worst, standing.freshness, key=tuple(Freshness).index)
    return state, f"{standing.state}: {standing.trouble}" if standing.trouble else standing.state
