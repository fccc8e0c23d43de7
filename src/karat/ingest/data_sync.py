"""DataSync: before a decision every source that is due is asked, side by side, with one deadline for all.

1. Sources that are due are fetched at once, each in a task of its own: what goes wrong in one is its own reason, and
   nothing waits longer than the deadline.
2. Answers are checked (times that are times, none in the future, every column as long as the others), rows that are not
   finished are left out, and what is new is written in one change of the lake.
3. The result says of every source, due or not, how its data stands. It is stored beside the data, and read again by
   every other process of the lake: what one of them has asked, in vain or not, the others know.

Only candles hold back a decision; all else is optional and says so when it is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from karat.core.errors import KaratError, NeedsOperator, RetryLater
from karat.core.model.source_state import (
    STATE_SCHEMA,
    STATE_TABLE,
    DataState,
    SourceCondition,
    SourceState,
    with_fresh_until,
)
from karat.core.model.table import AVAILABLE, TIME, Table, TableName
from karat.core.time import DAY_MS, MINUTE_MS, iso
from karat.ingest.known import known_from
from karat.ingest.prints import add_prints, new_prints, table_of, with_known
from karat.ports.clock import Clock
from karat.ports.lake import Lake, TableEntry
from karat.ports.source import CandleSource, Observations, Source

DEADLINE_SECONDS = 20.0
LAKE_WAIT_SECONDS = 5.0
_REMEMBERED_MS = 7 * DAY_MS  # a source that has not answered for longer is asked whatever its schedule
CLOCKS_DIFFER_MS_MAX = 5 * MINUTE_MS  # how far a vendor's clock may be ahead of ours


@dataclass(slots=True)
class _Look:
    """What is remembered of a source between two decisions. `tried_ms`: it was asked, or stood in a state."""

    answered_ms: int | None = None
    tried_ms: int | None = None
    retry_ms: int = 0  # not before, when the vendor said so
    failed: str = ""


class DataSync:
    """Keeps the sources of a process up to date. One per process; calls must not overlap."""

    def __init__(
        self,
        lake: Lake,
        clock: Clock,
        sources: Iterable[Source],
        candles: Iterable[CandleSource] = (),
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._lake = lake
        self._clock = clock
        self._sources = tuple(sources)
        self._candles = tuple(candles)
        self._deadline_seconds = deadline_seconds
        self._looks = {one.spec.name: _Look() for one in self._sources} | {one.name: _Look() for one in self._candles}
        self._recalled_ms: int | None = None

    async def sync(self, *, all_now: bool = False) -> DataState:
        """Ask what is due, or everything with `all_now`, and say how all data stands.

        Raises nothing for what a source does; a lake that is busy or full makes every source of this round failed.
        """
        now_ms = self._clock.now_ms()
        stored = self._stored()
        self._recall(stored.get(STATE_TABLE))
        due = [one for one in self._sources if all_now or self._is_due(one, now_ms)]
        brought = [self._attempt(one.name, one.bring(now_ms)) for one in self._candles]
        asked = [self._attempt(one.spec.name, self._fetch(one, stored, now_ms)) for one in due]
        results = await asyncio.gather(*brought, *asked)
        answers = dict(zip(due, results[len(brought) :], strict=True))
        tables = {one: answer for one, answer in answers.items() if isinstance(answer, Table)}
        await self._write(tables, now_ms)
        failed = [one.name for one, result in zip(self._candles, results, strict=False) if isinstance(result, str)]
        reasons = {name: self._looks[name].failed for name in failed} | {
            one.spec.name: self._looks[one.spec.name].failed for one in due
        }
        state = DataState(now_ms, (*self._candle_states(reasons, now_ms), *self._source_states(reasons, now_ms)))
        await self._store(state)
        for look in self._looks.values():
            look.tried_ms = now_ms
        return state

    def _recall(self, entry: TableEntry | None) -> None:
        """The last looks at each source, out of the states since they were last read, or those of the last days."""
        if entry is None or entry.last == self._recalled_ms:
            return
        begin = entry.last - _REMEMBERED_MS if self._recalled_ms is None else self._recalled_ms
        states = self._lake.table(STATE_TABLE, begin)
        columns = (states.columns[name].tolist() for name in (TIME, "source", "state"))
        for ts, name, condition in zip(*columns, strict=True):
            look = self._looks.get(name)
            if look is not None:
                look.tried_ms = max(ts, look.tried_ms or ts)
                if condition != SourceCondition.FAILED:
                    look.answered_ms = max(ts, look.answered_ms or ts)
        self._recalled_ms = entry.last

    def _stored(self) -> dict[TableName, TableEntry]:
        return {entry.name: entry for entry in self._lake.tables()}

    def _is_due(self, source: Source, now_ms: int) -> bool:
        look, every = self._looks[source.spec.name], source.spec.every_ms
        if now_ms < look.retry_ms:
            return False
        return look.answered_ms is None or bool(look.failed) or now_ms // every > look.answered_ms // every

    async def _attempt(self, name: str, work: Awaitable[Table | None]) -> Table | str | None:
        """The result of one source's work, or why there is none. Nothing that goes wrong leaves here."""
        look = self._looks[name]
        try:
            async with asyncio.timeout(self._deadline_seconds):
                result = await work
        except TimeoutError:
            look.failed = f"no answer within {self._deadline_seconds:g} s"
        except KaratError as error:
            look.failed = str(error)
            look.retry_ms = getattr(error, "retry_ms", 0)
        except Exception as error:  # noqa: BLE001 an adapter's own mistake must not stop the others
            look.failed = f"{type(error).__name__}: {error}"
        else:
            look.failed = ""
            return result
        return look.failed

    async def _fetch(self, source: Source, stored: dict[TableName, TableEntry], now_ms: int) -> Table:
        newest, look = self._newest(source, stored), self._looks[source.spec.name]
        answer = await source.fetch(now_ms, newest)
        tried_ms = None if newest is None else look.tried_ms  # before the first values nobody can have decided on any
        return _checked(source, answer, look.answered_ms, tried_ms, now_ms)

    async def _write(self, answers: dict[Source, Table], now_ms: int) -> None:
        """Store what is new, all in one change; remember who has answered."""
        try:
            refused = await asyncio.to_thread(self._write_now, answers, now_ms)
        except RetryLater as error:
            refused = dict.fromkeys(answers, str(error))
        for source in answers:
            look = self._looks[source.spec.name]
            if source in refused:
                look.failed = refused[source]
            else:
                look.answered_ms = now_ms

    def _write_now(self, answers: dict[Source, Table], now_ms: int) -> dict[Source, str]:
        """Store what is new. Returns the sources whose table cannot take it, a damaged one, each with the reason."""
        filled = {source: rows for source, rows in answers.items() if len(rows)}
        refused: dict[Source, str] = {}
        if not filled:
            return refused
        with self._lake.change(LAKE_WAIT_SECONDS) as change:
            written_ms = max(now_ms, self._clock.now_ms())  # what nobody could read before, nobody knew before
            for source, rows in filled.items():
                spec = source.spec
                try:
                    stored = change.table(spec.table)
                except NeedsOperator as error:
                    refused[source] = str(error)
                    continue
                seen = with_known(rows, np.where(rows.order >= now_ms, np.int64(written_ms), rows.order))
                fresh, _ = new_prints(stored, seen, spec.keys, written_ms)
                if len(fresh):
                    add_prints(change, spec.table, fresh, (f"fetched from {spec.documentation}",))
        return refused

    async def _store(self, state: DataState) -> None:
        def append() -> None:
            with self._lake.change(LAKE_WAIT_SECONDS) as change:
                before = change.table(STATE_TABLE)
                if before is not None and before.schema != STATE_SCHEMA:
                    change.put_table(STATE_TABLE, with_fresh_until(before))
                change.append(STATE_TABLE, state.rows())

        if state.sources:
            try:
                await asyncio.to_thread(append)
            except (RetryLater, NeedsOperator):
                return  # the state still reaches whoever asked; only its record is missing

    def _newest(self, source: Source, stored: dict[TableName, TableEntry]) -> int | None:
        """The time of the newest stored row. The row that became known last may be a revision of an older one."""
        entry = stored.get(source.spec.table)
        if entry is None:
            return None
        begin = entry.last - source.spec.delay_ms - 2 * source.spec.fresh_for_ms
        recent = self._lake.table(source.spec.table, begin)
        return int(recent.ts.max())

    def _candle_states(self, reasons: dict[str, str], now_ms: int) -> Sequence[SourceState]:
        """Bars are fresh while no closed one is missing."""
        states: list[SourceState] = []
        for one in self._candles:
            newest = one.newest()
            until = None if newest is None else newest + 2 * one.timeframe_ms - 1
            states.append(_state(one.name, newest, until, now_ms, reasons.get(one.name, ""), mandatory=True))
        return states

    def _source_states(self, reasons: dict[str, str], now_ms: int) -> Sequence[SourceState]:
        states: list[SourceState] = []
        stored = self._stored()
        for one in self._sources:
            newest = self._newest(one, stored)
            until = None if newest is None else newest + one.spec.fresh_for_ms
            reason = reasons.get(one.spec.name, self._looks[one.spec.name].failed)
            states.append(_state(one.spec.name, newest, until, now_ms, reason))
        return states


