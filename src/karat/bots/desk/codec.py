"""Words about orders as plain values for the log, and back. Money is text, so that no digit is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from karat.core.ids import ClientOrderId, MarketId
from karat.core.model.reasons import Reason
from karat.oms.records import Event, EventKind, Fill, Order
from karat.ports.trading import Opening, OrderRecord
from karat.ports.venue import Timing

Plain = dict[str, Any]


def event_plain(event: Event) -> Plain:
    """What was said about an order; what stands at its default is left out."""
    told: Plain = {"kind": event.kind.name.lower()}
    for name in ("order", "venue_id", "lots", "number", "after_ms"):
        if value := getattr(event, name):
            told[name] = value
    if event.fill is not None:
        told["fill"] = fill_plain(event.fill)
    return told


def event_of(told: Mapping[str, Any]) -> Event:
    """The inverse of `event_plain`."""
    fill = told.get("fill")
    order = told.get("order")
    return Event(
        EventKind[told["kind"].upper()],
        None if order is None else ClientOrderId(order),
        told.get("venue_id"),
        told.get("lots", 0),
        None if fill is None else fill_of(fill),
        told.get("number", 0),
        told.get("after_ms", 0),
    )


def fill_plain(fill: Fill) -> Plain:
    return {**_plain(fill, _FILL), "price": str(fill.price), "fee": str(fill.fee)}


def fill_of(told: Mapping[str, Any]) -> Fill:
    """The inverse of `fill_plain`."""
    return Fill(**{**told, "price": Decimal(told["price"]), "fee": Decimal(told["fee"])})


def intent_plain(record: OrderRecord) -> Plain:
    """An order as it was meant, before anything happened to it."""
    order = record.order
    content = {name: getattr(order, name) for name in _CONTENT if getattr(order, name) is not None}
    told: Plain = {"order": content, "decision_bar": record.decision_bar, "decision_ts": record.decision_ts}
    told["reason"] = record.reason.name.lower()
    for name in ("parent", "post_only"):
        if value := getattr(record, name):
            told[name] = value
    if record.opening is not None:
        told["opening"] = _plain(record.opening, _OPENING)
    if record.timing is not None:
        told["timing"] = _plain(record.timing, _TIMING)
    return told


def intent_of(told: Mapping[str, Any], bot: Any) -> OrderRecord:
    """The inverse of `intent_plain`."""
    content = dict(told["order"])
    order = Order(**{**content, "id": ClientOrderId(content["id"]), "market": MarketId(content["market"])})
    opening, timing, parent = told.get("opening"), told.get("timing"), told.get("parent")
    return OrderRecord(
        order=order,
        bot=bot,
        decision_bar=told["decision_bar"],
        decision_ts=told["decision_ts"],
        reason=Reason[told["reason"].upper()],
        parent=None if parent is None else ClientOrderId(parent),
        opening=None if opening is None else Opening(**opening),
        post_only=told.get("post_only", False),
        timing=None if timing is None else Timing(**timing),
    )


def _plain(record: Any, names: tuple[str, ...]) -> Plain:
    """Every field by name; `dataclasses.asdict` copies each value, which takes ten times as long."""
    return {name: getattr(record, name) for name in names}


_FILL, _OPENING, _TIMING = (tuple(spec.name for spec in fields(kind)) for kind in (Fill, Opening, Timing))
_CONTENT = (
    "id", "market", "side", "lots", "arrival_ms_max", "id_is_unique", "limit_ticks", "trigger_ticks", "reduce_only",
)  # fmt: skip
