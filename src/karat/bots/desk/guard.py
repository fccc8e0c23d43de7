"""The kill switch between bars: looked at and acted on each second, whatever else of the runner goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from karat.bots.desk.killing import KillSwitch
from karat.core.errors import KaratError, RetryLater
from karat.ports.clock import Clock
from karat.ports.kill import KillSource


async def guard(kill: KillSwitch, clock: Clock, seconds: float) -> None:
    """Look at what is near, and go on closing while it is latched. It ends by cancellation alone."""
    while True:
        with contextlib.suppress(KaratError):  # what cannot be written now is written later; the latch is in memory
            kill.look()
            kill.tick()
        await clock.sleep(seconds)


async def ask_afar(kill: KillSwitch, source: KillSource, clock: Clock, seconds: float) -> None:
    """Ask a source that may take its time, in a thread, so that nobody waits for it."""
    while True:
        try:
            reason = await asyncio.to_thread(source.look)
        except RetryLater as error:
            kill.miss(source.name, error.message)
        else:
            with contextlib.suppress(KaratError):
                kill.hear(source.name, reason)
        await clock.sleep(seconds)


def guards_of(kill: KillSwitch, clock: Clock, seconds: float) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    """The tasks of a kill switch by name: its own, so that what goes wrong in the watch does not hold it up. None where
    it can be pulled by a command alone, which the watch takes and acts on."""
    if not kill.sources:
        return {}
    far = {f"kill {one.name}": partial(ask_afar, kill, one, clock, seconds) for one in kill.sources if not one.is_near}
    return {"kill": partial(guard, kill, clock, seconds), **far}
