"""Orders that are only recorded. The shadow venue holds no connection, no key and no address: it cannot send anything.

So that decisions go on, it answers as the paper venue would, and marks all it says: every reason ends in "(shadow)",
and every order is called shadow-ID. The journal keeps what would have been sent, order by order.
"""

from __future__ import annotations

from dataclasses import replace

from karat.kernel.engine import Inputs
from karat.oms.records import Event
from karat.ports.venue import (
    SHADOW_MARK,
    Linked,
    Looked,
    OrderSaid,
    Request,
    Said,
    SimulatedVenue,
    Sink,
    Standing,
    Traits,
)

NAME = "shadow"


class ShadowVenue:
    """Satisfies `karat.ports.venue.SimulatedVenue`. `paper` fills; it must be a venue that simulates."""

    def __init__(self, paper: SimulatedVenue) -> None:
        assert paper.traits.simulates, "a shadow never stands before a venue that trades"
        self._paper = paper
        self._mark = f"{paper.traits.name}-"

    @property
    def traits(self) -> Traits:
        return replace(self._paper.traits, name=NAME)

    def listen(self, sink: Sink) -> None:
        self._paper.listen(lambda said: sink(self._marked(said)))

    def post(self, request: Request) -> None:
        """Take an order down: nothing is sent."""
        self._paper.post(request)

    def enrol(self, bot: int, standing: Standing) -> None:
        self._paper.enrol(bot, standing)

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        self._paper.walk(bot, inputs, bar)

    def _marked(self, said: Said) -> Said:
        if isinstance(said, OrderSaid):
            return replace(said, event=self._renamed(said.event), reason=f"{said.reason}{SHADOW_MARK}".strip())
        if isinstance(said, Looked):
            orders = tuple(replace(one, venue_id=self._shown(one.venue_id)) for one in said.view.orders)
            return Looked(replace(said.view, orders=orders))
        if isinstance(said, Linked):
            return replace(said, reason=f"{said.reason}{SHADOW_MARK}".strip())
        return said

    def _renamed(self, event: Event) -> Event:
        return event if event.venue_id is None else replace(event, venue_id=self._shown(event.venue_id))

    def _shown(self, venue_id: str) -> str:
        """The name of an order here; one that has it already keeps it."""
        return f"{NAME}-{venue_id.removeprefix(self._mark)}" if venue_id.startswith(self._mark) else venue_id
