"""S1, S2, S3, S9, S10: what leaves, and how an order lives."""

from __future__ import annotations

from decimal import Decimal

from tests.chaos.storm.exchange_records import Terms
from tests.chaos.storm.invariants.base import Change, Check, Found, Known, adds_risk, intent_of
from tests.chaos.storm.tape import Arrived, Committed, Entry, Posted

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import Part, order_key
from karat.oms.edges import EDGES, allowed
from karat.oms.records import TERMINAL, EventKind, Status
from karat.ports.venue import Submit


class Intended(Check):
    """S1: what leaves was committed before, as it leaves, and committed as sent."""

    hears = (Posted,)

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Posted) or not isinstance(entry.request, Submit):
            return
        asked, record = entry.request, known.records.get(entry.request.id)
        if record is None:
            yield "S1", f"{asked.id} left before its intent was committed"
            return
        order = record.order
        left = (asked.market, asked.side, asked.lots, asked.limit_ticks, asked.trigger_ticks, asked.reduce_only)
        meant = (order.market, order.side, order.lots, order.limit_ticks, order.trigger_ticks, order.reduce_only)
        if left != meant:
            yield "S1", f"{asked.id} left as {left}, its intent is {meant}"
        if order.status == Status.INTENDED or order.sends < asked.number:
            yield "S1", f"{asked.id} left for time {asked.number}, committed are {order.sends} sendings"


class Once(Check):
    """S2: one live order per intent, one content per id, nothing sent again blindly."""

    hears = (Posted, Arrived)

    def __init__(self) -> None:
        self._left: dict[ClientOrderId, tuple[Submit, set[int]]] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Posted) and isinstance(entry.request, Submit):
            yield from self._posted(entry.request, known)
        if isinstance(entry, Arrived) and isinstance(entry.received.request, Submit):
            yield from self._live(entry.received.request, known)

    def _posted(self, asked: Submit, known: Known) -> Found:
        first, numbers = self._left.setdefault(asked.id, (asked, set()))
        if _content(first) != _content(asked):
            yield "S2", f"{asked.id} is used again for another order"
        if asked.number in numbers:
            yield "S2", f"sending {asked.number} of {asked.id} left twice"
        numbers.add(asked.number)
        if asked.number > 1 and adds_risk(asked) and not known.exchange.id_is_unique:
            yield "S2", f"{asked.id} adds risk and is sent again where ids are not unique"

    def _live(self, asked: Submit, known: Known) -> Found:
        key = order_key(asked.id)
        live = [order for order in known.exchange.live.values() if order.id is not None and _same(order.id, asked.id)]
        if len(live) > 1 and key is not None:
            yield "S2", f"{len(live)} live orders for the intent of {asked.id}: {[order.id for order in live]}"


class OneEntry(Check):
    """S3: one signal, one entry; none beside one of which nothing is known."""

    hears = (Committed, Posted)

    def __init__(self) -> None:
        self._entries: dict[tuple[str, int, str], tuple[int, int, int, Part]] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            for change in known.changes:
                yield from self._one_intent(change)
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            yield from self._unheard(entry.request, known)

    def _one_intent(self, change: Change) -> Found:
        record, key = change.new, order_key(change.new.order.id)
        if change.old is None and key is not None and key.part in (Part.ENTRY, Part.LIMIT):
            signal = (record.bot, record.decision_ts, str(key.part))
            first = self._entries.setdefault(signal, intent_of(key))
            if first != intent_of(key):
                yield "S3", f"the signal of {record.bot} at {record.decision_ts} gave a second entry {record.order.id}"

    def _unheard(self, asked: Submit, known: Known) -> Found:
        mine = known.records.get(asked.id)
        if mine is None:
            return
        signal = (mine.bot, mine.order.market, mine.order.side, mine.decision_ts)
        for record in known.records.values():
            order = record.order
            is_open = order.status in (Status.SENT, Status.UNKNOWN) and not order.reduce_only
            if is_open and order.id != asked.id and signal == (
                record.bot, order.market, order.side, record.decision_ts
            ):  # fmt: skip
                yield "S3", f"{asked.id} leaves while {order.id} of the same signal is {order.status.name}"


