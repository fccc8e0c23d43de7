"""The venue that only pretends: it fills with the functions a backtest fills with, so that it cannot be kinder."""

from __future__ import annotations

from karat.kernel.engine import Inputs, Recorder, advance
from karat.kernel.loop import VENUE_ONLY, watch
from karat.kernel.state import State


class PaperVenue:
    """Satisfies `karat.ports.bar_venue.BarVenue`; keeps nothing, the state has it all."""

    __slots__ = ()
    simulates = True

    def trade(self, inputs: Inputs, state: State, room: Recorder) -> State:
        bar = state.bar
        if state.order.due != bar and state.limit.side == 0 and not _touched(inputs, state):
            return (
                state  # no order due, no limit, no position that anything happens to: steps 1 to 8 have nothing to do
            )
        return advance(inputs, state, bar + 1, room, VENUE_ONLY)._replace(bar=bar)


def _touched(inputs: Inputs, state: State) -> bool:
    """Whether this bar reaches a level of the position or costs it something: what the kernel looks at before it acts.
    Asking here is worth it, because handing the kernel its records takes longer than a quiet bar."""
    if state.holding.side == 0:
        return False
    rules, bars, bar = inputs.rules, inputs.bars, state.bar
    _, down, up, _ = watch(rules, inputs.features, state.holding, state.levels, state.trade)
    pays = bars.funding_unit[bar] != 0.0 or (state.holding.side < 0 and rules.spot != 0)
    return bool(pays or bars.low[bar] < down or bars.high[bar] > up)
