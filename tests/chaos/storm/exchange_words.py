"""What the exchange says of orders and trades."""

from __future__ import annotations

from tests.chaos.storm.exchange_records import Trade

from karat.core.ids import ClientOrderId
from karat.oms.records import Event, EventKind, Fill
from karat.ports.venue import OrderSaid

STANDING = {
    "open": EventKind.ACK, "filled": EventKind.ACK, "cancelled": EventKind.CANCEL_DONE, "expired": EventKind.EXPIRE,
}  # fmt: skip


def fill_of(trade: Trade) -> Fill:
    return Fill(trade.id, trade.ts, trade.number, trade.lots, trade.price, trade.fee, trade.currency)


def said(
    kind: EventKind, name: str | None, venue_id: str | None, *, lots: int = 0, number: int = 0, reason: str = ""
) -> OrderSaid:
    order = None if name is None else ClientOrderId(name)
    return OrderSaid(Event(kind, order, venue_id, lots, number=number), reason)