class Monotonic(Check):
    """S9: no way outside the table, the end is the end, and only the venue's word or the proof of absence ends."""

    hears = (Committed,)

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            for change in known.changes:
                yield from self._stepped(change, known)

    def _stepped(self, change: Change, known: Known) -> Found:
        order, old = change.new.order, None if change.old is None else change.old.order
        before = Status.INTENDED if old is None else old.status
        if order.status not in _REACH[before]:
            yield "S9", f"{order.id} went from {before.name} to {order.status.name}"
        if old is not None and (order.sends < old.sends or order.reported_lots < old.reported_lots):
            yield "S9", f"{order.id} forgot sendings or reported lots"
        if order.status in TERMINAL and before not in TERMINAL:
            yield from self._ended(change, known)

    def _ended(self, change: Change, known: Known) -> Found:
        order = change.new.order
        kinds = [event.kind for event in known.heard.get(order.id, ())]
        if order.status == Status.FILLED:
            if order.filled_lots < order.lots:
                yield "S9", f"{order.id} is FILLED with {order.filled_lots} of {order.lots} lots"
        elif order.sends == 0:
            if order.status != Status.CANCELLED:
                yield "S9", f"{order.id} never left, yet is {order.status.name}"
        elif _ENDS[order.status] not in kinds:
            proofs = [event for event in known.heard.get(order.id, ()) if event.kind == EventKind.ABSENT]
            late = order.id not in known.posted or known.now_ms - known.sent_ms[order.id] > order.arrival_ms_max
            if order.status != Status.EXPIRED or len(proofs) < 2 or not late:
                yield "S9", f"{order.id} is {order.status.name} without the venue's word and without a proof of absence"


class WellFormed(Check):
    """S10: whole, positive, on the grid, inside the market's own bounds."""

    hears = (Posted,)

    def __init__(self) -> None:
        self._terms: dict[str, Terms] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Posted) or not isinstance(entry.request, Submit):
            return
        asked = entry.request
        if not self._terms:
            self._terms = {one.market: Terms.of(one) for one in known.setting.instruments}
        levels = [ticks for ticks in (asked.limit_ticks, asked.trigger_ticks) if ticks is not None]
        if any(type(number) is not int for number in (asked.lots, asked.side, *levels)):
            yield "S10", f"{asked.id} carries a number that is not whole: {asked}"
            return
        if asked.lots <= 0 or asked.side not in (1, -1) or any(ticks <= 0 for ticks in levels):
            yield "S10", f"{asked.id} carries a number that is not positive: {asked}"
        terms = self._terms.get(asked.market)
        if terms is None:
            yield "S10", f"{asked.id} is for {asked.market}, which there is not"
            return
        mark = known.exchange.mark(asked.market)
        small = terms.value(asked.lots, mark) < terms.min_notional * Decimal("0.9")
        if not terms.min_lots <= asked.lots <= terms.max_lots or (small and not asked.reduce_only):
            yield "S10", f"{asked.id} of {asked.lots} lots is outside what {asked.market} takes"


def _content(asked: Submit) -> tuple[object, ...]:
    return asked.market, asked.side, asked.lots, asked.limit_ticks, asked.trigger_ticks, asked.reduce_only


def _same(one: str, other: str) -> bool:
    left, right = order_key(one), order_key(other)
    return left is not None and right is not None and intent_of(left) == intent_of(right)


def _reach() -> dict[Status, frozenset[Status]]:
    """Where an order may stand after any number of events; no way leads on from an end but to itself."""
    ways = {status: {to for one, kind in EDGES if one == status for to in allowed(one, kind)} for status in Status}
    reach: dict[Status, frozenset[Status]] = {}
    for status in Status:
        seen, new = {status}, {status}
        while new:
            new = {to for one in new if one not in TERMINAL for to in ways[one]} - seen
            seen |= new
        reach[status] = frozenset(seen)
    return reach


_REACH = _reach()
_ENDS = {
    Status.CANCELLED: EventKind.CANCEL_DONE, Status.REJECTED: EventKind.REJECT, Status.EXPIRED: EventKind.EXPIRE,
}  # fmt: skip
