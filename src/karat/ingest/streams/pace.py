"""How long to wait before trying again: longer each time, and never in step with others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

from karat.core.errors import RetryLater
from karat.ports.clock import Clock

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0
ASKS = 5

T = TypeVar("T")


def wait_seconds(failures: int, dice: Random) -> float:
    """The wait after so many failures in a row: 1 s, doubled each time up to a minute, of which half is left to chance.

    Chance keeps streams that broke together from coming back together.
    """
    whole = min(FIRST_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_SECONDS)
    return whole * (0.5 + 0.5 * dice.random())


async def asked(ask: Callable[[], Awaitable[T]], clock: Clock, dice: Random) -> T:
    """What `ask` gives, asked up to five times. Raises the last RetryLater; other errors go through at once."""
    for failures in range(1, ASKS):
        try:
            return await ask()
        except RetryLater:
            await clock.sleep(wait_seconds(failures, dice))
    return await ask()
