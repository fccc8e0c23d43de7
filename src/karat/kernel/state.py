"""The state of a simulation between two bars: records to bytes and back, bit for bit."""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple

from karat.core.compiled import inlined
from karat.kernel.records import NO_DAY, Blocks, Holding, Levels, Limit, Marks, Money, Order, Rules, Trade


class State(NamedTuple):
    """Everything that a later bar depends on. `bar` is the number of bars done."""

    bar: int
    holding: Holding
    levels: Levels
    trade: Trade
    money: Money
    order: Order
    limit: Limit
    marks: Marks
    blocks: Blocks


@inlined
def fresh_records(start: float) -> Any:
    """The records of a run before its first bar: flat, nothing on its way, equity at the start."""
    nan = math.nan
    return (
        Holding(0, 0, 0, 0.0, 1.0, nan, nan),
        Levels(0, 0, 0, 0, 0, 0),
        Trade(-1, -1, -1, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0),
        Money(0.0, 0.0, 0.0, 0.0, 0, 0),
        Order(-1, 0, -1, 0, 0, 0, 0, nan, nan, 1.0, 1.0, -1),
        Limit(0, 0, 0, 0, 0, nan, nan, 1.0, 1.0, -1, 0),
        Marks(start, start, start, 0.0, NO_DAY, start, 0, 0.0, 0.0),
        Blocks(NO_DAY, start, 0, 0, -1, 0, 0, 0.0),
    )


def fresh_state(rules: Rules) -> State:
    """Flat, nothing on its way, equity at the start."""
    return State(0, *fresh_records(float(rules.capital)))


_SHAPE = fresh_state(Rules(*([1.0] * len(Rules._fields))))  # type: ignore[arg-type]


def _packing() -> struct.Struct:
    kinds = "".join("q" if isinstance(value, int) else "d" for record in _SHAPE[1:] for value in record)
    return struct.Struct(f"=q{kinds}")


_PACKING = _packing()


def state_bytes(state: State) -> bytes:
    """Raw bytes: every number as 8 bytes in field order, integers as int64, the rest as float64."""
    bar, holding, levels, trade, money, order, limit, marks, blocks = state
    return _PACKING.pack(bar, *holding, *levels, *trade, *money, *order, *limit, *marks, *blocks)


def state_from_bytes(raw: bytes) -> State:
    """The inverse of `state_bytes`. Raises ValueError when the length is not that of a state."""
    if len(raw) != _PACKING.size:
        raise ValueError(f"a kernel state has {_PACKING.size} bytes, not {len(raw)}")
    numbers = iter(_PACKING.unpack(raw))
    bar = next(numbers)
    records: list[Any] = [type(kind)(*(next(numbers) for _ in kind)) for kind in _SHAPE[1:]]
    return State(bar, *records)
