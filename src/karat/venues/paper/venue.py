"""The venue that only pretends: it fills with the functions a backtest fills with, so that it cannot be kinder."""

from __future__ import annotations

from karat.kernel.engine import Inputs, Recorder, advance
from karat.kernel.loop import VENUE_ONLY
from karat.kernel.state import State


class PaperVenue:
    """Satisfies `karat.ports.venue.Venue`; keeps nothing, the state has it all."""

    __slots__ = ()

    def trade(self, inputs: Inputs, state: State, room: Recorder) -> State:
        bar = state.bar
        if state.holding.side == 0 and state.order.due != bar and state.limit.side == 0:
            return state  # no position, no order due, no limit: steps 1 to 8 have nothing to act on
        return advance(inputs, state, bar + 1, room, VENUE_ONLY)._replace(bar=bar)
