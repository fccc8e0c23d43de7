"""The one table of an order's life: every kind of event in every status.

A row per event, a cell per status in the order of the codes. What depends on more than the status (a duplicate by id, a
quantity, a proof of absence) is decided in `order`, which may only take a cell's way or stay where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from karat.oms.records import Alarm, EffectKind, EventKind, Status


class Outcome(StrEnum):
    """What became of an event."""

    TAKEN = "taken"
    IGNORED = "ignored"  # said before, or overtaken: it changes nothing but what is known
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Edge:
    """`to` None: stays. `by_lots`: to what its quantities say (`order.standing`). `checked`: has a condition."""

    outcome: Outcome
    to: Status | None = None
    by_lots: bool = False
    checked: bool = False
    alarm: Alarm | None = None
    effects: tuple[EffectKind, ...] = ()


def _to(to: Status, *effects: EffectKind, alarm: Alarm | None = None, checked: bool = False) -> Edge:
    return Edge(Outcome.ALARM if alarm else Outcome.TAKEN, to, checked=checked, alarm=alarm, effects=effects)


def _stays(*effects: EffectKind, checked: bool = False) -> Edge:
    return Edge(Outcome.TAKEN, checked=checked, effects=effects)


def _alarm(alarm: Alarm, *effects: EffectKind) -> Edge:
    return Edge(Outcome.ALARM, alarm=alarm, effects=effects)


_K, _S, _A, _E = EventKind, Status, Alarm, EffectKind
_SAME = Edge(Outcome.IGNORED)
_BY_LOTS = Edge(Outcome.TAKEN, by_lots=True)
_LOTS_UNSENT = Edge(Outcome.ALARM, by_lots=True, alarm=_A.VENUE_KNEW_UNSENT, effects=(_E.LOOK_UP,))
_REFUSED = Edge(Outcome.TAKEN, by_lots=True, checked=True, effects=(_E.LOOK_UP,))
_NOT_SENT, _BLIND = _alarm(_A.NOT_SENT), _alarm(_A.BLIND_RETRY)
_TOO_LATE = _alarm(_A.WITHDRAWN_TOO_LATE)
_SENT_LATE = _alarm(_A.SEND_AFTER_END)
_GONE = _alarm(_A.WORKING_ORDER_ABSENT, _E.LOOK_UP)
_CONTRADICTS = _alarm(_A.CONTRADICTING_END, _E.FETCH_FILLS)
_WHOLE = _alarm(_A.END_AFTER_FILL, _E.FETCH_FILLS)
_ASKS = _to(_S.CANCEL_REQUESTED, _E.CANCEL, checked=True)
_ASKS_UNHEARD = _stays(_E.CANCEL, checked=True)  # by client id; once more when the venue is heard
_ASKS_AGAIN = _stays(_E.CANCEL, _E.LOOK_UP, checked=True)
_CANCELLED, _EXPIRED = _to(_S.CANCELLED), _to(_S.EXPIRED)
_REJECTED = _to(_S.REJECTED)
_REJECTED_WORKING = _to(_S.REJECTED, _E.FETCH_FILLS, alarm=_A.REJECT_AFTER_ACK)
_TAKEN_ID = _to(_S.UNKNOWN, _E.LOOK_UP, checked=True)
_LATE = _stays(checked=True)
_LATE_ACK = Edge(Outcome.IGNORED, checked=True)
_ACK_REJECTED = _alarm(_A.ACK_AFTER_REJECT, _E.LOOK_UP)
_FILL_REJECTED = _alarm(_A.FILL_AFTER_REJECT, _E.HALT)


def _unsent(to: Status) -> Edge:
    return _to(to, _E.LOOK_UP, alarm=_A.VENUE_KNEW_UNSENT)


# fmt: off
_ROWS: dict[EventKind, tuple[Edge, ...]] = {
    # INTENDED, SENT, UNKNOWN, ACKNOWLEDGED, PARTLY_FILLED, FILLED, CANCEL_REQUESTED, CANCELLED, REJECTED, EXPIRED
    _K.SEND: (_to(_S.SENT, _E.SUBMIT), _SAME, _SAME, _SAME, _SAME, _SAME, _SAME, _SENT_LATE, _SENT_LATE, _SENT_LATE),
    _K.TIME_OUT: (_NOT_SENT, _to(_S.UNKNOWN, _E.LOOK_UP), _stays(_E.LOOK_UP), *(_SAME,) * 7),
    _K.RESEND: (_NOT_SENT, _BLIND, _to(_S.SENT, _E.SUBMIT, checked=True), *(_SAME,) * 7),
    _K.ABSENT: (_SAME, _SAME, _to(_S.EXPIRED, checked=True), _GONE, _GONE, _SAME, _GONE, _SAME, _SAME, _SAME),
    _K.WITHDRAW: (_to(_S.CANCELLED), *(_TOO_LATE,) * 4, _SAME, _TOO_LATE, _SAME, _SAME, _SAME),
    _K.CANCEL: (_to(_S.CANCELLED), _ASKS_UNHEARD, _ASKS_UNHEARD, _ASKS, _ASKS, _SAME, _SAME, _SAME, _SAME, _SAME),
    _K.CANCEL_TIME_OUT: (_SAME, _ASKS_AGAIN, _ASKS_AGAIN, _SAME, _SAME, _SAME, _ASKS_AGAIN, _SAME, _SAME, _SAME),
    _K.ACK: (_LOTS_UNSENT, _BY_LOTS, _BY_LOTS, *(_SAME,) * 4, _LATE_ACK, _ACK_REJECTED, _LATE_ACK),
    _K.FILL: (_LOTS_UNSENT, *(_BY_LOTS,) * 6, _LATE, _FILL_REJECTED, _LATE),
    _K.CANCEL_REFUSED: (_NOT_SENT, *(_stays(_E.LOOK_UP, checked=True),) * 2, *(_SAME,) * 3, _REFUSED, *(_SAME,) * 3),
    _K.CANCEL_DONE: (_unsent(_S.CANCELLED), *(_CANCELLED,) * 4, _WHOLE, _CANCELLED, _SAME, _CONTRADICTS, _CONTRADICTS),
    _K.REJECT: (
        _unsent(_S.REJECTED),
        _REJECTED,
        _REJECTED,
        *(_REJECTED_WORKING,) * 2,
        _WHOLE,
        _REJECTED_WORKING,
        _CONTRADICTS,
        _SAME,
        _CONTRADICTS,
    ),
    _K.EXPIRE: (_unsent(_S.EXPIRED), *(_EXPIRED,) * 4, _WHOLE, _EXPIRED, _CONTRADICTS, _CONTRADICTS, _SAME),
    _K.DUPLICATE_ID: (_NOT_SENT, _TAKEN_ID, _TAKEN_ID, *(_SAME,) * 7),
}
# fmt: on

EDGES: dict[tuple[Status, EventKind], Edge] = {
    (status, kind): edge for kind, row in _ROWS.items() for status, edge in zip(Status, row, strict=True)
}
BY_LOTS_TO = frozenset({Status.ACKNOWLEDGED, Status.PARTLY_FILLED, Status.FILLED, Status.CANCEL_REQUESTED})


def allowed(status: Status, kind: EventKind) -> frozenset[Status]:
    """Where an event may lead from `status`, staying included where it may stay."""
    edge = EDGES[status, kind]
    if edge.by_lots:
        return BY_LOTS_TO | {status}
    if edge.to is None:
        return frozenset({status})
    return frozenset({edge.to, status}) if edge.checked else frozenset({edge.to})
