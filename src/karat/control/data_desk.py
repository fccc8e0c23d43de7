"""The data desk over a lake and a clock: satisfies `karat.ports.data_desk.DataDesk`.

Only what the lake holds is shown. A series is fresh while its newest observation is at most FRESH_STEPS of its usual
steps old, late to LATE_STEPS, then stale. A market with sessions may also rest for a long weekend. The usual step of
candles is their timeframe; of anything else the mean time between two observations.
"""

from __future__ import annotations

from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.time import DAY_MS, timeframe_text
from karat.ports.clock import Clock
from karat.ports.data_desk import Freshness, SourceRow
from karat.ports.lake import Lake, LakeEntry, TableEntry

FRESH_STEPS = 2
LATE_STEPS = 5
SESSION_REST_MS = 4 * DAY_MS  # Friday's close to Tuesday's, with a holiday on Monday


class LakeDesk:
    """Looks at the lake each time it is asked."""

    def __init__(self, lake: Lake, clock: Clock) -> None:
        self._lake = lake
        self._clock = clock

    def freshness(self) -> tuple[SourceRow, ...]:
        now = self._clock.now_ms()
        entries = self._lake.list()
        lost = {found.name.owner for found in self._lake.quarantined() if found.name.kind in ("funding", "mark")}
        funded = {entry.market: entry for entry in entries if entry.has_funding and entry.market not in lost}
        rows = [_candles_row(entry, now) for entry in entries]
        rows += [_funding_row(self._lake, market, now) for market in funded]
        rows += [_table_row(table, now) for table in self._lake.tables() if table.rows]
        return tuple(sorted(rows, key=lambda row: (row.source, row.series, row.kind, row.step_ms)))


def state_of(age_ms: int, step_ms: int, rest_ms: int = 0) -> Freshness:
    """How an age stands against a step; `rest_ms` is allowed on top."""
    if step_ms <= 0:
        return Freshness.UNKNOWN
    steps = max(0, age_ms - rest_ms) / step_ms
    return Freshness.FRESH if steps <= FRESH_STEPS else Freshness.LATE if steps <= LATE_STEPS else Freshness.STALE


def _candles_row(entry: LakeEntry, now: int) -> SourceRow:
    close = entry.last_ts + entry.timeframe_ms
    rest = SESSION_REST_MS if entry.sessions else 0
    return SourceRow(
        source=venue_of(entry.market),
        series=symbol_of(entry.market),
        kind="candles",
        timeframe=timeframe_text(entry.timeframe_ms),
        rows=entry.rows,
        last_ts=close,
        age_ms=now - close,
        step_ms=entry.timeframe_ms,
        state=state_of(now - close, entry.timeframe_ms, rest),
    )


def _funding_row(lake: Lake, market: MarketId, now: int) -> SourceRow:
    stamps = lake.funding(market).ts
    first, last = int(stamps[0]), int(stamps[-1])
    return _row(venue_of(market), symbol_of(market), "funding", len(stamps), first, last, now)


def _table_row(table: TableEntry, now: int) -> SourceRow:
    source, _, series = table.name.owner.partition(":")
    kind = f"{table.name.kind} {table.name.variant}".strip()
    return _row(source, series, kind, table.rows, table.first, table.last, now)


def _row(source: str, series: str, kind: str, rows: int, first: int, last: int, now: int) -> SourceRow:
    step = (last - first) // (rows - 1) if rows > 1 else 0
    return SourceRow(source, series, kind, "", rows, last, now - last, step, state_of(now - last, step))
