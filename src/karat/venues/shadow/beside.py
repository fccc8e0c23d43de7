"""Bots on paper and bots in shadow beside each other, at one desk: each order goes to the venue of its bot."""

from __future__ import annotations

from collections.abc import Collection

from karat.kernel.engine import Inputs
from karat.oms.client_ids import order_key
from karat.ports.venue import FetchFills, Look, Request, SimulatedVenue, Sink, Standing, Traits


class BesideVenue:
    """Satisfies `karat.ports.venue.SimulatedVenue`. `shadows` are the numbers of the bots in shadow."""

    def __init__(self, paper: SimulatedVenue, shadow: SimulatedVenue, shadows: Collection[int]) -> None:
        assert paper.traits.simulates and shadow.traits.simulates, "neither of the two trades"
        self._paper, self._shadow, self._shadows = paper, shadow, frozenset(shadows)

    @property
    def traits(self) -> Traits:
        return self._paper.traits

    def listen(self, sink: Sink) -> None:
        self._paper.listen(sink)
        self._shadow.listen(sink)

    def post(self, request: Request) -> None:
        """A look, and fills of no order, are asked of both."""
        if isinstance(request, Look) or (isinstance(request, FetchFills) and request.order is None):
            self._paper.post(request)
            self._shadow.post(request)
            return
        name = request.order if isinstance(request, FetchFills) else request.id
        key = None if name is None else order_key(name)
        self._of(-1 if key is None else key.bot).post(request)

    def enrol(self, bot: int, standing: Standing) -> None:
        self._of(bot).enrol(bot, standing)

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        self._of(bot).walk(bot, inputs, bar)

    def _of(self, bot: int) -> SimulatedVenue:
        return self._shadow if bot in self._shadows else self._paper
