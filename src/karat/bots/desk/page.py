"""How often the page learns that the figures of a bot moved."""

from __future__ import annotations

MARK_EVERY_MS = 200  # while bars come in faster than that


class Page:
    """Of one bot."""

    def __init__(self) -> None:
        self._told_ts = -MARK_EVERY_MS

    def is_told(self, written_ts: int) -> bool:
        """Whether it is told of figures that are written now; remembers that it was."""
        if 0 <= written_ts - self._told_ts < MARK_EVERY_MS:
            return False
        self._told_ts = written_ts
        return True
