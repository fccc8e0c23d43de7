"""Being the only process that writes as a desk: a locked file beside an SQLite store, an advisory lock on a server.

Both are let go by the system when the process dies: after a kill there is nothing to wait for. What keeps two writers
apart for certain is the token of the lease; the lock says at once whether anybody else is alive.
"""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path
from typing import Any, Protocol, TextIO

from karat.core.errors import RetryLater
from karat.journal.stores import Store, discard
from karat.journal.troubles import busy, is_passing


class Hold(Protocol):
    """The place of the one writer."""

    def take(self) -> bool:
        """Whether it is ours now. Taking it twice changes nothing."""
        ...

    def let_go(self) -> None: ...


class NoHold:
    """Of a store in memory, which no other process can reach."""

    def take(self) -> bool:
        return True

    def let_go(self) -> None:
        """There is nothing to let go."""


class FileHold:
    """A locked file beside the store."""

    def __init__(self, home: Path) -> None:
        self._path = home / "desk.lock"
        self._file: TextIO | None = None

    def take(self) -> bool:
        if self._file is not None:
            return True
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            return False
        self._file = file
        return True

    def let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class ServerHold:
    """An advisory lock on a connection of its own. Where that is lost, so is the lock: another one may come, and its
    token ends the writing of this one."""

    def __init__(self, store: Store, origin: int) -> None:
        self._store = store
        self._origin = origin
        self._connection: Any = None

    def take(self) -> bool:
        known = self._connection is not None
        try:
            taken = self._ask()
        except RetryLater:
            if not known:
                raise
            taken = self._ask()  # the connection was cut, and the lock with it; the server may well be there
        if not taken:
            self.let_go()
        return taken

    def _ask(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._store.engine.raw_connection()
            driver = self._connection.driver_connection
            question = "SELECT pg_try_advisory_lock(%s)"
            return bool(driver.execute(question, (self._origin,)).fetchone()[0])
        except Exception as error:
            if not is_passing(error, self._store.driver):
                raise
            self.let_go()
            raise busy(self._store.shown, error) from error

    def let_go(self) -> None:
        if self._connection is not None:
            discard(self._connection)
            self._connection = None


def hold_of(store: Store, origin: int) -> Hold:
    """The hold that fits a store."""
    if store.in_memory:
        return NoHold()
    return FileHold(store.path.parent) if store.path else ServerHold(store, origin)
