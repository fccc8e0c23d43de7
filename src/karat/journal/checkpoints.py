"""The write-ahead log of an SQLite journal is carried into its file when nobody writes.

Left to itself SQLite does that in a commit, once the log is long: that commit waits for the disk, and with it the event
loop and every bot. A thread with a connection of its own does the same (PRAGMA wal_checkpoint(PASSIVE)) without holding
the writer's lock; but the disk is one, so it waits for a pause, such as the one after a close. Where none comes, or it
fails, a commit does it after all, which then says what is wrong.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from karat.journal.stores import Store

COMMITS_LEAST = 200
COMMITS_MOST = 20_000  # without a pause: some 100 MB of log
PAUSE_SECONDS = 0.5


class Checkpoints:
    """Told of every commit of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commits = 0
        self._last_seconds = 0.0
        self._thread: threading.Thread | None = None
        self._ends = threading.Event()

    def committed(self) -> None:
        """One more transaction is in the log."""
        self._commits += 1
        self._last_seconds = time.monotonic()
        if self._commits < COMMITS_LEAST or self._store.path is None:
            return
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._carry, name="karat-journal-checkpoint", daemon=True)
            with suppress(RuntimeError):  # no thread to be had: what is committed is committed
                thread.start()
                self._thread = thread

    def close(self) -> None:
        """Wait for the one that is under way."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._ends.clear()

    def _carry(self) -> None:
        """Wait for a pause, then carry over what there is."""
        while self._commits < COMMITS_MOST and not self._ends.is_set():
            left = self._last_seconds + PAUSE_SECONDS - time.monotonic()
            if left <= 0.0:
                break
            self._ends.wait(left)
        self._commits = 0
        with suppress(self._store.driver.Error, DBAPIError), self._store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
