"""`step`: an order and an event in, the order after it and what follows out. It refuses nothing that a venue can send.

1. What the event says is added to what is known: the venue's id, the lots it has counted, the fill. These only grow.
2. The table (`edges`) says where it leads. Conditions decide between that and staying; quantities decide among the
   statuses of an order that the venue holds.
3. What follows: the cell's effects, its alarm, and the fills to fetch where the venue has counted more than is booked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from karat.oms.edges import EDGES, Edge
from karat.oms.records import Alarm, Effect, EffectKind, Event, EventKind, Fill, Order, Status

Stepped = tuple[Order, tuple[Effect, ...]]
_VENUE_ENDS = frozenset({EventKind.CANCEL_DONE, EventKind.REJECT, EventKind.EXPIRE})


def step(order: Order, event: Event) -> Stepped:
    """The order after `event`, and the effects in the order in which to do them. Never raises for a venue's word."""
    edge = EDGES[order.status, event.kind]
    if event.kind == EventKind.FILL:
        return _fill(order, event, edge)
    known, alarms = _known(order, event)
    if event.kind in _VENUE_ENDS and order.given_up:
        settled = replace(known, given_up=False, alive=False)
        return settled, _effects(order, settled, Edge(edge.outcome), alarms)
    if edge.checked:
        return _CONDITIONS[event.kind](order, known, edge, event, alarms)
    return _along(order, known, edge, alarms)


def standing(order: Order) -> Status:
    """The status of an order that the venue holds, by its quantities."""
    if order.filled_lots >= order.lots:
        return Status.FILLED
    if order.cancel_is_open:
        return Status.CANCEL_REQUESTED
    return Status.PARTLY_FILLED if order.fills else Status.ACKNOWLEDGED


def _along(order: Order, known: Order, edge: Edge, alarms: tuple[Alarm, ...] = ()) -> Stepped:
    to = standing(known) if edge.by_lots else order.status if edge.to is None else edge.to
    sends = known.sends + (EffectKind.SUBMIT in edge.effects)
    gives_up = order.status == Status.INTENDED and to == Status.CANCELLED and edge.alarm is None
    after = replace(known, status=to, sends=sends, given_up=known.given_up or gives_up)
    return after, _effects(order, after, edge, alarms)


def _stay(order: Order, known: Order, alarms: tuple[Alarm, ...], *effects: EffectKind) -> Stepped:
    raised = tuple(Effect(EffectKind.RAISE, order.id, alarm) for alarm in alarms)
    return known, (*raised, *(Effect(kind, order.id) for kind in effects))


def _effects(order: Order, after: Order, edge: Edge, alarms: tuple[Alarm, ...]) -> tuple[Effect, ...]:
    raised = [*alarms, *([edge.alarm] if edge.alarm else [])]
    kinds = list(edge.effects)
    if order.status in {Status.SENT, Status.UNKNOWN} and after.status == Status.CANCEL_REQUESTED:
        kinds.append(EffectKind.CANCEL)  # the first request may have met nothing
    if after.missing_lots > order.missing_lots and EffectKind.FETCH_FILLS not in kinds:
        kinds.append(EffectKind.FETCH_FILLS)
    return (
        *(Effect(EffectKind.RAISE, order.id, alarm) for alarm in raised),
        *(Effect(kind, order.id) for kind in kinds),
    )


def _known(order: Order, event: Event) -> tuple[Order, tuple[Alarm, ...]]:
    """What is known with the event's numbers, and what does not fit together in it."""
    changed = event.venue_id is not None and order.venue_id not in (None, event.venue_id)
    venue_id = event.venue_id if order.venue_id is None else order.venue_id
    reported = max(order.reported_lots, event.lots)
    if venue_id == order.venue_id and reported == order.reported_lots:
        return order, (Alarm.VENUE_ID_CHANGED,) if changed else ()
    return replace(order, venue_id=venue_id, reported_lots=reported), (Alarm.VENUE_ID_CHANGED,) if changed else ()


