"""The journal in one SQLite file under KARAT_HOME; satisfies `karat.ports.journal.Journal`.

1. Write-ahead log: readers never wait for the writer, nor the writer for them.
2. One transaction per bar, or per group of bars that a replay brings at once. With `synchronous=NORMAL` a commit
   survives the death of the process at any moment; a power failure may lose the last bars, all of them whole. They are
   then computed again from the same candles and are equal.
3. `hold` locks a file per bot, which the system unlocks when the process dies: no lease to wait for after a kill.
4. A bar is written only onto the bar before it, so a second writer cannot get in between unseen.
"""

from __future__ import annotations

import errno
import fcntl
import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.home import karat_home
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.journal.codec import (
    BOT_COLUMNS,
    FILL_COLUMNS,
    INTENT_COLUMNS,
    TRADE_COLUMNS,
    bot_row,
    fill_row,
    intent_row,
    trade_row,
)
from karat.journal.reading import SqliteReader
from karat.journal.schema import ready
from karat.ports.cockpit import BotState
from karat.ports.journal import BarEntry, BotRecord, Happening
from karat.ports.journal_columns import QuietBars

FILE_NAME = "journal.db"
CHECKPOINT_PAGES = 16_000  # 16 MB of log: at full speed the disk is waited for once in some thousand bars
BUSY_SECONDS = 30.0  # how long a write waits for another process's transaction, each of which takes a millisecond


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


_NEW_BOT = _insert("bots", BOT_COLUMNS)
_NEW_STATE = "INSERT INTO bot_state VALUES (?, ?, '', 0, NULL, NULL, x'')"
_SET_STATE = "UPDATE bot_state SET state = ?, cause = ? WHERE bot = ?"
_STEP = "UPDATE bot_state SET bars = ?, last_ts = ?, last_close = ?, kernel = ? WHERE bot = ? AND bars = ?"
_BAR = "INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UNAFFORDABLE = f"UPDATE bars SET refusal = {int(Refusal.AFFORD)} WHERE bot = ? AND bar = ?"
_INTENT = _insert("intents", ("bot", *INTENT_COLUMNS))
_FILL = _insert("fills", ("bot", *FILL_COLUMNS))
_TRADE = _insert("trades", ("bot", *TRADE_COLUMNS))
_EVENT = "INSERT INTO events (ts, bot, bar_ts, kind, text, payload) VALUES (?, ?, ?, ?, ?, ?)"
_MARKED = "INSERT OR REPLACE INTO events (ts, bot, bar_ts, kind, text, payload) VALUES (?, ?, ?, 'marked', '', '{}')"


def journal_path(home: Path | None = None) -> Path:
    """Where the journal of a Karat home is; it need not exist yet."""
    return (home or karat_home()) / FILE_NAME


def open_journal(home: Path | None = None) -> SqliteJournal:
    """Open the journal of a Karat home (default KARAT_HOME); a new, empty one where there is none.

    Raises InputError `journal_newer`, `journal_foreign` or `journal_unusable`, NeedsOperator `journal_damaged`.
    """
    path = journal_path(home)
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path)
        ready(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, OSError | sqlite3.OperationalError):
            raise InputError("journal_unusable", f"{path} cannot be opened: {error}.", "Set KARAT_HOME.") from error
        if isinstance(error, sqlite3.DatabaseError):
            raise NeedsOperator(
                "journal_damaged", f"{path} cannot be read: {error}.", "Put a copy in its place, or move it away."
            ) from error
        raise
    return SqliteJournal(path, connection)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    return connection


