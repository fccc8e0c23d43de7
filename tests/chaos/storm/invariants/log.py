"""S12, S13, S15, S19: the log, what is shown of it, what may never be in it, and who asked."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Commanded, Committed, Entry, Posted, Published

from karat.ports.trading import LoggedEvent, TradingJournal

_PAGE = 500


class Log(Check):
    """S12: gapless, each event with its cause, and no change of an order's status without an event beside it."""

    def __init__(self, journal: TradingJournal, every: int = 50) -> None:
        self._journal, self._every, self._commits = journal, every, 0
        self._read = 0
        self._hash = hashlib.sha256()
        self._last = 0

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Committed):
            return
        events = entry.transaction.events
        if any(not event.cause for event in events):
            yield "S12", f"an event without a cause before number {entry.sequence}"
        if entry.sequence < self._last + len(events):
            yield "S12", f"{len(events)} events after number {self._last} end at {entry.sequence}"
        self._last = entry.sequence
        for change in known.changes:
            moved = change.old is None or change.old.order.status != change.new.order.status
            if moved and not events:
                yield "S12", f"{change.new.order.id} is {change.new.order.status.name} and no event says so"
        self._commits += 1
        if self._commits % self._every == 0:
            yield from self.read_on()

    def read_on(self) -> Found:
        """What is new in the log, by the journal's own word."""
        while batch := self._journal.log(self._read, _PAGE):
            for event in batch:
                if event.sequence != self._read + 1:
                    yield "S12", f"event {event.sequence} follows event {self._read}"
                self._read = event.sequence
                self._hash.update(_line(event))

    def read_again(self) -> Found:
        """At the end: what was read as it grew is still what is there."""
        yield from self.read_on()
        if log_hash(whole_log(self._journal)) != self._hash.hexdigest():
            yield "S12", "the log is not what it was when it was written"


class Shown(Check):
    """S13: nothing is shown that is not committed."""

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Published) and entry.sequence > known.last:
            yield "S13", f"readers were shown event {entry.sequence}, committed is {known.last}"


class Canary(Check):
    """S15: the secret that every storm carries is in nothing that leaves or stays."""

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            transaction = entry.transaction
            told = (transaction.events, transaction.facts, transaction.traces, transaction.states)
            if known.setting.canary in repr(told):
                yield "S15", f"a secret is in the transaction that ends with event {entry.sequence}"
        elif isinstance(entry, Posted) and known.setting.canary in repr(entry.request):
            yield "S15", "a secret is in a request"


class Commands(Check):
    """S19: who may not is refused; who may is in the log."""

    def __init__(self) -> None:
        self._waiting: dict[str, int] = {}
        self._recent: deque[str] = deque(maxlen=200)  # causes: a command may be in the log before it is answered

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Commanded):
            if entry.accepted and not entry.may:
                yield "S19", f"{entry.kind} ({entry.id}) was taken from somebody who may not"
            if entry.accepted and not any(entry.id in cause for cause in self._recent):
                self._waiting.setdefault(entry.id, known.good_ms)
        if isinstance(entry, Committed):
            causes = [event.cause for event in entry.transaction.events]
            causes += [state.cause for state in entry.transaction.states]
            self._recent += causes
            for name in [name for name in self._waiting if any(name in cause for cause in causes)]:
                del self._waiting[name]

    def on_time(self, known: Known) -> Found:
        for name, since in self._waiting.items():
            if known.good_ms - since > known.setting.times.audit_max:
                yield "S19", f"the command {name} was taken and is not in the log"


def whole_log(journal: TradingJournal) -> list[LoggedEvent]:
    events: list[LoggedEvent] = []
    while batch := journal.log(events[-1].sequence if events else 0, _PAGE):
        events += batch
    return events


def log_hash(events: Iterable[LoggedEvent]) -> str:
    """Of every field of every event: what two runs of one seed must have in common (E4)."""
    told = hashlib.sha256()
    for event in events:
        told.update(_line(event))
    return told.hexdigest()


def _line(event: LoggedEvent) -> bytes:
    fields = (event.sequence, event.at_ms, event.bot, event.bar_ts, event.kind, event.text, event.cause)
    return json.dumps([*fields, dict(event.payload)], sort_keys=True, default=str).encode() + b"\n"
