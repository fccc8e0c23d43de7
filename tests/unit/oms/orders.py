"""Orders, words of a venue and their telling, for the tests of the room."""

from __future__ import annotations

from decimal import Decimal

from karat.core.ids import ClientOrderId, MarketId
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.order import step
from karat.oms.records import Alarm, Effect, EffectKind, Event, EventKind, Fill, Order, Status

MARKET = MarketId("demo:BTCUSDT")
ARRIVAL_MS_MAX = 5_000
K, S = EventKind, Status


def name(intent: int = 0, part: Part = Part.ENTRY, attempt: int = 0, bot: int = 1) -> ClientOrderId:
    return client_order_id(OrderKey(0, bot, intent, part, attempt))


def order(lots: int = 10, side: int = 1, intent: int = 0, *, part: Part = Part.ENTRY, attempt: int = 0, bot: int = 1,
          unique: bool = True, trigger: int | None = None, limit: int | None = None) -> Order:  # fmt: skip
    protects = part in {Part.STOP, Part.TAKE}
    return Order(name(intent, part, attempt, bot), MARKET, side, lots, ARRIVAL_MS_MAX, unique, limit, trigger, protects)


def fill(number: int, lots: int, price: str = "100", fee: str = "0.1", currency: str = "USDT") -> Fill:
    return Fill(f"t{number}", 1_000 * number, number, lots, Decimal(price), Decimal(fee), currency)


def word(kind: EventKind, of: Order, lots: int = 0, number: int = 0, after_ms: int = 0) -> Event:
    venue_id = f"v-{of.id}" if kind >= EventKind.ACK else None
    return Event(kind, of.id, venue_id, lots, None, number, after_ms)


def filled(of: Order, one: Fill, in_all: int = 0) -> Event:
    return Event(EventKind.FILL, of.id, f"v-{of.id}", in_all, one)


def told(of: Order, *events: Event | EventKind) -> Order:
    """The order after the events, effects left aside."""
    for event in events:
        of, _ = step(of, event if isinstance(event, Event) else word(event, of))
    return of


def alarms(effects: tuple[Effect, ...]) -> list[Alarm]:
    return [effect.alarm for effect in effects if effect.alarm]


def kinds(effects: tuple[Effect, ...]) -> list[EffectKind]:
    return [effect.kind for effect in effects if effect.kind != EffectKind.RAISE]
