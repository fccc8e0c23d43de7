"""A counter at which orders are handed over by hand: one bot, ticks of 1, lots of 0.1, capital 1000, no costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.simulation.compiled import inputs_of
from tests.simulation.decimal_examples import FLAT, FREE, world
from tests.unit.paper.stand_in import BOT, MARKET

from karat.core.ids import ClientOrderId
from karat.core.model.policy import Policy
from karat.kernel.engine import Inputs
from karat.kernel.state import fresh_state
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.records import EventKind
from karat.ports.venue import (
    CancelOrder,
    FetchFills,
    Look,
    Looked,
    LookUp,
    OrderSaid,
    Said,
    Seized,
    Standing,
    Submit,
    Timing,
)  # fmt: skip
from karat.venues.paper.orders import OrderPaperVenue

Ohlc = tuple[float, float, float, float]
COSTLY = replace(FREE, half_spread=0.001, slippage_base=0.001, taker_fee=0.0005, maker_fee=0.0002)


@dataclass
class WallClock:
    """Time that moves when it is told to."""

    ms: int = 1_000_000

    def now_ms(self) -> int:
        return self.ms


def market(bars: list[Ohlc], policy: Policy = FREE, **more: Any) -> Inputs:
    return inputs_of(world(bars, policy, entry=[0] * len(bars), **more))


@dataclass
class Counter:
    """What was said so far is in `words`; `walk` goes one bar on."""

    inputs: Inputs
    venue: OrderPaperVenue = field(default_factory=OrderPaperVenue)
    words: list[Said] = field(default_factory=list)
    bar: int = 0
    intent: int = 0

    def __post_init__(self) -> None:
        self.venue.listen(self.words.append)
        self.venue.enrol(BOT, Standing(MARKET, "B", fresh_state(self.inputs.rules)))

    def walk(self, bars: int = 1) -> None:
        for _ in range(bars):
            self.venue.walk(BOT, self.inputs, self.bar)
            self.bar += 1

    def submit(self, part: Part, side: int, lots: int, **more: Any) -> ClientOrderId:
        name = client_order_id(OrderKey(1, BOT, self.intent, part))
        self.intent += 1
        self.venue.post(Submit(name, more.pop("market", MARKET), side, lots, **more))
        return name

    def enter(self, side: int, lots: int, **more: Any) -> ClientOrderId:
        return self.submit(Part.ENTRY, side, lots, timing=Timing(self.bar, **more))

    def leave(self, side: int, lots: int) -> ClientOrderId:
        return self.submit(Part.EXIT, side, lots, reduce_only=True, timing=Timing(self.bar))

    def stop(self, side: int, lots: int, ticks: int) -> ClientOrderId:
        return self.submit(Part.STOP, side, lots, trigger_ticks=ticks, reduce_only=True)

    def take(self, side: int, lots: int, ticks: int) -> ClientOrderId:
        return self.submit(Part.TAKE, side, lots, limit_ticks=ticks, reduce_only=True)

    def cancel(self, name: ClientOrderId, number: int = 1) -> None:
        self.venue.post(CancelOrder(name, MARKET, None, number))

    def look_up(self, name: ClientOrderId, sending: int = 1, after_ms: int = 0) -> None:
        self.venue.post(LookUp(name, MARKET, sending, after_ms))

    def fetch(self, name: ClientOrderId | None) -> None:
        self.venue.post(FetchFills(MARKET, name))

    def look(self) -> Looked:
        self.venue.post(Look("look"))
        found = [said for said in self.words if isinstance(said, Looked)]
        return found[-1]

    def of(self, name: ClientOrderId) -> list[tuple[EventKind, int]]:
        """Kind and lots of what was said of an order; the lots of a fill are its own."""
        events = [said.event for said in self.words if isinstance(said, OrderSaid) and said.event.order == name]
        return [(event.kind, event.fill.lots if event.fill else event.lots) for event in events]

    def reason(self, name: ClientOrderId) -> str:
        """The newest reason that was given for an order."""
        return [said.reason for said in self.words if isinstance(said, OrderSaid) and said.event.order == name][-1]

    def fills(self, name: ClientOrderId) -> list[OrderSaid]:
        return [said for said in self.words if isinstance(said, OrderSaid) and said.event.order == name and said.priced]

    def price(self, name: ClientOrderId) -> float:
        fill = self.fills(name)[-1].event.fill
        assert fill is not None
        return float(fill.price)

    def seized(self) -> list[Seized]:
        return [said for said in self.words if isinstance(said, Seized)]


def held_long(bars: list[Ohlc], lots: int = 10, policy: Policy = FREE, **more: Any) -> Counter:
    """A counter at which a long of `lots` was opened at the open of the first bar, which is flat at 100."""
    counter = Counter(market([FLAT, *bars], policy, **more))
    counter.enter(1, lots)
    counter.walk()
    counter.words.clear()
    return counter
