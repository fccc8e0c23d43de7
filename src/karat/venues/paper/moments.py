"""What a bar shows to the paper venue, and whether it has to look at the bar at all."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from karat.kernel.engine import Inputs
from karat.kernel.loop import NEVER_DOWN, NEVER_UP, opening
from karat.kernel.views import Opening
from karat.ports.venue import Said, Timing
from karat.venues.paper.accounts import Resting, SubAccount

AT_ONCE = Timing(from_bar=0)


class Voice(Protocol):
    """Where matching says what happened, and into how many fills an order is cut."""

    def say(self, said: Said) -> None: ...
    def slices(self, order: Resting, lots: int) -> list[int]: ...


def first_bar(order: Resting) -> int:
    """The first bar in which an order acts."""
    return (order.submit.timing or AT_ONCE).from_bar


def never_due(account: SubAccount, bar: int) -> bool:
    """Whether nothing of steps 1 to 8 can happen in `bar`: what `walk` asks before anything else."""
    if account.dirty:
        account.watched, account.dirty = _watched(account), False
    down, up, due = account.watched
    if bar >= due:
        return False
    if account.holding.side == 0:
        return True
    inputs = account.inputs
    assert inputs is not None, "inputs are learnt before a bar is walked"
    bars = inputs.bars
    if bars.low[bar] < down or bars.high[bar] > up or bars.funding_unit[bar] != 0.0:
        return False
    return not (account.holding.side < 0 and inputs.rules.spot != 0)


def _watched(account: SubAccount) -> tuple[float, float, int]:
    """(down, up, the first bar in which an order acts that waits for its bar); as `kernel.loop.watch` has them."""
    inputs, holding = account.inputs, account.holding
    assert inputs is not None, "inputs are learnt before a bar is walked"
    rules, side = inputs.rules, holding.side
    near, down, up, due = 1e-6 * rules.tick, NEVER_DOWN, NEVER_UP, 2**62
    losing, winning = (NEVER_DOWN, NEVER_UP) if side > 0 else (NEVER_UP, NEVER_DOWN)
    if side != 0 and inputs.features.margin is not None and holding.liquidation == holding.liquidation:
        losing = holding.liquidation + side * near
    for order in account.orders.values():
        submit = order.submit
        if order.is_market or not submit.reduce_only:
            due = min(due, first_bar(order))
        elif submit.side == -side and submit.trigger_ticks is not None:
            level = submit.trigger_ticks * rules.tick + side * near
            losing = max(losing, level) if side > 0 else min(losing, level)
        elif submit.side == -side and submit.limit_ticks is not None:
            level = (submit.limit_ticks + side * rules.strict_limit) * rules.tick - side * near
            winning = min(winning, level) if side > 0 else max(winning, level)
    if side != 0:
        down, up = (losing, winning) if side > 0 else (winning, losing)
    return down, up, due


def opening_of(inputs: Inputs, bar: int) -> Opening:
    """What steps 1 to 8 read of a bar, in plain numbers."""
    return Opening(*(_plain(value) for value in opening(inputs.features, inputs.bars, bar)))


def after_close(inputs: Inputs, bar: int, ts: int) -> Opening:
    """The moment after the close of `bar`: its close is the price, its volume and range make the slippage."""
    bars, close = inputs.bars, float(inputs.bars.close[bar])
    figures = close, float(bars.atr_filled[bar]), float(bars.quantity_volume[bar])
    return Opening(bar, ts, close, close, close, 0.0, bars.timeframe_ms, *figures)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
