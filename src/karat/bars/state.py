"""What bars carry from one batch of trades to the next, and the same as bytes for a process that may be killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.bars.advance import ACCEPTED, LAST, LATE, UNUSABLE
from karat.bars.records import STATE_FLOATS, STATE_INTS
from karat.bars.specs import BarSpec, Kind, fingerprint, plan_rows
from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints

_FORM = b"KBAR\x01"  # a state of another form gets another number
_CLOCK_START, _CLOCK_RANGES, _WAITING = 8, 9, 7  # places in a row of integers, as in `records`


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The bars that are forming, a row for each kind, and the counts of the tape. A call makes a new one."""

    counts: Ints
    ints: Ints
    floats: Floats

    @property
    def last_ts(self) -> int:
        """Time of the latest trade, or of the period that was closed after it; 0 before the first."""
        return int(self.counts[LAST])

    @property
    def accepted(self) -> int:
        """Trades that entered the bars."""
        return int(self.counts[ACCEPTED])

    @property
    def late(self) -> int:
        """Trades stamped before one that came before them: refused, since bars do not go backwards."""
        return int(self.counts[LATE])

    @property
    def unusable(self) -> int:
        """Rows that are no trades: see `Trades`."""
        return int(self.counts[UNUSABLE])

    @property
    def waiting(self) -> tuple[int, ...]:
        """For each kind the accepted trades that are in no bar: those before the first ATR of its bricks."""
        return tuple(self.ints[:, _WAITING].tolist())

    def copy(self) -> State:
        return State(self.counts.copy(), self.ints.copy(), self.floats.copy())


def fresh_state(specs: Sequence[BarSpec]) -> State:
    """The state before the first trade."""
    plan_rows(specs)
    ints = np.zeros((len(specs), STATE_INTS), np.int64)
    ints[:, _CLOCK_START] = ints[:, _CLOCK_RANGES] = -1
    return State(np.zeros(4, np.int64), ints, np.zeros((len(specs), STATE_FLOATS)))


def cut_state(specs: Sequence[BarSpec], state: State) -> State:
    """The state after a hole in the tape: every kind but time bars begins anew with the next trade, levels and ATR too.

    Time bars go on: the period itself says where they begin and end.
    """
    after, fresh = state.copy(), fresh_state(specs)
    anew = [place for place, spec in enumerate(specs) if spec.kind is not Kind.TIME]
    after.ints[anew], after.floats[anew] = fresh.ints[anew], fresh.floats[anew]
    return after


def state_bytes(specs: Sequence[BarSpec], state: State) -> bytes:
    """The form's number, sixteen bytes that name the kinds, then every number as eight bytes, little end first."""
    numbers = state.counts.astype("<i8").tobytes() + state.ints.astype("<i8").tobytes()
    return _FORM + fingerprint(specs) + numbers + state.floats.astype("<f8").tobytes()


def state_from_bytes(specs: Sequence[BarSpec], raw: bytes) -> State:
    """The inverse of `state_bytes`, to the bit. Raises InputError `bad_state` when they are of other kinds of bars, of
    another form, or not whole."""
    head = _FORM + fingerprint(specs)
    counts, ints, floats = 4, len(specs) * STATE_INTS, len(specs) * STATE_FLOATS
    if len(raw) != len(head) + 8 * (counts + ints + floats) or not raw.startswith(head):
        raise InputError(
            "bad_state", "This is not the state of these kinds of bars.", "Build them from the tape again."
        )
    body = raw[len(head) :]
    whole: NDArray[np.int64] = np.frombuffer(body, "<i8", counts + ints).astype(np.int64)
    real = np.frombuffer(body, "<f8", floats, 8 * (counts + ints)).astype(np.float64)
    rows = len(specs)
    return State(
        whole[:counts].copy(), whole[counts:].reshape(rows, STATE_INTS).copy(), real.reshape(rows, STATE_FLOATS)
    )
