"""Ask a vendor again when asking again may help, and give up with the vendor's own reason when it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from karat.core.errors import RetryLater
from karat.core.time import SECOND_MS
from karat.ports.clock import Clock

TRIES = 5
FIRST_WAIT_SECONDS = 1.0  # then 2, 4, 8: a vendor that restarts gets a quarter of a minute

SKEW_MS = 30 * SECOND_MS

T = TypeVar("T")


def skew_notes(ahead_ms: int, venue: str) -> tuple[str, ...]:
    """A note where this machine's clock is far from the vendor's; by the vendor's alone is judged what has closed."""
    if abs(ahead_ms) <= SKEW_MS:
        return ()
    side = "ahead of" if ahead_ms > 0 else "behind"
    seconds = abs(ahead_ms) / SECOND_MS
    return (f"this machine's clock is {seconds:.0f} s {side} that of {venue}, which was used; set it right",)


async def patiently(ask: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """What `ask` gives, asked up to five times.

    After `vendor_limit` the wait is that of the request budget, which the adapter has told already. Raises the last
    RetryLater; whatever else is raised goes through at once.
    """
    wait_seconds = FIRST_WAIT_SECONDS
    for left in reversed(range(TRIES)):
        try:
            return await ask()
        except RetryLater as error:
            if left == 0 or error.code == "host_on_hold":
                raise
            if error.code == "vendor_limit":
                continue
        await clock.sleep(wait_seconds)
        wait_seconds *= 2
    raise AssertionError("the last try returns or raises")
