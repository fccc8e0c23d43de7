"""The journal in one store, SQLite or PostgreSQL; satisfies `karat.ports.journal.Journal` and `ports.trading`.

1. One transaction per step of the desk: a bar, or bars that a replay brings at once.
2. A bar is written only onto the bar before it, so a second writer cannot get in between unseen.
3. Everything that gets a number of its own gets it from one row (`head`), which every transaction that tells something
   takes first and holds until it ends. Events are so numbered without a gap, and seen in the order of their numbers.
4. Each event that people are told of, and the newest MARKED of each bot, has an `id` besides, by which followers count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, bindparam, select, update

from karat.core.errors import InputError, KaratError
from karat.journal import lease
from karat.journal.batch import Batch
from karat.journal.codec import BOT_COLUMNS, bot_row
from karat.journal.holds import Hold, hold_of
from karat.journal.place import journal_path, journal_url
from karat.journal.stores import BUSY_SECONDS, DESK_BUSY_SECONDS, Store, memory_store, postgres_store, sqlite_store
from karat.journal.tables import BOT_STATE, BOTS, HEAD
from karat.journal.trading import TradingReader
from karat.journal.trading_writing import add_command, add_transaction
from karat.journal.troubles import is_duplicate, opening_error
from karat.journal.upgrade import ready
from karat.journal.writer import Writer
from karat.ports.cockpit import BotState
from karat.ports.commands import CommandAsked
from karat.ports.journal import BotRecord, Happening
from karat.ports.trading import Transaction

_NUMBER = select(BOTS.c.number).where(BOTS.c.id == bindparam("of_id"))
_STATE_ROW = tuple(BOT_STATE.c.keys())
_ORIGIN = select(HEAD.c.origin)


def open_journal(home: Path | None = None, url: URL | None = None) -> SqlJournal:
    """Open the journal: of the database `url`, else the file of `home`, else where KARAT_JOURNAL_URL or KARAT_HOME say.
    A new, empty one where there is none.

    Raises InputError `journal_newer`, `journal_foreign`, `journal_unusable`, `bad_journal_url` or `postgres_missing`,
    NeedsOperator `journal_damaged`.
    """
    if url is None and home is None:
        url = journal_url()
    if url is not None:
        return _opened(postgres_store(url))
    path = journal_path(home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("journal_unusable", f"{path} cannot be opened: {error}.", "Set KARAT_HOME.") from error
    return _opened(sqlite_store(path))


def open_memory_journal(origin: int | None = None, hold: Hold | None = None) -> SqlJournal:
    """A new journal in memory, for trying things: nothing of it outlives the process. `origin` is drawn where None;
    `hold` in the place of one that nobody else can have."""
    store = memory_store()
    ready(store)
    if origin is not None:
        with store.engine.connect() as connection:
            connection.execute(update(HEAD).values(origin=origin))
    return SqlJournal(store, hold)


def _opened(store: Store) -> SqlJournal:
    try:
        ready(store)
        return SqlJournal(store)
    except BaseException as error:
        store.engine.dispose()
        told = None if isinstance(error, KaratError) else opening_error(store.shown, error, store.driver)
        if told is None:
            raise
        raise told from error


class SqlJournal(TradingReader):
    """Reads from any thread; writes from one at a time."""

    def __init__(self, store: Store, hold: Hold | None = None) -> None:
        super().__init__(store)
        self._writer = Writer(store)
        self._writer.connect()
        self._origin: int = self._ask(_ORIGIN)[0][0]
        self._hold = hold or hold_of(store, self._origin)

    @property
    def origin(self) -> int:
        """This journal's number in the names of orders."""
        return self._origin

    def close(self) -> None:
        """Close every connection."""
        self._hold.let_go()
        self._writer.close()
        self._store.engine.dispose()

    def create_bot(self, record: BotRecord) -> None:
        self.create_bots([(record, ())])

    def create_bots(self, bots: Sequence[tuple[BotRecord, Sequence[Happening]]]) -> None:
        writer = self._writer
        with writer.transaction():
            batch = Batch(self.number_of)
            for record, happenings in bots:
                number = self._add_bot(record)
                for one in happenings:
                    batch.tell(number, None, one, record.created_ts)
            writer.count(batch)

    def _add_bot(self, record: BotRecord) -> int:
        writer = self._writer
        try:
            writer.add(BOTS, BOT_COLUMNS, [bot_row(record)])
        except self._store.driver.IntegrityError as error:
            if not is_duplicate(error):
                raise
            hint = "Choose another name, or karat bots show it."
            raise InputError("bot_exists", f"There is a bot '{record.name}' already.", hint) from error
        number = writer.ask(_NUMBER, of_id=record.id)[0][0]
        writer.add(BOT_STATE, _STATE_ROW, [(number, BotState.STOPPED.value, "", 0, None, None, b"")])
        return number

    def write(self, transaction: Transaction) -> int:
        return add_transaction(self._writer, self.number_of, transaction)

    def ask(self, command: CommandAsked) -> None:
        add_command(self._writer, command)

    def take_lease(self, holder: str, now_ms: int, lasts_ms: int) -> int:
        token = lease.take(self._writer, holder, now_ms, lasts_ms, alone=self._hold.take())
        self._writer.wait_for_others(DESK_BUSY_SECONDS)
        return token

    def renew_lease(self, token: int, now_ms: int, lasts_ms: int) -> None:
        if not lease.move(self._writer, token, now_ms + lasts_ms):
            self._hold.let_go()
            raise lease.lost()
        self._hold.take()  # where it was taken by time alone, from one that hung, the lock is free once that one knows

    def desk_is_alive(self) -> bool:
        """Whether a process, this one or another, runs bots of this journal."""
        other = hold_of(self._store, self._origin)
        try:
            return not other.take()
        finally:
            other.let_go()

    def release_lease(self, token: int) -> None:
        self._writer.wait_for_others(BUSY_SECONDS)
        if lease.move(self._writer, token, 0):
            self._hold.let_go()
