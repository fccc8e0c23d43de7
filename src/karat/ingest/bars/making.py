"""Rows of bars out of a stretch of trades, and what is carried to the next stretch. No effects.

1. The tape is walked from cut to cut. Between cuts `karat.bars.build` makes the bars.
2. At a cut every bar that is forming, but time bars, is written as it stands, not whole, and its kind begins anew.
3. A time bar goes on over a cut and is not whole when the cut touches its period.

Wherever the tape is divided into stretches, the rows are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from karat.bars import BarSpec, Kind, State, Trades, build, cut_state, forming, fresh_state
from karat.core.model.candles import Ints
from karat.core.model.table import Table
from karat.ingest.bars.cuts import Cut, Cutter, Missing
from karat.ingest.bars.tables import no_bars, rows_of, together


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a tape has been taken. `last_ts`, `at_last` (rows taken that bear that time) and `last_number` say which
    row was the last; `made` counts the bars of each kind. `missing`: what may yet touch a time bar that is forming."""

    state: State
    made: tuple[int, ...]
    last_ts: int | None = None
    at_last: int = 0
    last_number: int = 0
    cuts: int = 0
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Trades in their order; `numbers` are 0 where the venue does not count them."""

    trades: Trades
    numbers: Ints

    def __len__(self) -> int:
        return len(self.trades)

    def __getitem__(self, part: slice) -> Stretch:
        return Stretch(self.trades[part], self.numbers[part])


class Made(NamedTuple):
    """The progress after a stretch, the rows of each kind that it completed, and how many of its trades were taken."""

    progress: Progress
    rows: tuple[Table, ...]
    taken: int


def fresh_progress(specs: Sequence[BarSpec]) -> Progress:
    """Before the first trade."""
    return Progress(fresh_state(specs), (0,) * len(specs))


def make_bars(specs: Sequence[BarSpec], progress: Progress, stretch: Stretch, cutter: Cutter) -> Made:
    """Take what of the stretch is ready. Raises InputError `brick_too_small`."""
    trades = stretch.trades
    ready, cuts = cutter.cuts(trades.ts, stretch.numbers, progress.last_ts, progress.last_number)
    if not ready:
        return Made(progress, tuple(no_bars() for _ in specs), 0)
    missing = (*progress.missing, *(Missing(cut.begin_ms, cut.end_ms) for cut in cuts))
    parts: tuple[list[Table], ...] = tuple([no_bars()] for _ in specs)
    state = progress.state
    for part, sure, is_cut in _walk(ready, cuts):
        if is_cut:
            _cut_off(specs, state, parts)
            state = cut_state(specs, state)
            continue
        state, bars = build(specs, state, trades[part])
        for place, spec in enumerate(specs):
            whole = np.full(len(bars[place]), sure or spec.kind is Kind.TIME, np.uint8)
            parts[place].append(rows_of(spec, bars[place], whole))
    rows = tuple(
        _judged(spec, together(found), missing) if spec.kind is Kind.TIME else together(found)
        for spec, found in zip(specs, parts, strict=True)
    )
    return Made(_after(specs, progress, stretch[:ready], state, missing, rows, len(cuts)), rows, ready)


def _walk(ready: int, cuts: Sequence[Cut]) -> Iterator[tuple[slice, bool, bool]]:
    """The parts of a tape: rows, whether bars that end in them are whole, and whether it is a cut and no rows."""
    at = 0
    for cut in cuts:
        yield slice(at, cut.doubt), True, False
        yield slice(cut.doubt, cut.row), False, False
        yield slice(cut.row, cut.row), False, True
        at = cut.row
    yield slice(at, ready), True, False


def _cut_off(specs: Sequence[BarSpec], state: State, parts: tuple[list[Table], ...]) -> None:
    for place, bar in enumerate(forming(specs, state)):
        if bar is not None and specs[place].kind is not Kind.TIME:
            parts[place].append(rows_of(specs[place], bar, np.zeros(1, np.uint8)))


def _judged(spec: BarSpec, rows: Table, missing: Sequence[Missing]) -> Table:
    """Time bars, not whole where something is missing from their period."""
    whole = np.ones(len(rows), np.uint8)
    for begin_ms, end_ms in missing:
        first = np.searchsorted(rows.ts + spec.plan.timeframe_ms, begin_ms, "right")
        whole[first : np.searchsorted(rows.ts, end_ms, "right")] = 0
    return Table(rows.schema, {**rows.columns, "whole": whole})


def _after(
    specs: Sequence[BarSpec],
    before: Progress,
    taken: Stretch,
    state: State,
    missing: Sequence[Missing],
    rows: Sequence[Table],
    cuts: int,
) -> Progress:
    last_ts = int(taken.trades.ts[-1])
    at_last = len(taken.trades) - int(np.searchsorted(taken.trades.ts, last_ts))
    if at_last == len(taken.trades) and last_ts == before.last_ts:
        at_last += before.at_last
    opens = [bar.ts_open for bar in forming(specs, state) if bar is not None]
    since = min((last_ts, *opens))
    return replace(
        before,
        state=state,
        made=tuple(count + len(table) for count, table in zip(before.made, rows, strict=True)),
        last_ts=last_ts,
        at_last=at_last,
        last_number=int(taken.numbers[-1]),
        cuts=before.cuts + cuts,
        missing=tuple(one for one in missing if one.end_ms >= since),
    )
