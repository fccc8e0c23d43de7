"""A clock that a test turns."""

from __future__ import annotations

import asyncio


class TurnedClock:
    """Time stands still until a test moves it; waiting takes no time and is remembered."""

    def __init__(self, now_ms: int) -> None:
        self.now = now_ms
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
