"""The state of a simulation between two bars: records to bytes and back, bit for bit."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from karat.core.compiled import inlined
from karat.kernel.records import Blocks, Holding, Levels, Limit, Marks, Money, Order, Rules, Trade


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
    nan, no_day = math.nan, -(2**62)
    return (
        Holding(0, 0, 0, 0.0, 1.0, nan, nan),
        Levels(0, 0, 0, 0, 0, 0),
        Trade(-1, -1, -1, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0),
        Money(0.0, 0.0, 0.0, 0.0, 0, 0),
        Order(-1, 0, -1, 0, 0, 0, 0, nan, nan, 1.0, 1.0, -1),
        Limit(0, 0, 0, 0, 0, nan, nan, 1.0, 1.0, -1, 0),
        Marks(start, start, start, 0.0, no_day, start, 0, 0.0, 0.0),
        Blocks(no_day, start, 0, 0, -1, 0, 0, 0.0),
    )


def fresh_state(rules: Rules) -> State:
    """Flat, nothing on its way, equity at the start."""
    return State(0, *fresh_records(float(rules.capital)))


_SHAPE = fresh_state(Rules(*([1.0] * len(Rules._fields))))  # type: ignore[arg-type]


def state_bytes(state: State) -> bytes:
    """Raw bytes: every number as 8 bytes in field order, integers as int64, the rest as float64."""
    out = [np.int64(state.bar).tobytes()]
    for kind, record in zip(_SHAPE[1:], state[1:], strict=True):
        for model, value in zip(kind, record, strict=True):
            out.append(np.int64(value).tobytes() if isinstance(model, int) else np.float64(value).tobytes())
    return b"".join(out)


def state_from_bytes(raw: bytes) -> State:
    """The inverse of `state_bytes`. Raises ValueError when the length is not that of a state."""
    size = 8 * (1 + sum(len(record) for record in _SHAPE[1:]))
    if len(raw) != size:
        raise ValueError(f"a kernel state has {size} bytes, not {len(raw)}")
    position = 8
    records: list[Any] = [int(np.frombuffer(raw[:8], np.int64)[0])]
    for kind in _SHAPE[1:]:
        values: list[Any] = []
        for model in kind:
            cell = raw[position : position + 8]
            dtype = np.int64 if isinstance(model, int) else np.float64
            values.append(np.frombuffer(cell, dtype)[0].item())
            position += 8
        records.append(type(kind)(*values))
    return State(*records)
