"""Where a process dies: chosen moments of a bot's work, by SIGKILL from itself, whatever store its journal is in.

Each wraps one edge of the runtime: the journal as the desk calls it, the statements that reach the database, the venue
as the desk calls it, and the venue's words on their way to the desk.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from karat.journal.store import SqlJournal
from karat.kernel.engine import Inputs
from karat.oms.client_ids import Part, part_of
from karat.oms.records import EventKind
from karat.ports.trading import Transaction
from karat.ports.venue import CancelOrder, OrderSaid, Request, Said, Sink, Submit
from karat.venues.paper import PaperVenue

# Each with how often it comes in the life of two bots, at most: the death is drawn from 1 to this.
POINTS = {
    "before a write": 80,
    "after a write": 80,
    "within a transaction": 600,
    "before a post": 20,
    "after a post": 20,
    "before a cancel": 6,
    "before a walk": 150,
    "within a walk": 40,
    "after a word": 40,
    "between a stop and its ack": 8,
    "after the ack of a stop": 8,
}
CARRIED_SHARE = 10  # bars that come at once share a transaction: fewer moments of every kind but those of orders


class Death:
    """Dies when `point` has come `left` times."""

    def __init__(self, point: str, left: int) -> None:
        self._point = point
        self._left = left

    def at(self, point: str) -> None:
        if point != self._point:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingVenue(PaperVenue):
    """A paper venue in whose hands, or by whose word, the process dies."""

    def __init__(self, death: Death) -> None:
        super().__init__()
        self._death = death

    def listen(self, sink: Sink) -> None:
        def hear(said: Said) -> None:
            is_stop = isinstance(said, OrderSaid) and said.event.kind is EventKind.ACK and _is_stop(said.event.order)
            if is_stop:
                self._death.at("between a stop and its ack")
            self._death.at("within a walk")
            sink(said)
            self._death.at("after a word")
            if is_stop:
                self._death.at("after the ack of a stop")

        super().listen(hear)

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        self._death.at("before a walk")
        super().walk(bot, inputs, bar)

    def post(self, request: Request) -> None:
        if isinstance(request, CancelOrder):
            self._death.at("before a cancel")
        if isinstance(request, Submit):
            self._death.at("before a post")
        super().post(request)
        if isinstance(request, Submit):
            self._death.at("after a post")


class _DyingCursor:
    """A cursor before each of whose statements the process may die."""

    def __init__(self, cursor: Any, death: Death) -> None:
        self._cursor = cursor
        self._death = death

    def execute(self, *given: Any) -> Any:
        self._death.at("within a transaction")
        return self._cursor.execute(*given)

    def executemany(self, *given: Any) -> Any:
        self._death.at("within a transaction")
        return self._cursor.executemany(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def mortal(journal: SqlJournal, death: Death) -> SqlJournal:
    """The same journal, at whose edges the process may die."""
    writer, write = journal._writer, journal.write
    writer.cursor = _DyingCursor(writer.cursor, death)

    def dying_write(transaction: Transaction) -> int:
        death.at("before a write")
        newest = write(transaction)
        death.at("after a write")
        return newest

    journal.write = dying_write  # type: ignore[method-assign]
    return journal


def _is_stop(name: Any) -> bool:
    return name is not None and part_of(name) is Part.STOP
