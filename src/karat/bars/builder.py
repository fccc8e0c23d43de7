"""Batch and stream: two doors to the same compiled `advance`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from karat.bars.advance import BRICKS_MAX, FAULT, SPEC, advance, close_periods, write_forming
from karat.bars.rows import ROW_FLOATS, ROW_INTS, Bar, Bars, bar_of, columns_of
from karat.bars.specs import SPECS_MAX, BarSpec, plan_rows
from karat.bars.state import State, fresh_state
from karat.bars.trades import Trades
from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.time import iso

BLOCK_TRADES = 16_384  # a block and its marks stay in the processor's cache while each kind goes over it
_ROOM = 4_096  # rows of the table that completed bars wait in
_STREAM_ROOM = SPECS_MAX


class Completed(NamedTuple):
    """A bar that a trade has completed; `spec` is the place of its kind in the list."""

    spec: int
    bar: Bar


class _Found(NamedTuple):
    """Rows of completed bars, in the order in which the table filled."""

    ints: list[Ints]
    floats: list[Floats]


def build(specs: Sequence[BarSpec], state: State, trades: Trades) -> tuple[State, tuple[Bars, ...]]:
    """The bars that these trades complete, those of each kind in the order of `specs`, and the state after them.

    `state` is left as it was; begin with `fresh_state(specs)`. Wherever a tape is cut, the bars are the same to the
    bit. A trade stamped before one that came before it is late: it enters no bar and is counted in the state, as are
    rows that are no trades. Memory is that of the trades given and of the bars made. Raises InputError
    `brick_too_small` where one trade leaps over more than a million bricks, or ticks of an ATR brick.
    """
    plan = plan_rows(specs)
    after = state.copy()
    table = _table(_ROOM)
    found = _Found([], [])
    for start in range(0, len(trades), BLOCK_TRADES):
        _take(plan, after, trades[start : start + BLOCK_TRADES], table, found)
    return after, columns_of(found.ints, found.floats, len(specs))


def forming(specs: Sequence[BarSpec], state: State) -> tuple[Bar | None, ...]:
    """The bars that are not complete, as their trades stand; None where there is no trade yet.

    One of Renko has the prices traded, not those of a brick, for it may yet become either.
    """
    row_ints, row_floats = _table(len(specs))
    rows = write_forming(state.ints, state.floats, row_ints, row_floats)
    bars = {int(row_ints[row, 0]): bar_of(row_ints[row], row_floats[row]) for row in range(rows)}
    return tuple(bars.get(spec) for spec in range(len(specs)))


class Stream:
    """Bars while trades come in. It owns a state and changes it in place; nothing else differs from `build`."""

    def __init__(self, specs: Sequence[BarSpec], state: State | None = None) -> None:
        """Go on from `state`, or from nothing. Raises InputError `bad_parameter` for a list of kinds that cannot be."""
        self._specs = tuple(specs)
        self._plan = plan_rows(specs)
        self._state = fresh_state(specs) if state is None else state.copy()
        self._rows = _table(_STREAM_ROOM)
        one = np.zeros(1, np.int64), np.zeros(1), np.zeros(1), np.zeros(1, np.int8)
        self._ts, self._price, self._quantity, self._side = one
        columns = Trades(*one)  # read-only views of the same memory: one compiled signature serves both doors
        self._one = (columns.ts, columns.price, columns.quantity, columns.side, np.zeros(1, np.uint8))
        self._cursor = np.zeros(4, np.int64)
        self._bind()

    @property
    def state(self) -> State:
        """A copy of the state, for `state_bytes` or `build`."""
        return self._state.copy()

    @property
    def forming(self) -> tuple[Bar | None, ...]:
        """See the function of this name."""
        return forming(self._specs, self._state)

    def push(self, ts: int, price: float, quantity: float, side: int) -> Sequence[Completed]:
        """Take one trade; `side` of the taker is 1, -1 or 0. Returns the bars it completes, kinds in their order.

        Raises InputError as `build` does; the state is then what it was.
        """
        self._ts[0], self._price[0], self._quantity[0], self._side[0] = ts, price, quantity, side
        cursor = self._cursor
        cursor[:] = 0
        rows = self._step()
        if rows == 0 and cursor[FAULT] == 0:
            return ()
        return self._finish(rows)

    def extend(self, trades: Trades) -> tuple[Bars, ...]:
        """Take a few trades at once; like `build`."""
        self._state, bars = build(self._specs, self._state, trades)
        self._bind()
        return bars

    def close_until(self, now_ms: int) -> Sequence[Completed]:
        """Complete the time bars whose period has ended at `now_ms`, without waiting for the next trade.

        Trades stamped before that end are late from here on, for every kind: give them time to arrive first.
        """
        state, (row_ints, row_floats) = self._state, self._rows
        rows = close_periods(*self._plan, state.counts, state.ints, state.floats, now_ms, row_ints, row_floats)
        return _completed(rows, self._rows)

    def _bind(self) -> None:
        """Hold the arguments of a step, so that a push does not gather them."""
        state = self._state
        arguments = (*self._plan, state.counts, state.ints, state.floats, *self._one, self._cursor, *self._rows)
        self._step: Callable[[], int] = _bound(arguments)

    def _finish(self, rows: int) -> Sequence[Completed]:
        _refuse_fault(self._cursor, *self._one[:2])
        done = _completed(rows, self._rows)
        while self._cursor[SPEC] < len(self._specs):
            done += _completed(self._step(), self._rows)
        return done


def _bound(arguments: tuple[Any, ...]) -> Callable[[], int]:
    return lambda: advance(*arguments)


def _table(room: int) -> tuple[Ints, Floats]:
    return np.empty((room, len(ROW_INTS)), np.int64), np.empty((room, len(ROW_FLOATS)))


def _take(
    plan: tuple[Ints, Floats],
    state: State,
    block: Trades,
    table: tuple[Ints, Floats],
    found: _Found,
) -> None:
    """Bring `state` past a block and append the rows it completes."""
    keep, cursor = np.empty(len(block), np.uint8), np.zeros(4, np.int64)
    columns = (block.ts, block.price, block.quantity, block.side, keep)
    while cursor[SPEC] < len(plan[0]):
        rows = advance(*plan, state.counts, state.ints, state.floats, *columns, cursor, *table)
        _refuse_fault(cursor, block.ts, block.price)
        if rows > 0:
            found.ints.append(table[0][:rows].copy())
            found.floats.append(table[1][:rows].copy())


def _refuse_fault(cursor: Ints, ts: Ints, price: Floats) -> None:
    if cursor[FAULT] == 0:
        return
    at = int(cursor[FAULT]) - 1
    message = f"The trade at {iso(int(ts[at]))} for {price[at]:g} leaps over more than {BRICKS_MAX:,} bricks or ticks."
    raise InputError("brick_too_small", message, "Look at the price; if it is right, use larger bricks.")


def _completed(rows: int, table: tuple[Ints, Floats]) -> list[Completed]:
    ints, floats = table
    return [Completed(int(ints[row, 0]), bar_of(ints[row], floats[row])) for row in range(rows)]
