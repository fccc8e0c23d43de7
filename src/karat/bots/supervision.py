"""Tasks that have to run as long as the process does: one that ends before its time is begun again.

Entries are refused while one of them is not running. What a task held in memory is written before it is begun anew, so
that it takes up what the journal knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from karat.bots.desk.desk import Desk
from karat.bots.desk.operating import is_drained
from karat.core.errors import RetryLater
from karat.ports.clock import Clock

Job = Callable[[], Coroutine[Any, Any, None]]
_BEAT_SECONDS = 1.0


async def supervise(desk: Desk, jobs: Mapping[str, Job], clock: Clock) -> None:
    """Until a `stop` is carried out, or no job is left that has anything to do but `watch`. Raises what makes going on
    unsafe: the KaratError by which this process lost its place, or an error of a programmer."""
    tasks = {name: asyncio.create_task(job(), name=name) for name, job in jobs.items()}
    try:
        while desk.broken is None and not (desk.condition.stopping and is_drained(desk)):
            if not any(name != "watch" for name in tasks) and not desk.condition.dead:
                return
            await asyncio.wait(tasks.values(), timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for name, task in tuple(tasks.items()):
                if task.done():
                    del tasks[name]
                    if not _has_finished(task):
                        desk.condition.dead.add(name)
            if desk.condition.dead:
                await _begin_again(desk, jobs, tasks, clock)
        if desk.broken is not None:
            raise desk.broken
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _has_finished(task: asyncio.Task[None]) -> bool:
    """Whether a task ended because there is no more to do. Raises what is no passing failure."""
    if task.cancelled():
        return False
    error = task.exception()
    if error is None:
        return True
    if isinstance(error, RetryLater):
        return False
    raise error


async def _begin_again(desk: Desk, jobs: Mapping[str, Job], tasks: dict[str, Any], clock: Clock) -> None:
    if desk.broken is not None or desk.condition.stopping:
        desk.condition.dead.clear()
        return
    if not desk.flush():
        await clock.sleep(_BEAT_SECONDS)
        return
    for name in sorted(desk.condition.dead):
        tasks[name] = asyncio.create_task(jobs[name](), name=name)
    desk.condition.dead.clear()
