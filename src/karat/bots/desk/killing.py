"""The kill switch at the desk: heard of from many places, latched in one, released by a person alone.

1. Latching is the first thing that happens, in memory, before anything is told or written: no code that reports can
   hinder it (failures: R2). From then on no entry passes, and none that waits leaves.
2. What follows is tried again each second until the venue was seen flat: entries and limits are cancelled, positions
   closed. A bot at which that goes wrong does not hold up the others.
3. The fact `kill` is the latch of the journal; a restart takes it up. A flag that has gone releases nothing.
4. A source that cannot be asked is unknown: entries are refused, nothing is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.draining import recall_entries
from karat.core.errors import NeedsOperator, RetryLater
from karat.oms.protection import Flatten
from karat.oms.reconcile import VenueView
from karat.ports.cockpit import EventKind
from karat.ports.kill import KillSource
from karat.ports.trading import Facts
from karat.risk.kill import (
    NO_REASON,
    KillPulled,
    KillReleaseAsked,
    KillState,
    VenueSeen,
    after_kill_event,
    kill_state_of,
)

FACT = "kill"
NOT_ASKED = "it was not asked yet"


class KillSwitch:
    """Latches the desk. `sources` are looked at by `look` (those near) and told of by `hear` (all others)."""

    def __init__(self, desk: Desk, sources: Sequence[KillSource] = ()) -> None:
        self._desk = desk
        self.sources = tuple(sources)
        self._up: dict[str, bool] = {}
        self.state = KillState()
        desk.pull_kill = self.pull
        desk.condition.kill_unknown |= {one.name: NOT_ASKED for one in self.sources}

    def restore(self, facts: Facts) -> None:
        """Take the latch up as the journal has it."""
        self.state = kill_state_of(facts.get(FACT, {}))
        self._desk.condition.killed = self.state.reason

    def look(self) -> None:
        """Look at the sources that cost nothing."""
        for source in self.sources:
            if source.is_near:
                self.ask(source)

    def ask(self, source: KillSource) -> None:
        """Look at one source and do what follows."""
        try:
            self.hear(source.name, source.look())
        except RetryLater as error:
            self.miss(source.name, error.message)

    def hear(self, name: str, reason: str | None) -> None:
        """A source says why it was pulled there, or None. A flag that stays up is one pull, also over a restart."""
        was_up = self._up.get(name)  # None: this is the first look since the start
        self._up[name] = reason is not None
        self._desk.condition.kill_unknown.pop(name, None)
        if reason is not None and not (self.state.latched and was_up is not False):
            self.pull(reason, name)

    def miss(self, name: str, words: str) -> None:
        """A source cannot be asked: entries are refused until it can."""
        if self._desk.condition.kill_unknown.get(name) == words:
            return
        self._desk.condition.kill_unknown[name] = words
        text = f"The kill switch in {name} cannot be asked: {words}"
        self._desk.gathered.tell(None, EventKind.WARNING, text, {"code": "kill_unknown", "source": name}, "kill")

    def pull(self, reason: str, cause: str) -> None:
        """Latch, then close. `cause` names who or what pulled."""
        desk, before = self._desk, self.state
        self.state = after_kill_event(before, KillPulled(reason or NO_REASON, desk.now_ms()))
        desk.condition.killed = self.state.reason
        if not before.latched:
            text = f"The kill switch was pulled ({cause}): {self.state.reason}. Positions are closed, entries refused."
            self._keep(text, {"pulled": self.state.as_dict(), "by": cause}, cause)
        elif self.state != before:
            self._keep("The kill switch was pulled again.", {"by": cause}, cause)
        self.close()
        desk.flush()

    def tick(self) -> None:
        """What a latched switch does each second: close what is open, and see whether all is flat."""
        if not self.state.latched:
            return
        self.close()
        if self._desk.venue.traits.simulates and not self.state.flat_seen:
            self.saw(*self._simulated())
        self._desk.flush()

    def close(self) -> None:
        """Nothing that opens stays alive, and every position is on its way out."""
        if not self._desk.can_act:
            return
        for book in tuple(self._desk.books.values()):
            try:
                self._close_one(book)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one bot, the others are closed
                text = f"The kill switch could not close {book.record.id}: {type(error).__name__}: {error}"
                self._desk.gathered.tell(book.record.id, EventKind.ALARM, text, {"alarm": "kill_failed"}, "kill")

    def saw_view(self, view: VenueView) -> None:
        """The venue was looked at."""
        self.saw(sum(lots != 0 for lots in view.positions.values()), len(view.orders))

    def saw(self, positions: int | None, orders: int | None) -> None:
        """How many positions and orders there are; None is unknown."""
        before = self.state
        self.state = after_kill_event(before, VenueSeen(positions, orders))
        if self.state == before:
            return
        text = "The venue is not flat any more."
        if self.state.flat_seen:
            text = "All is flat: no position and no order is left. The kill switch stays latched until it is released."
        self._keep(text, {"flat": self.state.flat_seen}, "kill")

    def release(self, who: str) -> None:
        """A person lets trading go on. Raises NeedsOperator `kill_not_released` with the reason, also where a source
        cannot be cleared; then it stays latched."""
        if self.state.latched and self._desk.venue.traits.simulates:
            self.saw(*self._simulated())
        after = after_kill_event(self.state, KillReleaseAsked(who))
        if after.latched or not self.state.latched:
            hint = "Close what is open first; karat kill --status tells what that is."
            raise NeedsOperator("kill_not_released", f"Not released: {after.last_word}.", hint)
        for source in self.sources:
            try:
                source.clear()
            except RetryLater as error:
                words = f"Not released: the flag in {source.name} cannot be taken down. {error.message}"
                raise NeedsOperator("kill_not_released", words, error.hint) from error
            self._up[source.name] = False
        self.state = KillState()
        self._desk.condition.killed = ""
        self._keep(f"The kill switch was released by {who}.", {"released": who}, f"person:{who}")
        self._desk.flush()

    def _keep(self, text: str, payload: Mapping[str, Any], cause: str) -> None:
        """Keep the latch as it is now, and tell it."""
        fact = self.state.as_dict() if self.state.latched else {}
        self._desk.gathered.facts[FACT] = fact
        told = {**payload, "facts": {FACT: fact}}
        self._desk.gathered.tell(None, EventKind.KILL, text, told, cause)

    def _close_one(self, book: Book) -> None:
        recall_entries(book, "kill")
        there = book.there_lots
        if there:
            self._desk.flatten(book, Flatten(-book.kernel.holding.side, there), "kill")

    def _simulated(self) -> tuple[int | None, int | None]:
        """Positions and orders where the books are the venue: of the bots that run here, and of all others of the
        journal, which keep theirs until they run again."""
        here = {book.record.id for book in self._desk.books.values()}
        positions = sum(book.kernel.holding.side != 0 for book in self._desk.books.values())
        orders = sum(len(book.live_orders()) for book in self._desk.books.values())
        try:
            positions += sum(one.lots != 0 for one in self._desk.journal.accounts() if one.bot not in here)
            orders += sum(one.bot not in here for one in self._desk.journal.open_orders())
        except RetryLater:
            return None, None
        return positions, orders
