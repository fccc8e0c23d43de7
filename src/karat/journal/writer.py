"""The one connection that writes, and its transactions.

A transaction that fails, whatever the reason, is rolled back whole. A connection that was lost is replaced at the next
transaction, so that writing goes on when the server is back. One moment leaves a doubt: a connection lost before a
commit is answered. `once` settles it for whoever gives the same thing again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, bindparam, select, update

from karat.core.errors import InputError, RetryLater
from karat.core.model.reasons import Refusal
from karat.journal.batch import Batch, conflict
from karat.journal.checkpoints import Checkpoints
from karat.journal.codec import FILL_COLUMNS, INTENT_COLUMNS, TRADE_COLUMNS, Row
from karat.journal.statements import Executable, compiled, insertion, replacing
from karat.journal.stores import BUSY_SECONDS, Store, discard
from karat.journal.tables import BARS, BOT_STATE, EVENTS, FILLS, HEAD, INTENTS, MARKED, TRADES
from karat.journal.troubles import busy, is_duplicate, is_passing

_HEAD = select(HEAD.c.token, HEAD.c.sequence, HEAD.c.cursor).where(HEAD.c.one == 1).with_for_update()
_COUNTED = (  # SQLite takes three times as long for one UPDATE that returns the row
    update(HEAD).values(sequence=bindparam("newest"), cursor=bindparam("seen")).where(HEAD.c.one == 1)
)
_STEP = (
    update(BOT_STATE)
    .values(
        bars=bindparam("bars_done"), last_ts=bindparam("ts"), last_close=bindparam("price"), kernel=bindparam("state")
    )
    .where(BOT_STATE.c.bot == bindparam("of_bot"), BOT_STATE.c.bars == bindparam("first"))
)
_UNAFFORDABLE = (
    update(BARS)
    .values(refusal=int(Refusal.AFFORD))
    .where(BARS.c.bot == bindparam("of_bot"), BARS.c.bar == bindparam("of_bar"))
)
_BAR_ROW = tuple(BARS.c.keys())
_INTENT_ROW = ("id", "bot", *INTENT_COLUMNS[1:], "place")
_FILL_ROW = ("bot", *FILL_COLUMNS)
_TRADE_ROW = ("bot", *TRADE_COLUMNS)
_EVENT_ROW = tuple(EVENTS.c.keys())
_MARKED_ROW = tuple(MARKED.c.keys())


class Writer:
    """Writes to one store; whoever has a transaction open is alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.kind = store.kind
        self._checkpoints = Checkpoints(store)
        self._lock = threading.RLock()
        self._busy_seconds = BUSY_SECONDS
        self._connection: Any = None
        self.cursor: Any = None
        self._unanswered: tuple[str, object, int] | None = None  # of `once`: transaction, what was given, its result
        # What every bar needs is looked up once: a transaction of one bar takes some 25 microseconds in all.
        self._head, self._counted, self._step = (compiled(self.kind, one) for one in (_HEAD, _COUNTED, _STEP))
        self._bar_text = insertion(self.kind, BARS, _BAR_ROW)
        self._marked_text = replacing(self.kind, MARKED, _MARKED_ROW, ("bot",))

    def connect(self) -> None:
        """Have a connection."""
        if self._connection is None:
            self._connection = self._store.engine.raw_connection()
            self.cursor = self._connection.driver_connection.cursor()
            if self._busy_seconds != BUSY_SECONDS:
                self.cursor.execute(self._store.patience(self._busy_seconds))

    def wait_for_others(self, seconds: float) -> None:
        """How long a transaction waits for those of other processes from now on."""
        with self._lock:
            self.connect()
            self._busy_seconds = seconds
            self.cursor.execute(self._store.patience(seconds))

    def close(self) -> None:
        """Let the connection go; the next transaction makes a new one."""
        self._checkpoints.close()
        if self._connection is not None:
            discard(self._connection)
            self._connection = self.cursor = None

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of it or nothing. Raises RetryLater `journal_busy`; what else is wrong is raised as it is."""
        with self._lock:
            try:
                self._begin()
                yield
                self.cursor.execute("COMMIT")
            except BaseException as error:
                self._undo()
                if is_passing(error, self._store.driver):
                    raise busy(self._store.shown, error) from error
                raise
            self._checkpoints.committed()

    def once(self, given: object, work: Callable[[], int], stands: Callable[[], None]) -> int:
        """What `work` returns, done in a transaction. Where the answer to a commit was lost and the same object is
        given again, the server is asked whether it had arrived, so that it is not done twice; then `stands` has to
        hold still, which raises otherwise: the answer is no news by now."""
        with self._lock:
            asked = self._unanswered
            if asked is not None and asked[1] is given and self._has_arrived(asked[0], stands):
                self._unanswered = None
                return asked[2]
            self._unanswered = None
            ending = None
            try:
                with self.transaction():
                    result = work()
                    ending = (self._transaction_name(), given, result)
            except RetryLater:
                if ending is not None and ending[0]:
                    self._unanswered = ending
                raise
            return result

    def _transaction_name(self) -> str:
        """By which a server knows the transaction for ever; "" where commits are answered at once."""
        if self.kind != "postgresql":
            return ""
        self.cursor.execute("SELECT pg_current_xact_id()::text")
        return self.cursor.fetchone()[0]

    def _has_arrived(self, name: str, stands: Callable[[], None]) -> bool:
        with self.transaction():
            self.cursor.execute("SELECT pg_xact_status(%s::xid8)", (name,))
            status = self.cursor.fetchone()[0]
            if status == "committed":
                stands()
        if status == "in progress":
            raise RetryLater("journal_busy", f"{self._store.shown} has not ended the last transaction.", "Wait.")
        return status == "committed"

    def _begin(self) -> None:
        """Begin; on a connection that was cut while nothing was under way, on a new one."""
        known = self._connection is not None
        self.connect()
        try:
            self.cursor.execute(self._store.begin)
        except self._store.driver.Error:
            if not known or not getattr(self._connection.driver_connection, "closed", False):
                raise
            self.close()
            self.connect()
            self.cursor.execute(self._store.begin)

    def _undo(self) -> None:
        """Roll back; a connection that cannot is given up, and the server or the file undoes what it had begun."""
        if self._connection is None:
            return
        try:
            self._connection.driver_connection.rollback()
        except self._store.driver.Error:
            self.close()
            return
        if getattr(self._connection.driver_connection, "closed", False):
            self.close()

    def ask(self, statement: Executable, **values: Any) -> list[Row]:
        """Rows of a question, or of what a change returns."""
        asked = compiled(self.kind, statement)
        self.cursor.execute(asked.text, asked.values(**values))
        return self.cursor.fetchall()

    def change(self, statement: Executable, **values: Any) -> int:
        """How many rows were changed."""
        asked = compiled(self.kind, statement)
        self.cursor.execute(asked.text, asked.values(**values))
        return self.cursor.rowcount

    def add(self, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Insert rows."""
        if rows:
            self.many(insertion(self.kind, table, columns), rows)

    def replace(self, table: Table, columns: tuple[str, ...], key: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Insert rows, over those that are there under their keys."""
        if rows:
            self.many(replacing(self.kind, table, columns, key), rows)

    def many(self, text: str, rows: Sequence[Row]) -> None:
        """Execute `text` once for each row."""
        if len(rows) == 1:
            self.cursor.execute(text, rows[0])
        else:
            self.cursor.executemany(text, rows)

    def token(self) -> int:
        """The token of the newest lease."""
        self.cursor.execute(self._head.text, self._head.usual)
        return self.cursor.fetchone()[0]

    def count(self, batch: Batch) -> tuple[int, int]:
        """Take numbers for what `batch` tells and write it: the token of the newest lease, the number of the newest
        event. Nobody else can take either until this transaction has ended."""
        execute = self.cursor.execute
        execute(self._head.text, self._head.usual)
        token, sequence, cursor = self.cursor.fetchone()
        if not batch.events and not batch.marked:
            return token, sequence
        events, marks = batch.numbered(sequence, cursor)
        newest, seen = batch.newest(sequence, cursor)
        execute(self._counted.text, self._counted.values(newest=newest, seen=seen))
        if events:
            self.add(EVENTS, _EVENT_ROW, events)
        if marks:
            self.many(self._marked_text, marks)
        return token, newest

    def put_intents(self, batch: Batch) -> None:
        """Raises InputError `signal_used`."""
        try:
            self.add(INTENTS, _INTENT_ROW, batch.intents)
        except self._store.driver.IntegrityError as error:
            if not is_duplicate(error):
                raise
            message = "An intent of this bot for the same bar and part of the decision is in the journal already."
            raise InputError("signal_used", message, "Nothing was written; the first one counts.") from error

    def put_steps(self, batch: Batch) -> None:
        """Bars, each only onto the bar before it. Raises NeedsOperator `journal_conflict`."""
        for number, step in batch.steps.items():
            done, ts, price, state = step.after
            values = self._step.values(of_bot=number, first=step.first, bars_done=done, ts=ts, price=price, state=state)
            self.cursor.execute(self._step.text, values)
            if self.cursor.rowcount != 1:
                raise conflict(step.bot, f"bar {step.first}")
        if batch.bars:
            self.many(self._bar_text, batch.bars)
        for number, bar in batch.unaffordable:
            self.change(_UNAFFORDABLE, of_bot=number, of_bar=bar)

    def put_fills(self, batch: Batch) -> None:
        """Fills and closed trades. Raises NeedsOperator `journal_conflict` where one of that number is there."""
        try:
            self.add(FILLS, _FILL_ROW, batch.fills)
            self.add(TRADES, _TRADE_ROW, batch.trades)
        except self._store.driver.IntegrityError as error:
            if not is_duplicate(error):
                raise
            raise conflict(batch.filled, "these fills") from error
