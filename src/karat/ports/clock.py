"""The clock on the wall, so that nothing below the edges asks the operating system what time it is."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Wall time and waiting."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run for at least `seconds`; 0 only gives way once."""
        ...
