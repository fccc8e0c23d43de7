"""The wires between process and exchange, with the faults that wires have, and the end of them in the process.

A request takes a while to arrive, an answer a while to come back, stream words keep their order. What was under way
when a process died still arrives at the exchange; what comes back for a dead process is heard by nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Received
from tests.chaos.storm.faults import VARIANTS, Kind, Running
from tests.chaos.storm.gatekeeper import WEIGHTS, Gatekeeper
from tests.chaos.storm.life import Life
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.spoiled import BAD_QUOTES, nameless, refusal
from tests.chaos.storm.tape import Arrived, Heard, Posted, Tape
from tests.chaos.storm.world import World

from karat.bots.desk.timings import Timings
from karat.core.ids import MarketId
from karat.oms.records import Event, EventKind
from karat.ports.venue import (
    CancelOrder,
    Charged,
    FetchFills,
    Linked,
    Look,
    Looked,
    LookUp,
    OrderSaid,
    Quoted,
    Request,
    Said,
    Seized,
    Sink,
    Submit,
    Traits,
)

PARTS = ("orders", "events", "quotes")
CHARGES_AGAIN_MS = 600_000
_TRIP_MS = (5, 60)


class Wires:
    """Between whoever is the process now (`end`) and the exchange."""

    def __init__(
        self, world: World, exchange: Exchange, gate: Gatekeeper, faults: Running, tape: Tape, dice: Dice,
        traits: Traits,
    ) -> None:  # fmt: skip
        self.world, self.exchange, self.gate, self.faults, self.tape = world, exchange, gate, faults, tape
        self.traits = traits
        self.end: WireEnd | None = None
        self.left_ms: dict[tuple[str, int], int] = {}  # when each sending left
        self.received: list[Received] = []
        self._dice = dice
        self._linked_us = 0
        self._stream_us = 0
        self._unheard_until_ms = 0
        exchange.say = self._stream

    def is_up(self, part: str) -> bool:
        """Whether this part of the connection stands; a half-open one does not, though nobody says so."""
        now, variants = self.world.passed_ms, (part, "all")
        down = self.faults.now(Kind.DISCONNECT, now, variants=variants)
        return down is None and self.faults.now(Kind.HALF_OPEN, now, variants=variants) is None

    @property
    def reachable(self) -> bool:
        """Whether a request would be answered now: what deadlines count (failures, "Liveness")."""
        banned = self.world.now_ms < self.gate.banned_until_ms
        open_now = self.faults.now(Kind.MAINTENANCE, self.world.passed_ms) is None
        heard = self.world.passed_ms >= self._unheard_until_ms
        return heard and open_now and not banned and self.is_up("orders") and self.is_up("events")

    def send(self, request: Request, end: WireEnd) -> None:
        """On its way, unless it is lost."""
        now, place = self.world.passed_ms, _place(request)
        if not self.is_up("orders"):
            return
        if self.faults.meet(Kind.REQUEST_LOST, now, place) is not None:
            self._goes_unheard(request)
            return
        late = self.faults.meet(Kind.LATE_ARRIVAL, now, place) if isinstance(request, Submit | CancelOrder) else None
        trip = self._dice.between(*_TRIP_MS) if late is None else late.number("late_ms")
        answered = late is None and self.faults.meet(Kind.ACK_LOST, now, place) is None
        if late is None and not answered:
            self._goes_unheard(request)
        self.world.after_ms(trip, lambda: self._arrive(request, end, answered=answered))

    def _goes_unheard(self, request: Request, ms: int = Timings().reconcile_answer_ms) -> int:
        """Who asked how things are and gets no answer cannot know it until it has asked again; `ms`, which is told."""
        if isinstance(request, Look | LookUp):
            self._unheard_until_ms = max(self._unheard_until_ms, self.world.passed_ms + ms)
        return ms

    def tell(self, said: Said) -> None:
        """Straight to the process, in a trip's time; what becomes of a connection in the order in which it does."""
        at_us = self.world.now_us + self._dice.between(*_TRIP_MS) * 1_000
        if isinstance(said, Linked):
            at_us = self._linked_us = max(at_us, self._linked_us + 1)
        self._back(said, self.end, at_us)

    def quote(self, quoted: Quoted) -> None:
        """A market's prices, as far as they come through, and as they come through."""
        now, place = self.world.passed_ms, quoted.market
        self.faults.meet(Kind.HALF_OPEN, now, variants=("quotes", "all"))
        if self.end is None or not self.is_up("quotes"):
            return
        if self.faults.now(Kind.STALE_DATA, now, place) is not None:
            return
        bad = self.faults.now(Kind.BAD_DATA, now, place, tuple(BAD_QUOTES))
        self.end.deliver(quoted if bad is None else BAD_QUOTES[bad.variant](quoted))

    def _arrive(self, request: Request, end: WireEnd, *, answered: bool) -> None:
        now = self.world.now_ms
        refused = self.gate.lets(request, now)
        refused_by_gate = bool(refused)
        maintained = self.faults.meet(Kind.MAINTENANCE, self.world.passed_ms)
        if refused:
            until_ms = self.gate.banned_until_ms
            answers: list[Said] = [Linked(False, "orders", f"banned until {until_ms}", until_ms - now)]
            answers += [refusal(request, "rate_limited")] if isinstance(request, Submit) else []
        elif maintained is not None:
            refused, answers = "503", [Linked(False, "orders", "maintenance")]
        else:
            answers = self._answers(request, end)
            refused = answers[0].reason if answers and isinstance(answers[0], OrderSaid) else ""
        received = Received(len(self.received) + 1, now, request, refused or "ok", WEIGHTS[type(request)])
        self.received.append(received)
        self.tape.add(Arrived(received))
        back_us = self.world.now_us + self._dice.between(*_TRIP_MS) * 1_000
        again_ms = self._comes_again_ms(request) if answered and not refused_by_gate else None
        for said in answers if answered else ():
            self._back(said, end, back_us + self._slowly(said, request) * 1_000)
            if again_ms is not None:
                self._back(said, end, back_us + again_ms * 1_000)

    def _comes_again_ms(self, request: Request) -> int | None:
        """Milliseconds until an answer that is told by the request's own way is told by the stream as well."""
        if not isinstance(request, Submit | CancelOrder):
            return None
        twice = self.faults.meet(Kind.DUPLICATE, self.world.passed_ms, _place(request), ("answer",))
        return None if twice is None else int(twice.parameters.get("late_ms", 1_000))

    def _slowly(self, said: Said, request: Request) -> int:
        """Milliseconds by which an answer comes late: who looks where an order is not seen yet takes its time, and a
        whole picture does where words are slow."""
        if isinstance(said, Looked):
            slow = self.faults.now(Kind.REORDERED, self.world.passed_ms, "", ("delayed",))
            return 0 if slow is None else self._goes_unheard(request, slow.number("delay_ms"))
        unseen = isinstance(request, LookUp) and isinstance(said, OrderSaid) and said.event.kind is EventKind.ABSENT
        late = self.faults.now(Kind.REORDERED, self.world.passed_ms, request.market, ("unseen",)) if unseen else None
        return 0 if late is None else late.number("delay_ms") % 4_000

    def _answers(self, request: Request, end: WireEnd) -> list[Said]:
        exchange = self.exchange
        if isinstance(request, Submit):
            return [self._submitted(request)]
        if isinstance(request, CancelOrder):
            return [self._cancelled(request)]
        if isinstance(request, LookUp):
            unsure = self._age_ms(request) < self.traits.arrival_ms_max
            if unsure and self._meets(Kind.REORDERED, request.market, "unseen"):
                absent = Event(EventKind.ABSENT, request.id, number=request.sending, after_ms=request.after_ms)
                return [OrderSaid(absent)]
            return list(exchange.look_up(request))
        if isinstance(request, FetchFills):
            return list(exchange.fills(request))
        return [*self._recent_charges(), exchange.look(request)]

    def _age_ms(self, request: LookUp) -> int:
        """Since the sending that is asked about left, in whichever life."""
        now = self.world.now_ms
        return now - self.left_ms.get((request.id, request.sending), now)

    def _cancelled(self, request: CancelOrder) -> OrderSaid:
        """A venue may be too busy with an order to let it go, or fill some of it just before: its answer counts that,
        its stream, for odd `slices`, never tells."""
        if self._meets(Kind.REJECT, request.market, "cancel_busy"):
            return OrderSaid(Event(EventKind.CANCEL_REFUSED, request.id, number=request.number), "cancel_busy")
        resting = [one for one in self.exchange.by_client_id.get(request.id, []) if one.state == "open"]
        race = self.faults.now(Kind.PARTIAL, self.world.passed_ms, request.market, ("cancel_race",))
        if race is not None and any(one.limit_ticks is not None and one.left > 1 for one in resting):
            tricks, before = self.exchange.tricks, len(self.exchange.trades)
            tricks.fills_before_cancel = race.number("lots")
            tricks.hushes_before_cancel = race.number("slices") % 2 == 1
            said = self.exchange.cancel(request)
            if len(self.exchange.trades) > before:  # one that may only reduce has nothing to fill where all is closed
                self.faults.count(race)
            return said
        return self.exchange.cancel(request)

    def _meets(self, kind: Kind, place: str, variant: str) -> bool:
        return self.faults.meet(kind, self.world.passed_ms, place, (variant,)) is not None

    def _recent_charges(self) -> list[Charged]:
        """Payments of a while, told again before each look: there is no other way to ask for one that was missed."""
        return [charged for charged in self.exchange.charges if charged.ts > self.world.now_ms - CHARGES_AGAIN_MS]

    def _submitted(self, request: Submit) -> OrderSaid:
        now, tricks = self.world.passed_ms, self.exchange.tricks
        rejected = self.faults.meet(Kind.REJECT, now, request.market, _REFUSALS)
        if rejected is not None:
            return refusal(request, rejected.variant)
        partial = self.faults.now(Kind.PARTIAL, now, request.market, _FILLINGS)
        if partial is not None and (request.limit_ticks is not None or "resting" not in partial.parameters):
            self.faults.count(partial)
            tricks.slices = 1 if partial.variant == "overfill" else partial.number("slices")
            tricks.drop_rest = partial.variant == "drop_rest"
            tricks.overfill_next = partial.number("lots") if partial.variant == "overfill" else 0
        said = self.exchange.submit(request)
        tricks.slices, tricks.drop_rest, tricks.overfill_next = 1, False, 0
        return said

    def _stream(self, said: Said) -> None:
        """What the user stream carries: in order, unless a fault has it otherwise."""
        now, place = self.world.passed_ms, _said_place(said, self.exchange)
        self.faults.meet(Kind.HALF_OPEN, now, variants=("events", "all"))
        if not self.is_up("events") or self.faults.meet(Kind.DROPPED, now, place) is not None:
            return
        us = self.world.now_us + self._dice.between(*_TRIP_MS) * 1_000
        late = self.faults.meet(Kind.REORDERED, now, place, ("delayed", "nameless"))
        if late is not None and late.variant == "nameless":
            said = nameless(said)
        if late is not None and late.variant == "delayed":
            self._deliver_at(us + late.number("delay_ms") * 1_000, said, self.end)
        else:
            self._stream_us = max(self._stream_us, us)
            self._deliver_at(self._stream_us, said, self.end)
        if self.faults.meet(Kind.DUPLICATE, now, place, ("", "stream")) is not None:
            self._deliver_at(us + 1_000_000, said, self.end)

    def _back(self, said: Said, end: WireEnd | None, us: int) -> None:
        """An answer, at `us`: all words of one answer come together, in their order."""
        if self.is_up("orders") or isinstance(said, Linked):
            self._deliver_at(us, said, end)

    def _deliver_at(self, us: int, said: Said, end: WireEnd | None) -> None:
        if end is not None:
            self.world.at(us, lambda: end.deliver(said))


