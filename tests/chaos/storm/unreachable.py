"""What no storm can meet with this desk and this exchange, and why. What turns out to be met all the same fails."""

from __future__ import annotations

from karat.oms.records import Alarm, EventKind, Status
from karat.risk import RULES

_K, _S = EventKind, Status
_ENDED = (_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED)


def _edges(why: str, kind: EventKind, *statuses: Status) -> dict[str, str]:
    return {f"edge {status.name} {kind.name}": why for status in statuses}


def _all_but(*statuses: Status) -> tuple[Status, ...]:
    return tuple(status for status in Status if status not in statuses)


_ONE_STEP = "an order is intended and sent in one step of the desk: nothing is said to it in between"
_ONCE = "the desk sends nothing a second time: what is not there by proof is meant anew, under another name"
_ONE_END = "an order at the exchange of the storm ends once, in one way"
_HONEST = "the exchange of the storm does not contradict itself"

UNREACHABLE: dict[str, str] = {
    **{f"edge {_S.INTENDED.name} {kind.name}": _ONE_STEP for kind in EventKind if kind is not _K.SEND},
    **_edges(_ONE_STEP, _K.SEND, *_all_but(_S.INTENDED)),
    **_edges(_ONE_STEP, _K.WITHDRAW, *_all_but()),
    **_edges(_ONCE, _K.RESEND, *_all_but()),
    **_edges(_ONCE, _K.DUPLICATE_ID, *_all_but()),
    **_edges("only what was sent is waited for", _K.TIME_OUT, *_all_but(_S.SENT)),
    **_edges("asked of what is alive, once at a time", _K.CANCEL, _S.CANCEL_REQUESTED, *_ENDED),
    **_edges("a cancel is open in no other status", _K.CANCEL_TIME_OUT, _S.SENT, _S.ACKNOWLEDGED, _S.PARTLY_FILLED),
    **_edges("nobody waits for the cancel of what has ended", _K.CANCEL_TIME_OUT, *_ENDED),
    **_edges("an order is refused at its arrival", _K.REJECT, _S.ACKNOWLEDGED, _S.PARTLY_FILLED, _S.CANCEL_REQUESTED),
    **_edges(_ONE_END, _K.REJECT, _S.FILLED, _S.CANCELLED, _S.EXPIRED),
    **_edges(_ONE_END, _K.EXPIRE, _S.FILLED, _S.CANCELLED, _S.REJECTED),
    **_edges(_ONE_END, _K.CANCEL_DONE, _S.FILLED, _S.REJECTED, _S.EXPIRED),
    **_edges(_ONE_END, _K.ACK, _S.REJECTED),
    **_edges(_ONE_END, _K.FILL, _S.REJECTED),
    **{f"refused {rule.name}": "the bots of the storm are under no limits of the fleet" for rule in RULES},
    **{
        f"alarm {alarm.value}": _ONE_STEP
        for alarm in (Alarm.VENUE_KNEW_UNSENT, Alarm.NOT_SENT, Alarm.SEND_AFTER_END, Alarm.WITHDRAWN_TOO_LATE)
    },
    **{
        f"alarm {alarm.value}": _ONCE
        for alarm in (Alarm.ID_TAKEN, Alarm.BLIND_RETRY, Alarm.SECOND_ORDER_FOR_INTENT, Alarm.ID_REUSED)
    },
    **{
        f"alarm {alarm.value}": _HONEST
        for alarm in (
            Alarm.FILL_CHANGED, Alarm.FILL_MALFORMED, Alarm.VENUE_ID_CHANGED, Alarm.CONTRADICTING_END,
            Alarm.ACK_AFTER_REJECT, Alarm.FILL_AFTER_REJECT, Alarm.REJECT_AFTER_ACK, Alarm.END_AFTER_FILL,
            Alarm.FILL_AFTER_CANCEL, Alarm.FILL_AFTER_EXPIRY,
        )
    },
    "alarm alive_after_end": "nothing arrives later than the bound by which absence is proved",
    "alarm unknown_order": "the desk keeps words about nobody's orders before they reach a register",
}  # fmt: skip
