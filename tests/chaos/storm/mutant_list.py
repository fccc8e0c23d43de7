"""The mutants: what each breaks, and the invariants of which one has to catch it."""

from __future__ import annotations

from tests.chaos.storm.mutants import Mutant
from tests.chaos.storm.mutated import Patch

_DESK = "karat/bots/desk/"


def _mutant(
    name: str, path: str, old: str, new: str, *caught_by: str, seed: int = 1, also: tuple[Patch, ...] = ()
) -> Mutant:
    return Mutant(name, path, old, new, frozenset(caught_by), seed, also=also)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "a fill that is heard again is booked again", "karat/oms/order.py",
        "        if booked.id == fill.id:\n", "        if booked.id == fill.id and booked != fill:\n",
        "S4", "S5", "S7", "S9", seed=2,
    ),
    _mutant(
        "an order leaves before it is written", _DESK + "outbox.py",
        "        transaction, posts = self._unwritten\n",
        "        transaction, posts = self._unwritten\n"
        "        [self._post(one, transaction.at_ms) for one in posts]\n        posts = []\n",
        "S1", seed=2,
    ),
    _mutant(
        "what is not answered is sent again", _DESK + "watching.py",
        '            book.take(Event(EventKind.TIME_OUT, order.id), "clock")\n',
        '            book.take(Event(EventKind.TIME_OUT, order.id), "clock")\n'
        "            from karat.bots.desk.orders import submit_of\n"
        "            self.desk.venue.post(submit_of(record))\n",
        "S2", seed=3,
    ),
    _mutant(
        "what is not answered is taken for refused", _DESK + "watching.py",
        '            book.take(Event(EventKind.TIME_OUT, order.id), "clock")\n',
        '            book.take(Event(EventKind.REJECT, order.id), "clock")\n',
        "S9", seed=3,
    ),
    _mutant(
        "a stop goes before its successor stands", "karat/oms/protection.py",
        "    return [Place(Part.STOP, position.closing_side, held, position.stop_ticks)]\n",
        "    return [*_cancels(stops), Place(Part.STOP, position.closing_side, held, position.stop_ticks)]\n",
        "S11", seed=2,
    ),
    _mutant(
        "nobody looks at the venue", _DESK + "reconciling.py",
        "        self._take_answers(now_ms)\n        timings",
        "        self.desk.condition.reconciled = True\n        return\n        timings",
        "S8", seed=2,
    ),
    _mutant(
        "a kill is not written down", _DESK + "killing.py",
        "        self._desk.gathered.facts[FACT] = fact\n", "",
        "S8", "E3",
    ),
    _mutant(
        "a kill holds no entry back",
        _DESK + "condition.py",
        "        if self.killed:\n",
        "        if False:\n",
        "S8", seed=2,
    ),
    _mutant(
        "who lost the lease goes on writing", "karat/journal/trading_writing.py",
        "        if token != given.token or token < 1:\n", "        if token < 1:\n",
        "S20", seed=6,
    ),
    _mutant(
        "one look proves that an order never arrived", "karat/oms/order.py",
        "    if order.absent_ms is None or order.absent_ms == event.after_ms:\n", "    if False:\n",
        "S9", seed=3,
    ),
    _mutant(
        "an absence before the venue's bound counts", "karat/oms/order.py",
        "    if event.number != order.sends or event.after_ms <= order.arrival_ms_max:\n",
        "    if event.number != order.sends:\n",
        "S9", seed=4,
    ),
    _mutant(
        "what could not be written is forgotten", _DESK + "outbox.py",
        "            self._fail(error)\n            return False\n",
        "            self._fail(error)\n            self._unwritten = None\n            return False\n",
        "E1", "E3", "E7", "E8", "S1", "S4", "S5", "S6", "S9", "S12", "S17", seed=8,
    ),
    _mutant(
        "a stop may open a position", _DESK + "protecting.py",
        "        reduce_only=True, parent=parent, timing=Timing(book.kernel.bar),\n",
        "        reduce_only=False, parent=parent, timing=Timing(book.kernel.bar),\n",
        "S7", seed=2,
    ),
    _mutant(
        "what is nobody's is not found out", _DESK + "reconciling.py",
        "        for declaration in agreed:\n", "        for declaration in ():\n",
        "L3", "L4", "L7", "E5", seed=12,
    ),
    _mutant(
        "an overfill halts nobody", "karat/oms/order.py",
        "        edge = replace(edge, effects=(*edge.effects, EffectKind.HALT))\n", "",
        "S4", seed=33,
    ),
    _mutant(
        "what leaves in an outage is not kept", _DESK + "outbox.py",
        "            self._emergency.keep(orders)\n", "            pass\n",
        "S1", seed=144,
    ),
    _mutant(
        "what left in an outage is not taken over", _DESK + "outbox.py",
        "            if desk.journal.order(one.order.id) is None:\n", "            if False:\n",
        "S2", seed=144,
    ),
    _mutant(
        "requests leave while the venue has banned us", _DESK + "outbox.py",
        "        silent = desk.now_ms() < desk.condition.silent_until_ms\n", "        silent = False\n",
        "S14", seed=5,
    ),
    _mutant(
        "old prices are good enough", _DESK + "condition.py",
        "        return found + (self.freshness.wrong(market, now_ms) if self.freshness is not None else [])\n",
        "        return found\n",
        "S8", seed=21,
    ),
    _mutant(
        "an entry does not wait for the end of an earlier one", _DESK + "waiting.py",
        '        return book.notes[order.id].decision_ts != record.decision_ts\n', "        return False\n",
        "S6", seed=126,
    ),
    _mutant(
        "a stop is not lowered after a partial take", "karat/oms/protection.py",
        "    fitting = _fitting([stop for stop in wanted if stop.status in _LIVE], held, _sure_lots)\n"
        "    cover = sum(_sure_lots(stop) for stop in fitting)\n"
        "    if cover == held:\n",
        "    fitting = [stop for stop in wanted if stop.status in _LIVE]\n"
        "    cover = sum(_sure_lots(stop) for stop in fitting)\n"
        "    if cover >= held:\n",
        "S7", seed=10,
    ),
    _mutant(
        "a bot turns before its exit is over", _DESK + "waiting.py",
        "    return part in _CLOSING or not _grows(record)\n", "    return False\n",
        "S7", seed=58,
    ),
    _mutant(
        "risk ignores what is in flight", _DESK + "risk_gate.py",
        "        flying = (*picture.flying(book.record.currency), *self._flying)\n", "        flying = ()\n",
        "S6", seed=5,
    ),
    _mutant(
        "risk looks at one bot alone", _DESK + "picture.py",
        "        for cell, lots in self._cells.get(own.currency, {}).items():\n", "        for cell, lots in ():\n",
        "S6", seed=3,
    ),
    _mutant(
        "limits that were changed are forgotten", _DESK + "limit_book.py",
        '        for name, value in told.get("values", {}).items():\n', "        for name, value in ():\n",
        "S6", seed=5,
    ),
    _mutant(
        "a limit is not held against its bounds", "karat/risk/limits.py",
        "    if not limit.minimum <= value <= limit.maximum:\n", "    if False:\n",
        "S19",
    ),
    _mutant(
        "a bar that is open is taken as closed", "karat/bots/intake.py",
        "        if bar.ts + width > self._now_ms() and self._is_sure():\n", "        if False:\n",
        "S17", seed=41,
    ),
    _mutant(
        "exits are marked although other bots outweigh them", _DESK + "beside.py",
        "    if borne <= 0:\n", "    if True:\n        return True\n    if borne <= 0:\n",
        "E1", "E2", "E5", "E6", "L3", seed=2,
    ),
    _mutant(
        "nothing is reserved for what the venue has not acknowledged", _DESK + "shares.py",
        "        lots=order.reserved_lots,\n",
        "        lots=order.reserved_lots if order.venue_id is not None else 0,\n",
        "S6", seed=5,
    ),
    _mutant(
        "a reservation is released while nobody knows what has become of an order", _DESK + "shares.py",
        "        lots=order.reserved_lots,\n",
        "        lots=0 if order.status.name in ('UNKNOWN', 'CANCEL_REQUESTED') else order.reserved_lots,\n",
        "S6", seed=103,
    ),
    _mutant(
        "a cancel that was done ends an order without its fills", "karat/oms/order.py",
        "    reported = max(order.reported_lots, event.lots)\n",
        "    reported = max(order.reported_lots, 0 if event.kind == EventKind.CANCEL_DONE else event.lots)\n",
        "S5", seed=137,
    ),
    _mutant(
        "a fill that comes after the end of its order is let go of", "karat/oms/order.py",
        "    booked = replace(known, fills=tuple(sorted((*order.fills, fill), key=_venue_order)))\n",
        "    if order.status in (Status.CANCELLED, Status.EXPIRED):\n        return _stay(order, known, alarms)\n"
        "    booked = replace(known, fills=tuple(sorted((*order.fills, fill), key=_venue_order)))\n",
        "S4", seed=24,
    ),
    _mutant(
        "a bar that was there already is taken again", "karat/bots/intake.py",
        '            return [], "it was there already"\n', '            return [arrival._replace(more=False)], ""\n',
        "L5",
    ),
    _mutant(
        "the last bar is decided again after a restart", "karat/bots/enlisting.py",
        "        bars = status.bars\n", "        bars = max(status.bars - 1, 0)\n",
        "E7", "L5", "S17", also=((
            "karat/bots/runner.py",
            "min(self._journal.status(record.id).bars for record, _ in members)",
            "min(max(self._journal.status(record.id).bars - 1, 0) for record, _ in members)",
        ), (_DESK + "recovery.py", "    if same:\n", "    if True:\n")),
    ),
    _mutant(
        "a bar with a price that cannot be is taken", "karat/bots/intake.py", "LEAP = 1.5  #", "LEAP = 1.5e9  #", "S17",
    ),
    _mutant(
        "a restart forgets who was halted", _DESK + "desk.py",
        '            if kind == "halt" and told:\n', "            if False:\n",
        "S8", seed=24,
    ),
    _mutant(
        "a payment that is told again is booked again", _DESK + "charges.py",
        "    if said.id in desk.charged:\n", "    if False:\n",
        "E6", "S14", seed=2,
    ),
    _mutant(
        "a decided exit has no mark", _DESK + "protecting.py",
        "    return not alone or is_marked(book, lots, mark)\n", "    return False\n",
        "S7", seed=2,
    ),
    _mutant(
        "what is worth an order is taken for dust", _DESK + "beside.py",
        "times: float = 1.0", "times: float = _SURE",
        "S7", seed=148,
    ),
    _mutant(
        "an exit leaves without a mark while a stop is alive", _DESK + "beside.py",
        "    return any(book.live_of(Part.STOP, Part.TAKE)) or not _is_dust(", "    return not _is_dust(",
        "S7", seed=237,
    ),
    _mutant(
        "one of two bots alone is settled", _DESK + "settling.py",
        "in ((long, short), (short, long)):", "in ((long, short), (long, short))[:1]:",
        "S5", seed=20126,
    ),
    _mutant(
        "an overfill is let go of", "karat/oms/order.py",
        "    if booked.filled_lots > order.lots:\n        alarms",
        "    if booked.filled_lots > order.lots:\n        return _stay(order, known, alarms)\n"
        "    if booked.filled_lots > order.lots:\n        alarms",
        "S4", seed=33,
    ),
)  # fmt: skip
