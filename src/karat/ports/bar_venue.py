"""A venue that fills whole bars: where what rests and what is on its way meets the market."""

from __future__ import annotations

from typing import Protocol

from karat.kernel.engine import Inputs, Recorder
from karat.kernel.state import State


class BarVenue(Protocol):
    """Steps 1 to 8 of a bar (simulation.md): everything that happens to a bot between two of its decisions.

    `simulates`: it does what the kernel does and nothing else, so a bar in which nothing happens needs no asking.
    """

    @property
    def simulates(self) -> bool: ...

    def trade(self, inputs: Inputs, state: State, room: Recorder) -> State:
        """What the venue did with resting levels and orders due in bar `state.bar`; fills are written to `room`.

        `inputs` reach up to that bar. The returned state is ready for the close of the same bar.
        """
        ...
