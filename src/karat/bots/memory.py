"""The garbage collector kept out of a close's way.

Histories, books and compiled code live as long as the process. Every full collection walks through all of it while the
event loop stands still: with a thousand bots for some tenths of a second, now and then at the close of a bar. So once
the bots are up, what there is is collected once more and then left alone (`gc.freeze`), and from then on garbage is
collected when nothing goes on, or when there is much of it.
"""

from __future__ import annotations

import gc

from karat.bots.desk.desk import Desk

TICKS_UNTIL_SETTLED = 5  # a tick a second: by then the journal is read back
TICKS_BETWEEN = 60
OBJECTS_MAX = 2_000_000  # made and not let go of since the last collection: then it is due, whatever goes on


class SettledMemory:
    """A chore of a process that runs until it is stopped."""

    def __init__(self) -> None:
        self._ticks = 0
        self._settled_at = -TICKS_BETWEEN
        self._bars = -1

    def tick(self, desk: Desk, now_ms: int) -> None:
        """Collect, where it is time and no bar has come since the last tick; the first time, freeze what is left."""
        self._ticks += 1
        bars, before = sum(book.kernel.bar for book in desk.books.values()), self._bars
        self._bars = bars
        if self._ticks < TICKS_UNTIL_SETTLED:
            return
        idle = bars == before and self._ticks - self._settled_at >= TICKS_BETWEEN
        if self._settled_at < 0 or idle or gc.get_count()[0] > OBJECTS_MAX:
            gc.disable()
            gc.collect()
            if self._settled_at < 0:
                gc.freeze()
            self._settled_at = self._ticks
