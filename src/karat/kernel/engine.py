"""Run a policy over a market: in one call, or bar by bar from a saved state. Both call the same compiled loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Floats
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy, SizeMode
from karat.core.model.signals import Signals
from karat.kernel.columns import policy_row, rules_of
from karat.kernel.features import EVERY_FEATURE
from karat.kernel.loop import WHOLE_BAR, simulate
from karat.kernel.prepare import Extras, prepare_bars, prepare_detail, prepare_spans
from karat.kernel.records import (
    FILL_FLOATS,
    FILL_INTS,
    Bars,
    Detail,
    Features,
    Log,
    Rules,
    Signal,
    Spans,
)
from karat.kernel.signals import pack_signal, read_only
from karat.kernel.state import State, fresh_state

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a run reads, prepared once."""

    rules: Rules
    features: Features
    bars: Bars
    spans: Spans
    detail: Detail | None
    signal: Signal


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What happened. `fills` holds columns by name (`records.FILL_INTS`, `FILL_FLOATS`); the rest is per bar."""

    fills: dict[str, NDArray[np.int64] | Floats]
    equity: Floats
    refusals: NDArray[np.int8]
    position: NDArray[np.int64]
    state: State


@dataclass(slots=True, eq=False)
class Recorder:
    """Room for a record while a run is under way; it grows."""

    log: Log
    equity: Floats
    position: NDArray[np.int64]

    def grow(self) -> None:
        """Twice the room for fills."""
        log = self.log
        self.log = Log(log.counts, _doubled(log.ints), _doubled(log.floats), log.refusals)


def _doubled(rows: NDArray[T]) -> NDArray[T]:
    return np.concatenate([rows, np.zeros_like(rows)])


def recorder(bars: int, capacity: int = 0) -> Recorder:
    """Room for `bars` bars and, to begin with, `capacity` fills; by default one in 32 bars."""
    capacity = capacity or max(512, bars // 32)
    log = Log(
        np.zeros(2, np.int64),
        np.zeros((capacity, len(FILL_INTS)), np.int64),
        np.zeros((capacity, len(FILL_FLOATS))),
        np.zeros(bars, np.int8),
    )
    return Recorder(log, np.zeros(bars), np.zeros(bars, np.int64))


def prepare(
    candles: Candles,
    signals: Signals,
    policy: Policy,
    instrument: Instrument,
    extras: Extras | None = None,
    *,
    features: Features | None = None,
) -> Inputs:
    """Prepare a run; without `features` the kernel that can do everything, recording.

    Raises InputError when the policy and the signals contradict each other.
    """
    extras = extras or Extras()
    if len(signals) != len(candles):
        raise InputError("signal_length", "Signals and candles differ in length.", "Return one signal per bar.")
    if policy.size_mode == SizeMode.RISK and policy.stop_mode == 0 and signals.stop is None:
        raise InputError(
            "contradictory_policy",
            "size_mode=risk needs a stop, and neither the policy nor the strategy gives one.",
            "Set stop_mode and stop_value, or another size_mode.",
        )
    features = features or EVERY_FEATURE
    bars = prepare_bars(candles, policy, instrument, extras)
    spans = prepare_spans(bars, features.sparse is not None)
    detail = prepare_detail(candles, extras.detail)
    return Inputs(
        rules_of(policy_row(policy, instrument, targets=signals.target is not None)),
        features,
        read_only(bars),
        read_only(spans),
        None if detail is None else read_only(detail),
        pack_signal(signals, spans),
    )


def advance(inputs: Inputs, state: State, end: int, room: Recorder | None, phase: int = WHOLE_BAR) -> State:
    """Run bars `state.bar` to `end - 1`. In a phase of a bar `state.bar` counts that phase."""
    while True:
        out = simulate(
            inputs.rules, inputs.features, inputs.bars, inputs.spans, inputs.detail, inputs.signal,
            room.log if room else None, room.equity if room else _NO_FLOATS, room.position if room else _NO_INTS,
            _NO_FLOATS, state.bar, end, phase, state.holding, state.levels, state.trade, state.money, state.order,
            state.limit, state.marks, state.blocks,
        )  # fmt: skip
        state = State(*out)
        if state.bar >= end:
            return state
        assert room is not None, "only a full record stops a run early"
        room.grow()


_NO_FLOATS = np.zeros(1)
_NO_INTS = np.zeros(1, np.int64)


def run(inputs: Inputs) -> Record:
    """The whole market in one call, with everything recorded."""
    bars = len(inputs.bars.ts)
    room = recorder(bars)
    return record_of(advance(inputs, fresh_state(inputs.rules), bars, room), room)


def record_of(state: State, room: Recorder) -> Record:
    """What was recorded."""
    rows = int(room.log.counts[0])
    columns: dict[str, NDArray[np.int64] | Floats] = {}
    columns.update({name: room.log.ints[:rows, k].copy() for k, name in enumerate(FILL_INTS)})
    columns.update({name: room.log.floats[:rows, k].copy() for k, name in enumerate(FILL_FLOATS)})
    return Record(columns, room.equity, room.log.refusals, room.position, state)
