"""Several transfers at once."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

TRANSFERS_AT_ONCE = 4  # each holds one part: a few ten MB


@contextmanager
def workers() -> Generator[Executor]:
    """Threads for transfers. When the block fails, what has not begun never does."""
    pool = ThreadPoolExecutor(TRANSFERS_AT_ONCE)
    try:
        yield pool
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