def _state(
    name: str, newest: int | None, fresh_until: int | None, now_ms: int, reason: str, *, mandatory: bool = False
) -> SourceState:
    overdue_ms = 0 if fresh_until is None else max(0, now_ms - fresh_until)
    condition = SourceCondition.STALE if newest is None or overdue_ms else SourceCondition.FRESH
    state = SourceCondition.FAILED if reason else condition
    return SourceState(name, state, newest, overdue_ms, reason, mandatory, fresh_until)


def _checked(
    source: Source, answer: Observations, last_look_ms: int | None, tried_ms: int | None, now_ms: int
) -> Table:
    """An answer as a table, or RetryLater `vendor_garbage` with what is wrong. Unfinished rows are left out."""
    spec = source.spec
    columns = {name: list(answer[name]) for name in spec.schema.names if name != AVAILABLE}
    ts = np.array(columns[TIME], np.int64)
    ahead = np.flatnonzero(ts > now_ms + CLOCKS_DIFFER_MS_MAX)
    if len(ahead) or (ts <= 0).any():
        worst = int(ts[ahead[0]]) if len(ahead) else int(ts.min())
        raise RetryLater("vendor_garbage", f"{spec.name} gave a value of {iso(worst)}.", "See whether clocks agree.")
    available = known_from(ts, spec.delay_ms, spec.every_ms, last_look_ms, now_ms, tried_ms)
    table = table_of(spec.schema, {**columns, AVAILABLE: available})
    finished = np.flatnonzero(ts + spec.covers_ms <= now_ms)
    return table_of(spec.schema, {name: values[finished] for name, values in table.columns.items()})
