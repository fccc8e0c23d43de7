"""What lies between the desk and the paper venue: a line that is perfect, unless a script says otherwise.

Without a script everything is said at once, inside `post`. What is delayed waits here until `wake` is called with the
time; `schedule`, where one is given, is told when that has to be.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from karat.core.errors import InputError
from karat.oms.records import EventKind
from karat.ports.venue import Linked, OrderSaid, Request, Said, Sink, Submit
from karat.venues.paper.accounts import Resting
from karat.venues.paper.script import Script, cut

Now = Callable[[], int]
Schedule = Callable[[int], None]
PARTS = ("orders", "events")


class Wire:
    """The line of one venue."""

    def __init__(self, script: Script, now_ms: Now | None, schedule: Schedule | None) -> None:
        if script.needs_clock and now_ms is None:
            raise InputError("script_needs_clock", "A script with times needs a clock.", "Give the venue now_ms.")
        self._script, self._now, self._schedule = script, now_ms, schedule
        self._perfect = script == Script()
        self._sink: Sink | None = None
        self._numbers: dict[str, int] = {}
        self._submitted = 0
        self._down = False
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def listen(self, sink: Sink) -> None:
        self._sink = sink

    def now_ms(self) -> int | None:
        return None if self._now is None else self._now()

    def carry(self, request: Request, arrive: Callable[[Request], None]) -> None:
        """Bring a request to the venue, later, or not at all."""
        if self._perfect:
            arrive(request)
            return
        number = self._numbered(request) if isinstance(request, Submit) else 0
        if number in self._script.downs_ms and not self._down:
            self._go_down(self._script.downs_ms[number])
        if self._down or (number > 0 and number in self._script.lose_request):
            return
        self._later(self._script.latency_ms, lambda: arrive(request))

    def refusal(self, submit: Submit) -> str:
        """Why the script lets the venue refuse it; "" where it does not."""
        return self._script.rejects.get(self._numbers.get(submit.id, 0), "")

    def say(self, said: Said) -> None:
        """Bring a word to the desk, later, twice, or not at all."""
        if self._perfect:
            self._tell(said)
            return
        number = self._numbers.get(str(said.event.order), 0) if isinstance(said, OrderSaid) else 0
        if self._down:
            return
        if isinstance(said, OrderSaid) and number > 0:
            kind = said.event.kind
            if kind == EventKind.ACK and number in self._script.lose_ack:
                return
            if kind == EventKind.FILL and number in self._script.lose_fill:
                return
        for _ in range(2 if number > 0 and number in self._script.twice else 1):
            self._later(self._script.delay_ms, lambda: self._tell(said))

    def answer(self, said: Said) -> None:
        """A word that was asked for: it is not lost but with the connection."""
        if not self._down:
            self._later(self._script.delay_ms, lambda: self._tell(said))

    def slices(self, order: Resting, lots: int) -> list[int]:
        """Into how many fills an order is cut."""
        shares = self._script.slices.get(self._numbers.get(order.submit.id, 0))
        return [lots] if shares is None else cut(lots, shares)

    def wake(self) -> int | None:
        """Do everything that is due; the time of what waits next, None where nothing does."""
        while self._waiting and self._now is not None and self._waiting[0][0] <= self._now():
            heapq.heappop(self._waiting)[2]()
        return self._waiting[0][0] if self._waiting else None

    def _numbered(self, submit: Submit) -> int:
        if submit.id not in self._numbers:
            self._submitted += 1
            self._numbers[submit.id] = self._submitted
            return self._submitted
        return 0  # sent again: this time nothing happens to it on its way

    def _tell(self, said: Said) -> None:
        if self._sink is not None and not (self._down and not isinstance(said, Linked)):
            self._sink(said)

    def _go_down(self, lasts_ms: int) -> None:
        for part in PARTS:
            self._tell(Linked(up=False, part=part, reason="the script took the connection"))
        self._down = True
        self._later(lasts_ms, self._come_up)

    def _come_up(self) -> None:
        self._down = False
        for part in PARTS:
            self._tell(Linked(up=True, part=part))

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        if delay_ms == 0 or self._now is None:
            action()
            return
        due = self._now() + delay_ms
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, action))
        if self._schedule is not None:
            self._schedule(due)
