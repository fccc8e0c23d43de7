"""A storm as a person reads it: one line for everything that crossed the edge, quotes left out."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.storm.setting import START_MS
from tests.chaos.storm.tape import Arrived, Committed, Delivered, Entry, Heard, Kept, Posted, Tape

from karat.ports.venue import CancelOrder, OrderSaid, Quoted, Submit


def lines(tape: Tape, last: int = 0) -> Iterator[str]:
    """Of the newest `last` entries; 0: of all."""
    for entry in tape.entries[-last:] if last else tape.entries:
        told = _told(entry)
        if told:
            at_ms = entry.received.at_ms if isinstance(entry, Arrived) else entry.at_ms
            yield f"{(at_ms - START_MS) / 1000:10.3f}  {told}"


def _told(entry: Entry) -> str:
    if isinstance(entry, Posted):
        blocked = f"  although {', '.join(entry.blocked)}" if entry.blocked else ""
        return f"->  {_request(entry.request)}{blocked}"
    if isinstance(entry, Arrived):
        return f"  @ {_request(entry.received.request)}: {entry.received.outcome}"
    if isinstance(entry, Heard):
        return _heard(entry)
    if isinstance(entry, Committed):
        orders = ", ".join(f"{one.order.id} {one.order.status.name}" for one in entry.transaction.orders)
        return f"  # {entry.sequence}: {len(entry.transaction.bars)} bars; {orders}"
    if isinstance(entry, Kept):
        return f"  ! kept {', '.join(one.order.id for one in entry.orders)}"
    if isinstance(entry, Delivered):
        return "" if entry.good else f"<-  bad bar of {entry.market} at {entry.ts}"
    return f"==  {entry}"


def _heard(entry: Heard) -> str:
    said = entry.said
    if isinstance(said, Quoted):
        return ""
    if not isinstance(said, OrderSaid):
        return f"<-  {said}"
    event = said.event
    fill = "" if event.fill is None else f" {event.fill.id} {event.fill.lots} at {event.fill.price}"
    return f"<-  {event.kind.name} {event.order or event.venue_id}{fill} {said.reason}".rstrip()


def _request(request: object) -> str:
    if isinstance(request, Submit):
        level = f" limit {request.limit_ticks}" if request.limit_ticks is not None else ""
        level += f" stop {request.trigger_ticks}" if request.trigger_ticks is not None else ""
        marks = " reduce-only" if request.reduce_only else ""
        return f"SUBMIT {request.id} {request.side * request.lots:+} {request.market}{level}{marks} #{request.number}"
    return f"CANCEL {request.id} #{request.number}" if isinstance(request, CancelOrder) else str(request)
