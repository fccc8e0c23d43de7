"""The write-ahead log of an SQLite journal is carried into its file beside the writing, not within it.

Left to itself SQLite does that in a commit, once the log is long: that commit then waits for the disk, and with it the
event loop and every bot. A thread with a connection of its own does the same (PRAGMA wal_checkpoint(PASSIVE)) without
holding the writer up. Where it fails, the log grows until a commit does it after all, which then says what is wrong.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from karat.journal.stores import Store

EVERY_COMMITS = 2_000  # some 8 to 40 MB of log


class Checkpoints:
    """Told of every commit of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commits = 0
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """One more transaction is in the log."""
        self._commits += 1
        if self._commits < EVERY_COMMITS or self._store.path is None:
            return
        if self._thread is None or not self._thread.is_alive():
            self._commits = 0
            thread = threading.Thread(target=self._carry, name="karat-journal-checkpoint", daemon=True)
            with suppress(RuntimeError):  # no thread to be had: what is committed is committed
                thread.start()
                self._thread = thread

    def close(self) -> None:
        """Wait for the one that is under way."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _carry(self) -> None:
        with suppress(self._store.driver.Error), self._store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
