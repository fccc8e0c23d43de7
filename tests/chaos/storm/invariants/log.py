"""S12, S13, S15, S19: the log, what is shown of it, what may never be in it, and who asked."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Asked, Commanded, Committed, Entry, Posted, Published

from karat.ports.commands import CommandTaken
from karat.ports.trading import LoggedEvent, TradingJournal, Transaction

_PAGE = 500


class Log(Check):
    """S12: gapless, each event with its cause, and no change of an order's status without an event beside it."""

    hears = (Committed,)

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

    @property
    def hash(self) -> str:
        """Of what was read of it so far."""
        return self._hash.hexdigest()

    def read_again(self, events: Iterable[LoggedEvent]) -> Found:
        """At the end: what was read as it grew is still what is there. `events`: the whole log, read anew."""
        yield from self.read_on()
        if log_hash(events) != self.hash:
            yield "S12", "the log is not what it was when it was written"


class Shown(Check):
    """S13: nothing is shown that is not committed."""

    hears = (Published,)

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Published) and entry.sequence > known.last:
            yield "S13", f"readers were shown event {entry.sequence}, committed is {known.last}"


class Canary(Check):
    """S15: the secret that every storm carries is in nothing that leaves or stays."""

    hears = (Committed, Posted)

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

    hears = (Commanded, Committed)

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


class Inbox(Check):
    """S19: what is left in the inbox is taken once, by its first content, with an event; what may not be is refused
    with a reason and changes nothing."""

    hears = (Asked, Committed)

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Asked, int]] = {}
        self._done: dict[str, bool] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Asked):
            self._asked.setdefault(entry.command.id, (entry, known.writable_ms))
        if isinstance(entry, Committed):
            transaction = entry.transaction
            causes = {event.cause for event in transaction.events}
            for taken in transaction.taken:
                yield from self._taken(taken, causes)
            yield from self._changed(transaction)

    def on_time(self, known: Known) -> Found:
        longest = known.setting.times.command_max
        for name, (asked, since) in self._asked.items():
            if name not in self._done and known.writable_ms - since > longest:
                yield "S19", f"nobody has taken {asked.command.kind} ({name}) for {known.writable_ms - since} ms"

    def _taken(self, taken: CommandTaken, causes: set[str]) -> Found:
        asked = self._asked.get(taken.id)
        if asked is None:
            yield "S19", f"{taken.id} was taken, and nobody asked for it"
            return
        if taken.id in self._done:
            yield "S19", f"{taken.id} was taken twice"
        if taken.id not in causes:
            yield "S19", f"{taken.id} was taken, and no event says so"
        if asked[0].refused and taken.done:
            yield "S19", f"{asked[0].command.kind} {dict(asked[0].command.payload)} was done: {taken.answer}"
        if not taken.done and not taken.answer:
            yield "S19", f"{taken.id} was refused without a reason"
        self._done[taken.id] = taken.done

    def _changed(self, transaction: Transaction) -> Found:
        limits = transaction.facts.get("limits")
        if limits is not None:
            changes = [one["command"] for one in limits["changes"]]
            for name in changes:
                if not self._done.get(name, False):
                    yield "S19", f"{name} changed a limit, and was not done"
            if len(set(changes)) < len(changes):
                yield "S19", "a command changed a limit twice"
        done = [one.id for one in transaction.taken if one.done and one.id in self._asked]
        kinds = {self._asked[name][0].command.kind for name in done}
        if transaction.parameters and "bots.set" not in kinds:
            yield "S19", f"parameters of {list(transaction.parameters)} changed without a command"


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
