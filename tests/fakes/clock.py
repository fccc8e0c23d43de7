"""A clock that stands still, and jumps when somebody sleeps or a test turns it."""

from __future__ import annotations

import asyncio


class JumpingClock:
    """Satisfies `karat.ports.clock.Clock`. `now` is UTC ms; `slept` is what every sleep asked for, in seconds."""

    def __init__(self, now_ms: int) -> None:
        self.now = float(now_ms)
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return int(self.now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 1000.0 * seconds
        await asyncio.sleep(0)

    def turn(self, seconds: float) -> None:
        """Set the hands forward, or back."""
        self.now += 1000.0 * seconds
