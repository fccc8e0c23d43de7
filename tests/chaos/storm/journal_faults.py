"""The production journal with a database that fails (F17), a process that may die around a commit, and a tape.

Reads go straight through. A write may fail before anything is written (locked, full, I/O error), or be written and its
answer lost; the desk sees RetryLater both times, as it would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.chaos.storm.faults import Kind, Running
from tests.chaos.storm.life import Life
from tests.chaos.storm.tape import Asked, Committed, Kept, Leased, Tape
from tests.chaos.storm.world import World

from karat.core.errors import KaratError, RetryLater
from karat.core.ids import ClientOrderId
from karat.ports.commands import CommandAsked
from karat.ports.trading import OrderRecord, TradingJournal, Transaction

_WORDS = {
    "locked": "the database is locked", "full": "the disk is full", "io": "the disk gave an I/O error",
    "answer_lost": "the connection was lost during the commit",
}  # fmt: skip


class FaultyJournal:
    """`karat.ports.trading.TradingJournal` of one life over one that outlives it."""

    def __init__(self, inner: TradingJournal, life: Life, world: World, faults: Running, tape: Tape) -> None:
        self._inner, self._life, self._world, self._faults, self._tape = inner, life, world, faults, tape
        self._unanswered: tuple[Transaction, int] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, transaction: Transaction) -> int:
        if not self._life.passes("before_write"):
            return self._tape.last
        if self._unanswered is not None and self._unanswered[0] is transaction:  # a server is asked, and knows
            self._inner.write(Transaction(transaction.token, transaction.at_ms))  # and whose the lease is by now
            sequence, self._unanswered = self._unanswered[1], None
            return sequence
        fault = self._faults.meet(Kind.DATABASE, self._world.passed_ms)
        if fault is not None and fault.variant != "answer_lost":
            raise RetryLater("journal_busy", f"The journal cannot be written now: {_WORDS[fault.variant]}.")
        sequence = self._inner.write(transaction)
        self._tape.add(Committed(self._life.number, self._world.now_ms, transaction, sequence))
        self._life.passes("after_write")
        if fault is not None:
            self._unanswered = transaction, sequence
            raise RetryLater("journal_busy", f"The journal cannot be written now: {_WORDS[fault.variant]}.")
        return sequence

    def ask(self, command: CommandAsked) -> None:
        """An operator's word, left with this life."""
        self._tape.add(Asked(command, self._world.now_ms, refused=False))
        self._inner.ask(command)

    def take_lease(self, holder: str, now_ms: int, lasts_ms: int) -> int:
        if not self._life.alive:
            return 0
        token = self._inner.take_lease(holder, now_ms, lasts_ms)
        self._tape.add(Leased(self._life.number, self._world.now_ms, token))
        return token

    def renew_lease(self, token: int, now_ms: int, lasts_ms: int) -> None:
        fault = self._faults.now(Kind.DATABASE, self._world.passed_ms)
        if fault is not None:
            raise RetryLater("journal_busy", f"The journal cannot be written now: {_WORDS[fault.variant]}.")
        if self._life.alive:
            self._inner.renew_lease(token, now_ms, lasts_ms)

    def release_lease(self, token: int) -> None:
        if self._life.alive:
            self._inner.release_lease(token)

    def close(self) -> None:
        """The database outlives the process."""


class FaultyEmergency:
    """`karat.ports.emergency.EmergencyJournal` of one life over `orders`, which outlive it. Where the disk gives errors
    it gives them here too; on a full one there is room, and a database that is locked locks nothing else."""

    name = "emergency"

    def __init__(
        self, orders: dict[ClientOrderId, OrderRecord], life: Life, world: World, faults: Running, tape: Tape
    ) -> None:
        self._orders, self._life, self._world, self._faults, self._tape = orders, life, world, faults, tape

    def keep(self, orders: Sequence[OrderRecord]) -> None:
        if self._faults.now(Kind.DATABASE, self._world.passed_ms, variants=("io",)) is not None:
            raise RetryLater("emergency_busy", "The disk gave an I/O error.")
        if not self._life.passes("before_write"):
            return
        self._orders |= {one.order.id: one for one in orders}
        self._tape.add(Kept(self._life.number, self._world.now_ms, tuple(orders)))
        self._life.passes("after_write")

    def kept(self) -> tuple[OrderRecord, ...]:
        return tuple(self._orders.values())

    def clear(self) -> None:
        if self._life.alive:
            self._orders.clear()


class SecondInstance:
    """Another process on the same account (F26): it asks for the lease, or its clock is ahead and it takes it."""

    def __init__(self, inner: TradingJournal, world: World, tape: Tape) -> None:
        self._inner, self._world, self._tape = inner, world, tape

    def come(self, *, takes: bool) -> str:
        """The code with which it was refused, or "" where it has the lease now, and lets go of it at once."""
        ahead_ms = 3_600_000 if takes else 0
        try:
            token = self._inner.take_lease("second instance", self._world.now_ms + ahead_ms, 1_000)
        except KaratError as error:
            return error.code
        self._tape.add(Leased(0, self._world.now_ms, token))
        self._inner.release_lease(token)
        return ""
