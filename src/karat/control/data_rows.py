"""Rows of the data desk from what the lake holds, without a look at more than the end of a series.

A limit is taken from what is known: candles have a timeframe, a declared source says how old its newest value may be.
Only of a table that nobody declares is the usual step a guess, the mean time between two rows.
"""

from __future__ import annotations

from dataclasses import replace

from karat.core.ids import MarketId
from karat.core.model.source_state import STATE_TABLE
from karat.core.model.table import TableName
from karat.core.time import DAY_MS, MINUTE_MS, timeframe_ms, timeframe_text
from karat.lake.checked import Checked
from karat.ports.cockpit import Undefined
from karat.ports.data_desk import Declared, Freshness, Group, SourceRow
from karat.ports.lake import LakeEntry, Quarantined, TableEntry

FRESH_STEPS = 2
LATE_STEPS = 5
SESSION_REST_MS = 4 * DAY_MS  # Friday's close to Tuesday's, with a holiday on Monday
NEVER = Undefined("never fetched")
NO_BARS = Undefined("no series of bars")
NOT_CHECKED = Undefined("not checked since it changed: karat data check")
_NOT_ASKED = Undefined("nobody asks for it on a schedule")
_HAPPENINGS = frozenset({STATE_TABLE.kind, "gaps", "actions", "listings"})  # rows come when something happens
_FAULTS_SHOWN = 4


def state_of(age_ms: int, step_ms: int, rest_ms: int = 0) -> Freshness:
    """How an age stands against a step; `rest_ms` is allowed on top."""
    if step_ms <= 0:
        return Freshness.UNKNOWN
    steps = max(0, age_ms - rest_ms) / step_ms
    return Freshness.FRESH if steps <= FRESH_STEPS else Freshness.LATE if steps <= LATE_STEPS else Freshness.STALE


def candles_row(entry: LakeEntry, now: int, checked: Checked) -> SourceRow:
    """A series of candles."""
    name = candles_name(entry.market, entry.timeframe_ms)
    rest = SESSION_REST_MS if entry.sessions else 0
    close, step = entry.last_ts + entry.timeframe_ms, entry.timeframe_ms
    whole = entry.rows + entry.quality.missing_bars
    coverage = Undefined("a market that closes: karat data check counts its bars") if entry.sessions else None
    return _row(
        name, Group.CANDLES, entry.rows, close, now, FRESH_STEPS * step + rest, state_of(now - close, step, rest),
        entry.hash, checked, entry.rows / whole if coverage is None else coverage,
    )  # fmt: skip


def stamps_row(entry: TableEntry, now: int, checked: Checked) -> SourceRow:
    """Funding, or mark prices."""
    if not entry.name.variant:
        return _stepped(entry, entry.last, _mean_step(entry), now, checked)
    step = timeframe_ms(entry.name.variant)
    return _stepped(entry, entry.last + step, step, now, checked)


def table_row(
    entry: TableEntry, declared: Declared | None, newest: int | None, now: int, checked: Checked
) -> SourceRow:
    """A table. Where it is declared, `newest` is the time of its newest value."""
    if declared is None or newest is None:
        return _stepped(entry, entry.last, max(_mean_step(entry), MINUTE_MS if entry.rows > 1 else 0), now, checked)
    spec = declared.spec
    end, limit = newest + spec.covers_ms, spec.fresh_for_ms - spec.covers_ms
    state = Freshness.FRESH if now - end <= limit else Freshness.STALE
    return _row(entry.name, Group.OTHER, entry.rows, end, now, limit, state, entry.hash, checked)


def missing_row(name: TableName, group: Group, reason: str, limit_ms: int = 0) -> SourceRow:
    """Something that should be there and never was."""
    source, _, series = name.owner.partition(":")
    return SourceRow(
        source=source,
        series=series,
        kind=name.kind,
        timeframe=name.variant,
        group=group,
        rows=0,
        last_ts=NEVER,
        age_ms=NEVER,
        limit_ms=limit_ms,
        over_ms=0,
        state=Freshness.MISSING,
        reason=reason,
        asked_ts=NEVER,
        coverage=NO_BARS,
        score=NEVER,
        faults=(),
        hash="",
    )


def damaged_row(found: Quarantined, now: int) -> SourceRow:
    """A series that was set aside: nothing of it is served."""
    group = Group.CANDLES if found.name.kind == "candles" else Group.OTHER
    row = missing_row(found.name, group, f"{found.why} See karat data repair.")
    aside = Undefined("set aside")
    last = aside if found.last is None else found.last
    return replace(
        row,
        state=Freshness.DAMAGED,
        rows=found.rows or 0,
        last_ts=last,
        age_ms=aside if found.last is None else now - found.last,
        asked_ts=found.found_at_ms,
        coverage=aside,
        score=aside,
    )


def is_happening(entry: TableEntry) -> bool:
    """Whether a table holds what happened and not a series: its age says nothing."""
    return entry.name.kind in _HAPPENINGS


def candles_name(market: MarketId, timeframe_ms: int) -> TableName:
    """What candles are called in the catalog."""
    return TableName("candles", market, timeframe_text(timeframe_ms))


def _mean_step(entry: TableEntry) -> int:
    return (entry.last - entry.first) // (entry.rows - 1) if entry.rows > 1 else 0


def _stepped(entry: TableEntry, last: int, step: int, now: int, checked: Checked) -> SourceRow:
    state = state_of(now - last, step)
    return _row(entry.name, Group.OTHER, entry.rows, last, now, FRESH_STEPS * step, state, entry.hash, checked)


def _row(
    name: TableName, group: Group, rows: int, last: int, now: int, limit: int, state: Freshness, content: str,
    checked: Checked, coverage: float | Undefined = NO_BARS,
) -> SourceRow:  # fmt: skip
    source, _, series = name.owner.partition(":")
    report = checked.report(name, content)
    if report is not None and report["coverage"] is not None:
        coverage = report["coverage"]
    return SourceRow(
        source=source,
        series=series,
        kind=name.kind,
        timeframe=name.variant,
        group=group,
        rows=rows,
        last_ts=last,
        age_ms=now - last,
        limit_ms=limit,
        over_ms=max(0, now - last - limit) if limit else 0,
        state=state,
        reason="",
        asked_ts=_NOT_ASKED,
        coverage=coverage,
        score=NOT_CHECKED if report is None else report["score"],
        faults=() if report is None else _faults(report),
        hash=content,
    )


def _faults(report: dict[str, object]) -> tuple[str, ...]:
    reasons = report["reasons"]
    assert isinstance(reasons, list), "a report lists its reasons"
    return tuple(f"{one['name'].replace('_', ' ')} ({one['count']:,})" for one in reasons[:_FAULTS_SHOWN])
