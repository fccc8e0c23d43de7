"""Being the only one that runs a bot: a locked file beside an SQLite store, an advisory lock on a server.

Both are let go by the system when the process dies: there is nothing to wait for after a kill.
"""

from __future__ import annotations

import errno
import fcntl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from karat.core.errors import RetryLater
from karat.core.ids import BotId
from karat.journal.stores import Store, discard
from karat.journal.troubles import busy, is_passing


class Holds(Protocol):
    """Held bots, by their numbers."""

    def take(self, bot: BotId, number: int) -> Any:
        """A context in which the bot is held. Raises RetryLater `bot_busy`."""
        ...

    def close(self) -> None: ...


class FileHolds:
    """A locked file per bot, in the folder `bots` beside the store."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "bots"

    @contextmanager
    def take(self, bot: BotId, number: int) -> Generator[None]:
        self._folder.mkdir(exist_ok=True)
        with (self._folder / f"{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise
                raise _busy(bot) from error
            yield

    def close(self) -> None:
        """Nothing is open between holds."""


class ServerHolds:
    """An advisory lock per bot, all of them on one connection. Where it is lost, so are they: whoever goes on writing
    meets the bar of the other one, which refuses theirs (`journal_conflict`)."""

    def __init__(self, store: Store, origin: int) -> None:
        self._store = store
        self._origin = origin
        self._held: set[int] = set()
        self._connection: Any = None
        self._lock = threading.Lock()

    @contextmanager
    def take(self, bot: BotId, number: int) -> Generator[None]:
        with self._lock:
            if number in self._held or not self._ask("SELECT pg_try_advisory_lock(%s)", number):
                raise _busy(bot)
            self._held.add(number)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(number)
                self._let_go(number)

    def _ask(self, question: str, number: int) -> bool:
        try:
            if self._connection is None:
                self._connection = self._store.engine.raw_connection()
            driver = self._connection.driver_connection
            return bool(driver.execute(question, (self._origin << 32 | number,)).fetchone()[0])
        except Exception as error:
            if not is_passing(error, self._store.driver):
                raise
            self.close()
            raise busy(self._store.shown, error) from error

    def _let_go(self, number: int) -> None:
        try:
            if self._connection is not None:
                self._ask("SELECT pg_advisory_unlock(%s)", number)
        except RetryLater:
            return  # with the connection the lock is gone
        if not self._held:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            discard(self._connection)
            self._connection = None


def _busy(bot: BotId) -> RetryLater:
    return RetryLater("bot_busy", f"Another process is running the bot '{bot}'.", "Stop it there, or wait.")
