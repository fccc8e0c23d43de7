"""One writer at a time. The system drops the lock when a process dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from karat.core.errors import RetryLater

_LOCK_NAME = "change.lock"
_PAUSE_SECONDS_MAX = 0.02  # a small change takes a few milliseconds; asking this seldom costs next to nothing


@contextmanager
def only_writer(root: Path, wait_seconds: float) -> Generator[None]:
    """Hold the lock of the lake at `root`. Raises RetryLater `lake_busy` when it is not free within `wait_seconds`."""
    with (root / _LOCK_NAME).open("a") as lock:
        until, pause = time.monotonic() + wait_seconds, 0.001
        while not _taken(lock.fileno()):
            left = until - time.monotonic()
            if left <= 0:
                message = f"Another process is changing the lake at {root}."
                raise RetryLater("lake_busy", message, "Wait until it has finished and try again.")
            time.sleep(min(pause, left))
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)
        yield


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