class SqliteJournal(SqliteReader):
    """Reads from any thread; writes from one."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, _connect)
        self._write = connection

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self._write.close()

    def create_bot(self, record: BotRecord) -> None:
        self.create_bots([(record, ())])

    def create_bots(self, bots: Sequence[tuple[BotRecord, Sequence[Happening]]]) -> None:
        with self._transaction():
            for record, happenings in bots:
                number = self._write.execute(_NEW_BOT, bot_row(record)).lastrowid if self._is_free(record) else None
                if number is None:
                    hint = "Choose another name, or karat bots show it."
                    raise InputError("bot_exists", f"There is a bot '{record.name}' already.", hint)
                self._write.execute(_NEW_STATE, (number, BotState.STOPPED.value))
                self._tell(number, None, happenings, record.created_ts)

    def _is_free(self, record: BotRecord) -> bool:
        taken = self._write.execute("SELECT 1 FROM bots WHERE id = ? OR name = ?", (record.id, record.name))
        return taken.fetchone() is None

    @contextmanager
    def hold(self, bot: BotId) -> Generator[None]:
        folder = self._path.parent / "bots"
        folder.mkdir(exist_ok=True)
        with (folder / f"{self.number_of(bot)}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise
                raise RetryLater(
                    "bot_busy", f"Another process is running the bot '{bot}'.", "Stop it there, or wait."
                ) from error
            yield

    def set_state(self, bot: BotId, state: BotState, cause: str, happening: Happening, ts: int) -> None:
        number = self.number_of(bot)
        with self._transaction():
            self._write.execute(_SET_STATE, (state.value, cause, number))
            self._tell(number, None, (happening,), ts)

    def write_bar(self, entry: BarEntry) -> None:
        with self._transaction():
            self._write_one(self.number_of(entry.bot), entry)

    def write_bars(self, entries: Sequence[BarEntry | QuietBars]) -> None:
        with self._transaction():
            for entry in entries:
                if isinstance(entry, QuietBars):
                    self._write_quiet(self.number_of(entry.bot), entry)
                else:
                    self._write_one(self.number_of(entry.bot), entry)

    def _write_one(self, number: int, entry: BarEntry) -> None:
        write, decision = self._write.execute, entry.decision
        self._step(number, entry.bot, entry.bar, (entry.bar + 1, entry.ts, entry.close, entry.kernel))
        write(
            _BAR,
            (
                number, entry.bar, entry.ts, entry.close, entry.equity, entry.position, int(decision.asked),
                int(decision.ordered), int(decision.refusal),
            ),
        )  # fmt: skip
        for bar in entry.unaffordable:
            write(_UNAFFORDABLE, (number, bar))
        for intent in entry.intents:
            write(_INTENT, intent_row(number, intent))
        for fill in entry.fills:
            write(_FILL, fill_row(number, fill))
        for trade in entry.trades:
            write(_TRADE, trade_row(number, trade))
        self._tell(number, entry.ts, entry.happenings, entry.written_ts)
        if entry.marked:
            write(_MARKED, (entry.written_ts, number, entry.ts))

    def _write_quiet(self, number: int, bars: QuietBars) -> None:
        stop = bars.first + len(bars.ts)
        self._step(number, bars.bot, bars.first, (stop, bars.ts[-1], bars.close[-1], bars.kernel))
        same = (repeat(bars.position), bars.asked, repeat(0), repeat(int(Refusal.NONE)))
        rows = zip(repeat(number), range(bars.first, stop), bars.ts, bars.close, bars.equity, *same, strict=False)
        self._write.executemany(_BAR, rows)
        if bars.marked:
            self._write.execute(_MARKED, (bars.written_ts, number, bars.ts[-1]))

    def _step(self, number: int, bot: BotId, first: int, after: tuple[int, int, float, bytes]) -> None:
        """From the state before bar `first` to the one `after`."""
        if self._write.execute(_STEP, (*after, number, first)).rowcount != 1:
            raise NeedsOperator(
                "journal_conflict",
                f"The journal does not stand at bar {first} of {bot}: something else wrote to it.",
                "See that only one Karat runs on this KARAT_HOME, then start the bot again.",
            )

    def _tell(self, number: int, bar_ts: int | None, happenings: Sequence[Happening], ts: int) -> None:
        for one in happenings:
            payload = json.dumps(dict(one.payload), allow_nan=False)
            self._write.execute(_EVENT, (ts, number, bar_ts, one.kind.value, one.text, payload))

    @contextmanager
    def _transaction(self) -> Generator[None]:
        write = self._write
        try:
            write.execute("BEGIN IMMEDIATE")
            yield
            write.execute("COMMIT")
        except BaseException as error:
            if write.in_transaction:
                write.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise RetryLater(
                    "journal_busy", f"{self._path} cannot be written now: {error}.", "Free the disk, or wait."
                ) from error
            raise
