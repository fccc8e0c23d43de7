"""While a server runs, what waits is started even if the worker before it was killed and could not do that itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

from karat.core.errors import KaratError
from karat.ports.jobs import JobDesk

LOOK_SECONDS = 2.0
LOG = logging.getLogger("karat.jobs")


@contextmanager
def keeping(desk: JobDesk) -> Generator[None]:
    """Look now and then whether a job can be started. Jobs that run go on when this ends."""
    stopped = threading.Event()

    def keep() -> None:
        told = ""
        while not stopped.is_set():
            try:
                desk.start_waiting()
                told = ""
            except (KaratError, OSError) as error:  # the next look may have more luck; say it once
                if str(error) != told:
                    LOG.warning("no job could be started: %s", error)
                told = str(error)
            stopped.wait(LOOK_SECONDS)

    thread = threading.Thread(target=keep, name="jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
