"""Bars in which nothing can happen to a bot, told from what the kernel looks at before it acts."""

from __future__ import annotations

from typing import NamedTuple

from karat.kernel.engine import Inputs
from karat.kernel.loop import moves_levels, watch
from karat.kernel.state import State


class Calm(NamedTuple):
    """What a bar must not bring, lest something happen: a bit of `mask` in its signal, a price beyond `down` or `up`,
    and, while a position is held, funding."""

    mask: int
    down: float
    up: float
    holds: bool

    def lasts_until(self, inputs: Inputs, first: int, stop: int) -> int:
        """The first of bars `first` to `stop - 1` in which something may happen; `stop` when there is none."""
        bars, within = inputs.bars, slice(first, stop)
        stirs = (inputs.signal.code[within] & self.mask) != 0
        stirs |= (bars.low[within] < self.down) | (bars.high[within] > self.up)
        if self.holds:
            stirs |= bars.funding_unit[within] != 0.0
        found = int(stirs.argmax())
        return first + found if stirs[found] else stop


def calm_of(inputs: Inputs, state: State) -> Calm | None:
    """What ends the calm of a bot in `state`; None where every bar may bring something: an order on its way, a limit
    alive, levels that move, a time exit, a fee for what is borrowed, targets."""
    rules, side = inputs.rules, state.holding.side
    if state.order.due >= 0 or state.limit.side or rules.targets:
        return None
    if side and (moves_levels(rules, inputs.features) or rules.time_exit or (side < 0 and rules.spot)):
        return None
    _, down, up, mask = watch(rules, inputs.features, state.holding, state.levels, state.trade)
    return Calm(mask, down, up, side != 0)
