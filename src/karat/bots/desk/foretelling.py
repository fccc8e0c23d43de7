"""What a member shows of a decision before anything follows from it, to whatever binds it to another bot."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from karat.core.model.reasons import Refusal
from karat.kernel.engine import Inputs, Recorder, advance
from karat.kernel.loop import CLOSE_ONLY
from karat.kernel.state import State


class Foretold(NamedTuple):
    """A decision at the `close` of the bar that opened at `ts`: `met` before it, `decided` after, by the kernel alone.
    `target` NaN: no change. `latency` in bars from it to its order."""

    bar: int
    ts: int
    close: float
    met: State
    decided: State
    refusal: Refusal
    target: float
    confidence: float
    latency: int

    @property
    def wants(self) -> bool:
        """Whether its target wants a position."""
        return not math.isnan(self.target) and self.target != 0.0


class Binding(Protocol):
    """What binds the decisions of a bot to those of another."""

    def decided(self, shown: Foretold) -> tuple[State, str]:
        """The decision, changed where the other bot wants it, and why in words; "" where it is the bot's own."""
        ...

    def calm_until(self, first: int, stop: int) -> int:
        """The first of the bot's bars `first` to `stop - 1`, calm for itself, in which the other may have to do with
        it as both are now; `stop` when there is none. Of bots that know their signals."""
        ...


def shown(inputs: Inputs, met: State, decided: State, bar: int, refusal: Refusal) -> Foretold:
    """A decision of a strategy that gives targets."""
    bars, signal = inputs.bars, inputs.signal
    return Foretold(
        bar, int(bars.ts[bar]), float(bars.close[bar]), met, decided, refusal, float(signal.target[bar]),
        float(signal.confidence[bar]), inputs.rules.latency,
    )  # fmt: skip


def decided_at(inputs: Inputs, met: State, bar: int, room: Recorder) -> tuple[State, Refusal]:
    """What the kernel decides at the close of `bar` in state `met`, and why there is no entry."""
    decided = advance(inputs, met, bar + 1, room, CLOSE_ONLY)
    refusal = Refusal(int(room.log.refusals[bar]))
    room.log.refusals[bar] = Refusal.NONE
    return decided, refusal


def foretell(inputs: Inputs, met: State, bar: int, room: Recorder) -> Foretold:
    """What will be decided at `bar` in state `met`."""
    decided, refusal = decided_at(inputs, met, bar, room)
    return shown(inputs, met, decided, bar, refusal)
