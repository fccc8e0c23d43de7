"""The data desk: satisfies `karat.ports.data_desk.DataDesk`.

1. What the lake holds: candles, funding, mark prices and tables, each with its age.
2. What feeds declare: a source of which nothing was ever stored is missing, and says why it would not be asked. Beside
   simulated markets alone only what was asked for can be missing: no feed tells anything of them.
3. What DataSync last said of each source, and how each stream stands.
4. What somebody needs (the candles of bots) and the lake lacks.
5. What was found damaged and set aside.
6. What the last check of exactly these rows found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from karat.control.data_asked import failed_row, last_asked, stream_name, stream_row, with_asked
from karat.control.data_rows import (
    candles_name,
    candles_row,
    damaged_row,
    is_happening,
    missing_row,
    stamps_row,
    table_row,
)  # fmt: skip
from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId, venue_of
from karat.core.instruments import instrument_for
from karat.core.model.table import TableName
from karat.feeds.demo.symbols import SIMULATED_VENUE
from karat.ingest.streams.standing import StreamStanding
from karat.lake.checked import Checked
from karat.ports.clock import Clock
from karat.ports.data_desk import DataView, Declared, Declares, Freshness, Group, GroupCount, SourceRow
from karat.ports.lake import Lake, TableEntry

Need = tuple[MarketId, int, str]  # market, timeframe in ms, and who needs it
Needs = Callable[[], Iterable[Need]]
Streams = Callable[[int], Iterable[StreamStanding]]
NEVER_FETCHED = "never fetched: karat data refresh"
_WORST_FIRST = {state: rank for rank, state in enumerate(Freshness)}
_GROUPS = {group: rank for rank, group in enumerate(Group)}


def _nothing_declared(_: Mapping[MarketId, str]) -> tuple[Declared, ...]:
    return ()


class LakeDesk:
    """Looks at everything each time it is asked. `streams` says how the streams of this machine stand at a time."""

    def __init__(
        self,
        lake: Lake,
        clock: Clock,
        *,
        declares: Declares = _nothing_declared,
        needs: Needs = tuple,
        streams: Streams = lambda _: (),
        checked: Checked | None = None,
    ) -> None:
        self._lake = lake
        self._clock = clock
        self._declares = declares
        self._needs = needs
        self._streams = streams
        self._checked = checked or Checked()
        self._newest: dict[TableName, tuple[str, int]] = {}

    def look(self) -> DataView:
        try:
            return self._look()
        except NeedsOperator:  # a series was found damaged: the lake has set it aside, and tells of it now
            return self._look()

    def _look(self) -> DataView:
        now, entries, needs = self._clock.now_ms(), self._lake.list(), tuple(self._needs())
        rows = {candles_name(one.market, one.timeframe_ms): candles_row(one, now, self._checked) for one in entries}
        stamps = self._lake.beside_candles()
        rows |= {one.name: stamps_row(one, now, self._checked) for one in stamps}
        perpetuals = sorted({MarketId(one.name.owner) for one in stamps if one.name.kind == "funding"})
        markets = {one.market for one in entries}
        invented = _are_simulated(markets | {market for market, _, _ in needs})
        loose = self._add_tables(rows, perpetuals, now, is_invented=invented)
        self._add_streams(rows, now)
        self._add_needed(rows, needs)
        rows |= {one.name: damaged_row(one, now) for one in self._lake.quarantined()}
        ordered = sorted((*rows.values(), *loose), key=_order)
        timeframes = {one.timeframe_ms for one in entries}
        return DataView(now, len(markets), len(timeframes), _counts(ordered), tuple(ordered))

    def _add_tables(
        self, rows: dict[TableName, SourceRow], perpetuals: list[MarketId], now: int, *, is_invented: bool
    ) -> list[SourceRow]:
        """Stored tables, and declared ones. Returns what failed and is neither. `is_invented`: all markets are."""
        asked = last_asked(self._lake)
        declared = {one.spec.table: one for one in self._declares(_with_coins(perpetuals))}
        stored = {entry.name: entry for entry in self._lake.tables() if entry.rows and not is_happening(entry)}
        for name, entry in stored.items():
            own = declared.get(name)
            row = table_row(entry, own, None if own is None else self._newest_of(entry, own), now, self._checked)
            rows[name] = row if own is None else with_asked(row, asked.get(own.spec.name), entry.written_at_ms)
        for name, own in declared.items():
            if name not in stored and (own.spec.name in asked or not is_invented):
                row = missing_row(name, Group.OTHER, own.hindrance or NEVER_FETCHED, own.spec.fresh_for_ms)
                told = with_asked(row, asked.get(own.spec.name), 0)
                rows[name] = replace(told, state=Freshness.MISSING)
        known = {one.spec.name for one in declared.values()}
        return [failed_row(name, one) for name, one in asked.items() if one.failed and name not in known]

    def _newest_of(self, entry: TableEntry, declared: Declared) -> int:
        """The time of the newest row. The row that became known last may be a revision of an older one."""
        known = self._newest.get(entry.name)
        if known is None or known[0] != entry.hash:
            spec = declared.spec
            recent = self._lake.table(entry.name, entry.last - spec.delay_ms - 2 * spec.fresh_for_ms)
            known = self._newest[entry.name] = entry.hash, int(recent.ts.max())
        return known[1]

    def _add_streams(self, rows: dict[TableName, SourceRow], now: int) -> None:
        for standing in self._streams(now):
            name = stream_name(standing, rows)
            row = stream_row(standing, name, rows.get(name))
            if row is not None:
                rows[name] = row

    def _add_needed(self, rows: dict[TableName, SourceRow], needs: Iterable[Need]) -> None:
        for market, timeframe_ms, who in needs:
            name = candles_name(market, timeframe_ms)
            if name not in rows and not self._lake.has(market, timeframe_ms):
                rows[name] = missing_row(name, Group.CANDLES, f"{who} needs it: karat data download", timeframe_ms)


def _are_simulated(markets: Iterable[MarketId]) -> bool:
    """Whether there are markets, and none of them is real."""
    venues = {venue_of(market) for market in markets}
    return venues == {SIMULATED_VENUE}


def _with_coins(markets: Iterable[MarketId]) -> dict[MarketId, str]:
    return {market: instrument_for(market, None).base for market in markets}


def _counts(rows: Iterable[SourceRow]) -> tuple[GroupCount, ...]:
    """The sums of each group that has any series."""
    told = list(rows)
    counts: list[GroupCount] = []
    for group in Group:
        states = [row.state for row in told if row.group is group]
        if states:
            counts.append(GroupCount(group, len(states), **{state.value: states.count(state) for state in Freshness}))
    return tuple(counts)


def _order(row: SourceRow) -> tuple[bool, int, int, int, str, str, str, int]:
    """What is not fresh first: candles, because every decision needs them, then streams; each by how bad it is."""
    return (
        row.state is Freshness.FRESH, _GROUPS[row.group], _WORST_FIRST[row.state], -row.over_ms, row.source, row.series,
        row.kind, row.limit_ms,
    )  # fmt: skip
