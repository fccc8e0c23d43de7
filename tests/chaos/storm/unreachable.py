"""What no storm can meet with this desk and this exchange, and why. What turns out to be met all the same fails.

Two kinds of fault of the reference have no room in the product yet, and are drawn by nobody (`faults.NOT_DRAWN`): F21,
an AI service that hangs, lies or is lied to, and F24, the troubles of a chain. Whoever brings the first model or the
first chain into the process has to draw them here.
"""

from __future__ import annotations

from karat.oms.records import Alarm, EventKind, Status

_K, _S = EventKind, Status
_ENDED = (_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED)


def _edges(why: str, kind: EventKind, *statuses: Status) -> dict[str, str]:
    return {f"edge {status.name} {kind.name}": why for status in statuses}


def _all_but(*statuses: Status) -> tuple[Status, ...]:
    return tuple(status for status in Status if status not in statuses)


_FIRST = (_K.SEND, _K.WITHDRAW, _K.CANCEL)  # what an entry that waits for an earlier one can meet
_ONE_STEP = "an order is intended and sent in one step of the desk: nothing is said to it in between"
_ONCE = "the desk sends nothing a second time: what is not there by proof is meant anew, under another name"
_ONE_END = "an order at the exchange of the storm ends once, in one way"
_SWITCHES = "the switches of the house say no before the layers of risk are asked"
_NO_LAKE = "a storm has no lake whose series could be damaged; tests/unit/bots/test_data_intact.py has"
_SMALL = "ten minutes lose less than the least that this limit may be; tests/unit/bots/test_limits_bite.py loses more"
_HONEST = "the exchange of the storm does not contradict itself"

UNREACHABLE: dict[str, str] = {
    **{f"edge {_S.INTENDED.name} {kind.name}": _ONE_STEP for kind in EventKind if kind not in _FIRST},
    **_edges(_ONE_STEP, _K.SEND, *_all_but(_S.INTENDED)),
    **_edges(_ONE_STEP, _K.WITHDRAW, *_all_but(_S.INTENDED)),
    **_edges(_ONCE, _K.RESEND, *_all_but()),
    **_edges(_ONCE, _K.DUPLICATE_ID, *_all_but()),
    **_edges("only what was sent is waited for", _K.TIME_OUT, *_all_but(_S.SENT)),
    **_edges("asked of what is alive, once at a time", _K.CANCEL, *_ENDED),
    **_edges("a cancel is open in no other status", _K.CANCEL_TIME_OUT, _S.SENT, _S.ACKNOWLEDGED, _S.PARTLY_FILLED),
    **_edges("nobody waits for the cancel of what has ended", _K.CANCEL_TIME_OUT, *_ENDED),
    **_edges("an order is refused at its arrival", _K.REJECT, _S.ACKNOWLEDGED, _S.PARTLY_FILLED, _S.CANCEL_REQUESTED),
    **_edges(_ONE_END, _K.REJECT, _S.FILLED, _S.CANCELLED, _S.EXPIRED),
    **_edges(_ONE_END, _K.EXPIRE, _S.FILLED, _S.CANCELLED, _S.REJECTED),
    **_edges(_ONE_END, _K.CANCEL_DONE, _S.FILLED, _S.REJECTED, _S.EXPIRED),
    **_edges(_ONE_END, _K.ACK, _S.REJECTED),
    **_edges(_ONE_END, _K.FILL, _S.REJECTED),
    "refused sane": "the desk counts in whole lots and ticks, and names every signal",
    "refused size_min": "the least that a market of the storm takes is one lot, and no rule leaves less",
    "refused size_max": "no bot of the storm wants as much as the exchange takes",
    "refused bot_running": _SWITCHES,
    "refused switches": "breakers are asked by the entry filter, the kill switch before it",
    "refused house": _SWITCHES,
    "refused duplicate": "bars are longer than looks are apart: one that does not find an order shuts the gate before",
    "filtered session": "the markets of the storm never sleep",
    "refused bot_drawdown": _SMALL,
    "refused drawdown": _SMALL,
    "breaker data": _NO_LAKE,
    "refused data": _NO_LAKE,
    "switch kill_unknown": "the kill switch of the storm has one source, the inbox of the process",
    "switch safe_mode": "the storm does not count starts: a crash a minute would shut its bots for good",
    "alarm kill_failed": "an error of a programmer, while a position is closed",
    "alarm watch_failed": "an error of a programmer, in the watch",
    "alarm fee_currency": "the exchange of the storm takes fees in the currency of its markets",
    "alarm missed_tick": "the feed of the storm cannot be hurried: it brings its bars, or what is missing",
    "alarm group_died": "at a venue with a time of its own tasks are begun again by their supervisor, without an alarm",
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
