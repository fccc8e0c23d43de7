"""A clock that only the schedule moves."""

from __future__ import annotations

import asyncio


class VirtualClock:
    """Satisfies `karat.ports.clock.Clock`. Time is that of the newest close; waiting takes none."""

    __slots__ = ("_ms",)

    def __init__(self, now_ms: int = 0) -> None:
        self._ms = now_ms

    def now_ms(self) -> int:
        return self._ms

    def move(self, now_ms: int) -> None:
        """Go on to `now_ms`, never back."""
        assert now_ms >= self._ms, "time does not run backwards"
        self._ms = now_ms

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