def _fill(order: Order, event: Event, edge: Edge) -> Stepped:
    known, alarms = _known(order, event)
    fill = event.fill
    if fill is None or fill.lots <= 0 or not fill.price.is_finite() or fill.price <= 0 or not fill.fee.is_finite():
        return _stay(order, known, (*alarms, Alarm.FILL_MALFORMED), EffectKind.FETCH_FILLS)
    for booked in order.fills:
        if booked.id == fill.id:
            return _stay(order, known, alarms if booked == fill else (*alarms, Alarm.FILL_CHANGED))
    booked = replace(known, fills=tuple(sorted((*order.fills, fill), key=_venue_order)))
    if order.given_up:
        alarms = (*alarms, Alarm.ALIVE_AFTER_END)
        booked = replace(booked, alive=booked.filled_lots < booked.lots)
        edge = replace(edge, effects=(*edge.effects, EffectKind.CANCEL))
    elif edge.checked and booked.filled_lots > booked.reported_lots:
        late = order.status == Status.CANCELLED
        alarms = (*alarms, Alarm.FILL_AFTER_CANCEL if late else Alarm.FILL_AFTER_EXPIRY)
    if booked.filled_lots > order.lots:
        alarms = (*alarms, Alarm.OVERFILL)
        edge = replace(edge, effects=(*edge.effects, EffectKind.HALT))
    after, effects = _along(order, booked, edge, alarms)
    return after, (Effect(EffectKind.BOOK, order.id, fill=fill), *effects)


def _venue_order(fill: Fill) -> tuple[int, int, str]:
    return fill.ts, fill.number, fill.id


def _resend(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    if not order.id_is_unique:
        return _stay(order, known, (*alarms, Alarm.BLIND_RETRY))
    return _along(order, replace(known, absent_ms=None), edge, alarms)


def _absent(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    """Proved by two looks, both after the venue's bound, both after the newest sending (failures: V2)."""
    if event.number != order.sends or event.after_ms <= order.arrival_ms_max:
        return _stay(order, known, alarms)
    if order.absent_ms is None or order.absent_ms == event.after_ms:
        return _stay(order, replace(known, absent_ms=event.after_ms), alarms)
    return _along(order, replace(known, given_up=True), edge, alarms)


def _cancel(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    if order.cancel_is_open:
        return _stay(order, known, alarms)
    return _along(order, replace(known, cancels=order.cancels + 1), edge, alarms)


def _cancel_time_out(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    return _along(order, known, edge, alarms) if order.cancel_is_open else _stay(order, known, alarms)


def _cancel_refused(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    """Only the answer to the newest request counts: an older one says nothing about it."""
    if event.number != order.cancels or not order.cancel_is_open:
        return _stay(order, known, alarms)
    return _along(order, replace(known, cancels_refused=event.number), edge, alarms)


def _duplicate_id(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    if order.sends == 1:
        alarms = (*alarms, Alarm.ID_TAKEN)
    return _along(order, known, edge, alarms)


def _late_ack(order: Order, known: Order, edge: Edge, event: Event, alarms: tuple[Alarm, ...]) -> Stepped:
    if not order.given_up:
        return _along(order, known, edge, alarms)
    return _stay(order, replace(known, alive=True), (*alarms, Alarm.ALIVE_AFTER_END), EffectKind.CANCEL)


_Condition = Callable[[Order, Order, Edge, Event, tuple[Alarm, ...]], Stepped]
_CONDITIONS: dict[EventKind, _Condition] = {
    EventKind.RESEND: _resend,
    EventKind.ABSENT: _absent,
    EventKind.CANCEL: _cancel,
    EventKind.CANCEL_TIME_OUT: _cancel_time_out,
    EventKind.CANCEL_REFUSED: _cancel_refused,
    EventKind.DUPLICATE_ID: _duplicate_id,
    EventKind.ACK: _late_ack,
}
