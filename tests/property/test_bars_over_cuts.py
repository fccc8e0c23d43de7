"""Bars of a tape with holes: the same wherever the tape is divided, and never whole where something is missing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.bars import Kind, Trades, bar_kinds
from karat.core.model.table import Table
from karat.ingest.bars.cuts import ByNumber, ByPause, ByRecord, Cutter, Missing
from karat.ingest.bars.making import Stretch, fresh_progress, make_bars
from karat.ingest.bars.tables import together
from karat.ingest.streams.uncounted import OVERLAP_MS

SPECS = bar_kinds("1s,7s,tick:3,volume:2,range:1,renko:0.5,renko:atr2@1s", 0.1)


@st.composite
def holed(draw: st.DrawFn) -> tuple[Stretch, list[Missing], Stretch]:
    """A whole tape, what is left of it, and the stretches of time that the rest happened in."""
    count = draw(st.integers(20, 80))
    steps = draw(st.lists(st.sampled_from((0, 0, 40, 300, 1500, 6000)), min_size=count, max_size=count))
    moves = draw(st.lists(st.integers(-4, 4), min_size=count, max_size=count))
    ts, price = 1_700_000_000_000 + np.cumsum(steps), 100.0 + np.cumsum(moves) / 10
    sizes = np.array(draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))) / 10
    whole = Stretch(Trades(ts, price, sizes, np.ones(count, np.int8)), np.arange(1, count + 1))
    keep, missing = np.ones(count, np.bool_), list[Missing]()
    for first, length in draw(st.lists(st.tuples(st.integers(1, count - 2), st.integers(1, 6)), max_size=4)):
        keep[first : min(first + length, count - 1)] = False
    edges = np.flatnonzero(np.diff(keep.astype(np.int8), prepend=1, append=1))
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        missing.append(Missing(int(ts[first - 1]) - OVERLAP_MS, int(ts[after])))
    at = np.flatnonzero(keep)
    left = Stretch(Trades(ts[at], price[at], sizes[at], np.ones(len(at), np.int8)), whole.numbers[at])
    return whole, missing, left


def made(stretch: Stretch, cutter: Cutter, ends: list[int]) -> list[Table]:
    """Rows of each kind, taken in parts that end there; what was not ready is offered again."""
    progress, held, parts = fresh_progress(SPECS), 0, [[] for _ in SPECS]
    for end in ends:
        found = make_bars(SPECS, progress, stretch[held:end], cutter)
        progress, held = found.progress, held + found.taken
        for rows, new in zip(parts, found.rows, strict=True):
            rows.append(new)
    return [together(rows) for rows in parts]


@settings(max_examples=60, deadline=None)
@given(case=holed(), data=st.data(), way=st.sampled_from(("numbers", "record", "pauses")))
def test_the_same_bars_wherever_the_tape_is_divided(
    case: tuple[Stretch, list[Missing], Stretch], data: st.DataObject, way: str
) -> None:
    _, missing, left = case
    cutter: Cutter = {"numbers": ByNumber(), "record": ByRecord(missing), "pauses": ByPause(1000)}[way]
    ends = [*sorted(data.draw(st.sets(st.integers(1, len(left)), max_size=8))), len(left)]
    for one, other in zip(made(left, cutter, [len(left)]), made(left, cutter, ends), strict=True):
        for name in one.schema.names:
            np.testing.assert_array_equal(one.columns[name], other.columns[name])
        assert np.all(np.diff(one.order) >= 0)


@settings(max_examples=60, deadline=None)
@given(case=holed(), by_record=st.booleans())
def test_a_whole_bar_has_every_trade_of_its_time(case: tuple[Stretch, list[Missing], Stretch], by_record: bool) -> None:
    whole, missing, left = case
    cutter = ByRecord(missing) if by_record else ByNumber()
    for spec, rows in zip(SPECS, made(left, cutter, [len(left)]), strict=True):
        of_time = spec.kind is Kind.TIME
        for place in np.flatnonzero((rows.columns["whole"] == 1) & (rows.columns["trades"] > 0)).tolist():
            begin = int(rows.ts[place]) - of_time  # what bears the time of its first or last trade may be outside
            end = begin + 1 + spec.plan.timeframe_ms if of_time else int(rows.columns["ts_close"][place])
            happened, stored = (
                np.count_nonzero((one.trades.ts > begin) & (one.trades.ts < end)) for one in (whole, left)
            )
            assert happened == stored
