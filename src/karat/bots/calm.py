"""Bars in which nothing can happen to a bot, told from what the kernel looks at before it acts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from karat.core.model.candles import Bools
from karat.core.model.reasons import Refusal
from karat.kernel.engine import Inputs, Recorder, advance
from karat.kernel.loop import moves_levels, watch
from karat.kernel.records import Signal
from karat.kernel.state import State

LOOK_BARS = 256  # how far ahead is looked first for what may happen, and how many targets are tried out at most


class Calm(NamedTuple):
    """What a bar must not bring, lest something happen: a bit of `mask` in its signal, a price beyond `down` or `up`,
    and, while a position is held, funding. Where the strategy gives `targets`: instead of a bit one that is said; while
    nothing is held, 0 asks for nothing."""

    mask: int
    down: float
    up: float
    holds: bool
    targets: bool

    def lasts_until(self, inputs: Inputs, first: int, stop: int) -> int:
        """The first of bars `first` to `stop - 1` in which something may happen; `stop` when there is none."""
        within = slice(first, stop)
        stirs = self._moved(inputs, within) | self._asked(inputs.signal, within)
        found = int(stirs.argmax())
        return first + found if stirs[found] else stop

    def only_asks(self, inputs: Inputs, bar: int) -> bool:
        """Whether a target for what is held is all that a bar brings: the kernel alone can say what follows from it."""
        return self.targets and self.holds and not self._moved(inputs, slice(bar, bar + 1))[0]

    def _moved(self, inputs: Inputs, within: slice) -> Bools:
        bars = inputs.bars
        moved = (bars.low[within] < self.down) | (bars.high[within] > self.up)
        return moved | (bars.funding_unit[within] != 0.0) if self.holds else moved

    def _asked(self, signal: Signal, within: slice) -> Bools:
        if not self.targets:
            return (signal.code[within] & self.mask) != 0
        return ~np.isnan(signal.target[within]) if self.holds else wants(signal, within)


def wants(signal: Signal, within: slice) -> Bools:
    """Which bars have a target that wants a position. NaN says nothing, 0 wants none."""
    target = signal.target[within]
    return ~np.isnan(target) & (target != 0.0)


def calm_of(inputs: Inputs, state: State) -> Calm | None:
    """What ends the calm of a bot in `state`; None where every bar may bring something: an order on its way, a limit
    alive, levels that move, a time exit, a fee for what is borrowed. Targets know no limits and no time exits."""
    rules, side = inputs.rules, state.holding.side
    targets = rules.targets != 0
    if state.order.due >= 0 or state.limit.side:
        return None
    timed = rules.time_exit and not targets
    if side and (moves_levels(rules, inputs.features) or timed or (side < 0 and rules.spot)):
        return None
    _, down, up, mask = watch(rules, inputs.features, state.holding, state.levels, state.trade)
    return Calm(mask, down, up, side != 0, targets)


def calm_until(inputs: Inputs, state: State, stop: int, room: Recorder) -> int:
    """The first bar from `state.bar` on, and before `stop`, in which something may happen to a bot; `stop` when there
    is none. `room` holds `stop` bars and an empty record."""
    calm = calm_of(inputs, state)
    if calm is None:
        return state.bar
    first, width, tries = state.bar, LOOK_BARS, LOOK_BARS
    while first < stop:
        end = min(first + width, stop)
        found = calm.lasts_until(inputs, first, end)
        if found == end:
            first, width = end, 4 * width
            continue
        if not tries or not calm.only_asks(inputs, found):
            return found
        state = advance(inputs, state, found + 1, room)
        if _happened(state, found, room):
            return found
        first, tries = found + 1, tries - 1
    return stop


def _happened(after: State, bar: int, room: Recorder) -> bool:
    """Whether a run up to `bar` left anything but marks; what it recorded is forgotten."""
    refused = room.log.refusals[bar] != Refusal.NONE
    room.log.refusals[bar] = Refusal.NONE
    return bool(room.log.counts[0]) or bool(refused) or after.order.due >= 0