class WireEnd:
    """`karat.ports.venue.Venue` of one life. `blocked` asks the desk what stands against an entry just then."""

    def __init__(self, wires: Wires, life: Life, loop: VirtualLoop) -> None:
        self.blocked: Callable[[MarketId], tuple[str, ...]] = lambda _: ()
        self._wires, self._life, self._loop = wires, life, loop
        self._sink: Sink | None = None
        wires.end = self

    @property
    def traits(self) -> Traits:
        return self._wires.traits

    def listen(self, sink: Sink) -> None:
        self._sink = sink
        for part in PARTS:
            if self._wires.faults.now(Kind.DISCONNECT, self._wires.world.passed_ms, variants=(part, "all")) is None:
                self.deliver(Linked(True, part))

    def post(self, request: Request) -> None:
        if not self._life.passes("before_post"):
            return
        wires, now = self._wires, self._wires.world.now_ms
        blocked = self.blocked(request.market) if isinstance(request, Submit) else ()
        wires.tape.add(Posted(self._life.number, now, request, blocked))
        if isinstance(request, Submit):
            wires.left_ms[request.id, request.number] = now
        wires.send(request, self)
        self._life.passes("after_post")

    def deliver(self, said: Said) -> None:
        """At the loop's next turn, if anybody is there to hear it."""
        if self._life.alive and self._sink is not None and not self._loop.is_closed():
            self._loop.call_soon(self._hand, said)

    def _hand(self, said: Said) -> None:
        if self._life.alive and self._sink is not None:
            self._wires.tape.add(Heard(self._life.number, self._wires.world.now_ms, said))
            self._sink(said)


_REFUSALS = ("", *(variant for variant in VARIANTS[Kind.REJECT] if variant != "cancel_busy"))
_FILLINGS = ("", *(variant for variant in VARIANTS[Kind.PARTIAL] if variant != "cancel_race"))


def _place(request: Request) -> str:
    return "" if isinstance(request, Look) else request.market


def _said_place(said: Said, exchange: Exchange) -> str:
    if isinstance(said, OrderSaid) and said.event.venue_id in exchange.orders:
        return exchange.orders[said.event.venue_id].market
    return said.market if isinstance(said, Charged | Seized) else ""
