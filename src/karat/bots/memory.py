"""What a start has built is kept out of the garbage collector's way.

Histories, books and compiled code live as long as the process. Every full collection would walk through all of it while
the event loop stands still: with a thousand bots for some tenths of a second, now and then at the close of a bar. So
once the bots are up it is collected once more and then left alone (`gc.freeze`).
"""

from __future__ import annotations

import gc

from karat.bots.desk.desk import Desk

TICKS_UNTIL_SETTLED = 5  # a tick a second: by then the journal is read back


class SettledMemory:
    """A chore of a process that runs until it is stopped."""

    def __init__(self) -> None:
        self._ticks = 0

    def tick(self, desk: Desk, now_ms: int) -> None:
        """Freeze, once."""
        self._ticks += 1
        if self._ticks == TICKS_UNTIL_SETTLED:
            gc.collect()
            gc.freeze()
