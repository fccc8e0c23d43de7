"""A bot under limits in bars in which it does nothing: what it is worth at each of their closes, foreseen.

Its own part of such bars, and that of its breakers, may be done late and together. What all bots come to may not: their
money is marked close by close (`karat.bots.fleet.marks`), with the figures that are told here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from karat.bots.desk.gates import Patient
from karat.core.model.candles import Bools, Floats, Ints
from karat.core.model.reasons import Refusal
from karat.kernel.engine import Inputs, Recorder, advance
from karat.kernel.state import State

LONGEST_BARS = 1_024  # in one go; what is foreseen longer than it lasts was foreseen for nothing


class Passage(NamedTuple):
    """Calm bars `first` and following: equity at each close and when its day began (`Marks.day_reference`)."""

    first: int
    equity: Floats
    day_start: Floats


def happens(after: State, first: int, stop: int, room: Recorder) -> bool:
    """Whether bars `first` to `stop - 1`, run together, brought more than marks after all; then their refusals are
    forgotten."""
    refusals = room.log.refusals[first:stop]
    if not (room.log.counts[0] or refusals.any() or after.order.due >= 0 or after.limit.side):
        return False
    refusals[:] = Refusal.NONE
    return True


def passage(inputs: Inputs, state: State, stop: int, room: Recorder, gate: Patient, asked: Bools) -> Passage:
    """The bars from `state.bar` on, and before `stop`, that are calm for the bot and for its gate. They are calm for
    the kernel; `asked` says which of them ask for an entry. `room` holds `stop` bars and an empty record."""
    first = state.bar
    after = advance(inputs, state, stop, room)
    if happens(after, first, stop, room):
        return Passage(first, room.equity[:0].copy(), room.equity[:0].copy())
    equity = room.equity[first:stop].copy()
    start = _day_starts(inputs.bars.mark_day[first:stop], equity, state)
    count = gate.calm_until(first, equity, start, asked, inputs.signal.confidence[first:stop]) - first
    return Passage(first, equity[:count], start[:count])


def _day_starts(days: Ints, equity: Floats, state: State) -> Floats:
    """`Marks.day_reference` after each bar: the equity before the first bar of its day (rule 33)."""
    marks = state.marks
    begins = days != np.concatenate([[marks.day], days[:-1]])
    before = np.concatenate([[marks.equity], equity[:-1]])
    newest = np.maximum.accumulate(np.where(begins, np.arange(len(days)), -1))
    return np.where(newest >= 0, before[newest], marks.day_reference)
