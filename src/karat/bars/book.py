"""Order-flow imbalance at the top of the order book, per period.

Each quote is compared with the one before it. What a buyer added at the best bid, or a seller took back at the best
ask, counts up; the reverse counts down:

    e = [bid >= before] * bid_quantity - [bid <= before] * bid_quantity_before
      - [ask <= before] * ask_quantity + [ask >= before] * ask_quantity_before

A period's flow is the sum of its e, in base units. Source: Cont, Kukanov and Stoikov, The Price Impact of Order Book
Events, Journal of Financial Econometrics 12 (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.bars.trades import LAST_MS, LEAST, MOST, column
from karat.core.compiled import compiled, inlined
from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.time import grid_origin_ms, timeframe_ms

_SEEN, _LAST, _START, _UPDATES, _LATE, _UNUSABLE, _LENGTH = range(7)
_BID, _BID_QUANTITY, _ASK, _ASK_QUANTITY, _FLOW = range(5)
_INTS, _FLOATS = 7, 5
_ROOM = 4_096  # rows of the table that completed periods wait in
_FORM = b"KFLOW\x01"


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """Best bid and ask in the order in which the venue sent them; columns of one length.

    `ts` int64 UTC milliseconds, prices and quantities float64, the latter in base units. A row that is no quote (NaN, a
    bid that is 0 or not below the ask, a negative quantity) is counted as unusable. Raises InputError `bad_input` when
    columns differ in length or dimension, or times are no whole numbers.
    """

    ts: Ints
    bid: Floats
    bid_quantity: Floats
    ask: Floats
    ask_quantity: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "ts", column("ts", self.ts, np.int64))
        for name in ("bid", "bid_quantity", "ask", "ask_quantity"):
            object.__setattr__(self, name, column(name, getattr(self, name), np.float64))
            if len(getattr(self, name)) != len(self.ts):
                raise InputError("bad_input", "The columns of quotes must be of one length.")

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True, eq=False)
class BookState:
    """The last quote and the period that is forming. A call makes a new one."""

    ints: Ints
    floats: Floats

    @property
    def late(self) -> int:
        """Quotes stamped before one that came before them: refused."""
        return int(self.ints[_LATE])

    @property
    def unusable(self) -> int:
        """Rows that are no quotes."""
        return int(self.ints[_UNUSABLE])

    def to_bytes(self) -> bytes:
        """Every number as eight bytes, little end first, after the form's number."""
        return _FORM + self.ints.astype("<i8").tobytes() + self.floats.astype("<f8").tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class BookFlow:
    """Completed periods as columns, oldest first: `ts_open` begin of the period, `ts_close` its last quote, `updates`
    quotes in it, `flow` in base units. A period without quotes has no row. Nothing is ever NaN."""

    ts_open: Ints
    ts_close: Ints
    updates: Ints
    flow: Floats


def fresh_book() -> BookState:
    """The state before the first quote."""
    return BookState(np.zeros(_INTS, np.int64), np.zeros(_FLOATS))


def book_from_bytes(raw: bytes) -> BookState:
    """The inverse of `BookState.to_bytes`. Raises InputError `bad_state` for anything else."""
    body = raw.removeprefix(_FORM)
    if len(body) != 8 * (_INTS + _FLOATS) or len(raw) != len(body) + len(_FORM):
        raise InputError(
            "bad_state", "This is not the state of an order book's flow.", "Build it from the quotes again."
        )
    ints = np.frombuffer(body, "<i8", _INTS).astype(np.int64)
    return BookState(ints, np.frombuffer(body, "<f8", _FLOATS, 8 * _INTS).astype(np.float64))


def book_flow(timeframe: str, state: BookState, quotes: Quotes) -> tuple[BookState, BookFlow]:
    """The periods of `timeframe` that these quotes complete, and the state after them; `state` is left as it was.

    Wherever the quotes are cut, the result is the same to the bit. The first quote of all has none before it and adds
    nothing. A quote that is late or none at all is counted and else ignored. Raises InputError `bad_timeframe`, and
    `bad_state` for a state that has begun with another timeframe.
    """
    length = timeframe_ms(timeframe)
    if state.ints[_LENGTH] not in (0, length):
        raise InputError("bad_state", "This state has begun with another timeframe.", "Begin with a fresh one.")
    after = BookState(state.ints.copy(), state.floats.copy())
    after.ints[_LENGTH] = length
    columns = (quotes.ts, quotes.bid, quotes.bid_quantity, quotes.ask, quotes.ask_quantity)
    ints, flow = np.empty((_ROOM, 3), np.int64), np.empty(_ROOM)
    whole: list[Ints] = [ints[:0]]
    real: list[Floats] = [flow[:0]]
    at = 0
    while at < len(quotes):
        rows, at = advance_book(length, grid_origin_ms(length), after.ints, after.floats, *columns, at, ints, flow)
        whole.append(ints[:rows].copy())
        real.append(flow[:rows].copy())
    table = np.concatenate(whole)
    return after, BookFlow(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), np.concatenate(real))


@inlined
def _change(floats: Any, bid: float, bid_quantity: float, ask: float, ask_quantity: float) -> float:
    """What a quote adds to the flow after the one in `floats`."""
    change = 0.0
    if bid >= floats[_BID]:
        change += bid_quantity
    if bid <= floats[_BID]:
        change -= floats[_BID_QUANTITY]
    if ask <= floats[_ASK]:
        change -= ask_quantity
    if ask >= floats[_ASK]:
        change += floats[_ASK_QUANTITY]
    return change


@inlined
def _is_quote(ts: int, bid: float, bid_quantity: float, ask: float, ask_quantity: float) -> bool:
    prices = LEAST <= bid < ask <= MOST
    return prices and 0.0 <= bid_quantity <= MOST and 0.0 <= ask_quantity <= MOST and 0 <= ts <= LAST_MS


@compiled
def advance_book(
    length_ms: int,
    origin_ms: int,
    ints: Any,
    floats: Any,
    ts: Any,
    bid: Any,
    bid_quantity: Any,
    ask: Any,
    ask_quantity: Any,
    begin: int,
    row_ints: Any,
    row_flow: Any,
) -> Any:
    """Take quotes from `begin` on, until they end or the table is full. Returns the rows written and where to go on."""
    row = 0
    i = begin
    while i < len(ts) and row < len(row_flow):
        now, b, bq, a, aq = ts[i], bid[i], bid_quantity[i], ask[i], ask_quantity[i]
        i += 1
        if not _is_quote(now, b, bq, a, aq):
            ints[_UNUSABLE] += 1
            continue
        if now < ints[_LAST]:
            ints[_LATE] += 1
            continue
        if ints[_UPDATES] > 0 and now >= ints[_START] + length_ms:
            row_ints[row, 0], row_ints[row, 1], row_ints[row, 2] = ints[_START], ints[_LAST], ints[_UPDATES]
            row_flow[row] = floats[_FLOW]
            row += 1
            ints[_UPDATES] = 0
            floats[_FLOW] = 0.0
        if ints[_UPDATES] == 0:
            ints[_START] = now - (now - origin_ms) % length_ms
        if ints[_SEEN] != 0:
            floats[_FLOW] += _change(floats, b, bq, a, aq)
        ints[_SEEN], ints[_LAST] = 1, now
        ints[_UPDATES] += 1
        floats[_BID], floats[_BID_QUANTITY], floats[_ASK], floats[_ASK_QUANTITY] = b, bq, a, aq
    return row, i
