"""What is known of sources beside their rows: how the last round of DataSync ended, and how the streams stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from karat.core.ids import MarketId
from karat.core.model.source_state import STATE_TABLE, SourceCondition
from karat.core.model.table import TIME, TableName
from karat.core.time import DAY_MS
from karat.ingest.streams.status import State
from karat.ingest.streams.tables import table_name
from karat.ports.cockpit import Undefined
from karat.ports.data_desk import Freshness, Group, SourceRow
from karat.ports.lake import Lake
from karat.ports.stream import StreamKind

ROUNDS_MS = DAY_MS  # before the newest round: a source that no round of that day looked at has no last state
RECORD_OLD_MS = 15_000  # a running stream writes its record every two seconds

_WORKING = (State.CONNECTING, State.SNAPSHOT, State.BACKFILLING)


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


def stream_name(record: Mapping[str, Any], tables: Mapping[TableName, object]) -> TableName:
    """Where the rows of a stream go; a book's samples bear their interval, so it is looked for."""
    market, kind = MarketId(record["market"]), StreamKind(record["kind"])
    if kind is StreamKind.BOOK:
        named = (one for one in tables if (one.kind, one.owner) == (kind.value, market) and one.variant)
        return next(named, table_name(market, kind))
    return table_name(market, kind)


def stream_row(record: Mapping[str, Any], name: TableName, stored: SourceRow | None, now: int) -> SourceRow | None:
    """A stream as its record and its rows tell it; None when it was stopped by a person."""
    if record["state"] == State.STOPPED and not record["refused"]:
        return None
    heard, written = record["heard_ms"], record["written_ms"]
    state, reason = _standing(record, now)
    never = Undefined("nothing has come yet")
    last = record["last_ts"] or heard
    source, _, series = name.owner.partition(":")
    row = stored or SourceRow(
        source, series, name.kind, name.variant, Group.STREAMS, record["rows"], last or never,
        now - last if last else never, 0, 0, state, reason, written, Undefined("no series of bars"), never, (), "",
    )  # fmt: skip
    return replace(row, group=Group.STREAMS, state=state, reason=reason, asked_ts=written, limit_ms=0, over_ms=0)


def _standing(record: Mapping[str, Any], now: int) -> tuple[Freshness, str]:
    """The state of a stream, and why."""
    trouble = record["storage"] or record["trouble"]
    if record["refused"]:
        return Freshness.FAILED, trouble or "the venue refused it"
    if now - record["written_ms"] > RECORD_OLD_MS:
        return Freshness.FAILED, "its process ended without a word: start karat data stream again"
    state = State(record["state"])
    if state is State.LIVE:
        return (Freshness.LATE, trouble) if record["storage"] else (Freshness.FRESH, "")
    words = f"{state.value}: {trouble}" if trouble else state.value
    return (Freshness.LATE if state in _WORKING else Freshness.STALE), words
