"""Tasks that have to run as long as the process does: begun, watched, begun again after a pause, given up by name.

1. A task that ends by itself has no more to do. What stands over all (a job without bots) ends with the others.
2. One that died of what passes (RetryLater), or was cancelled from outside, is begun again for as long as it takes: at
   once the first time, then after pauses that double up to LONGEST_PAUSE_SECONDS.
3. One that died of what nobody foresaw is begun again after FIRST_PAUSE_SECONDS, then after pauses that double. If it
   dies RESTARTS_MAX times without getting further, it is given up: its bots fail; of what stands over all the run ends.
4. Any other KaratError ends the run: this process has lost its place, or a person has to look.
5. What a task held in memory is written before it is begun again, so that it takes up what the journal knows.

At a venue with a mind of its own entries are refused while any task is down; in a simulation, where the others lose
nothing by it, while one is that stands over all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from karat.bots.desk.desk import Desk
from karat.bots.desk.draining import is_drained
from karat.bots.doings import Doings
from karat.core.errors import KaratError, NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.ports.clock import Clock
from karat.ports.cockpit import EventKind

LOG = logging.getLogger("karat.bots")
RESTARTS_MAX = 5
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 16.0
WRITE_AGAIN_SECONDS = 1.0
_NOT_TRIED_AGAIN = ("lease_held", "lease_lost", "workers_closed")  # somebody else runs the bots, or this one ends
Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True, eq=False)
class Job:
    """One task by what it does. `work` makes it anew. `bots`: whom it serves, those that go on; None: it stands over
    all. `reached`: how far it has come; by default it always gets further. `ended` is called once it is over."""

    work: Work
    bots: Callable[[], Iterable[BotId]] | None = None
    reached: Callable[[], object] = object
    ended: Callable[[], None] = lambda: None
    deaths: int = 0  # at one place
    faults: int = 0  # of them, those that nobody foresaw
    died_at: object = None

    def died(self, *, foreseen: bool) -> float | None:
        """How many seconds to wait before it is begun again; None: not any more."""
        reached = self.reached()
        if reached != self.died_at:
            self.deaths = self.faults = 0
        self.died_at, self.deaths = reached, self.deaths + 1
        if foreseen:
            return (
                min(FIRST_PAUSE_SECONDS * 2.0 ** (self.deaths - 2), LONGEST_PAUSE_SECONDS) if self.deaths > 1 else 0.0
            )
        self.faults += 1
        return None if self.faults > RESTARTS_MAX else FIRST_PAUSE_SECONDS * 2.0 ** (self.faults - 1)


class Supervisor:
    """Of the tasks of one run. `beat_seconds`: how often a stop is looked for; None: never."""

    def __init__(self, desk: Desk, doings: Doings, clock: Clock, beat_seconds: float | None) -> None:
        self._desk = desk
        self._doings = doings
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._simulates = desk.venue.traits.simulates

    async def run(self, jobs: Mapping[str, Job]) -> None:
        """Until a stop is carried out, or all that serves bots is over. Raises what makes going on unsafe."""
        tasks = {name: asyncio.create_task(job.work(), name=name) for name, job in jobs.items()}
        try:
            await self._watch(jobs, tasks)
        except asyncio.CancelledError:
            lost = await _ended(tasks)
            if lost is not None:
                raise lost from None
            raise
        finally:
            await _ended(tasks)
            self._desk.condition.dead -= jobs.keys()

    async def _watch(self, jobs: Mapping[str, Job], tasks: dict[str, asyncio.Task[None]]) -> None:
        desk = self._desk
        while desk.broken is None and any(jobs[name].bots is not None for name in tasks):
            if desk.condition.stopping and is_drained(desk):
                return
            await asyncio.wait(tasks.values(), timeout=self._beat_seconds, return_when=asyncio.FIRST_COMPLETED)
            for name in [name for name, task in tasks.items() if task.done()]:
                pause = self._pause(name, jobs[name], tasks.pop(name))
                if pause is None:
                    jobs[name].ended()
                else:
                    tasks[name] = asyncio.create_task(self._again(name, jobs[name], pause), name=name)
        if desk.broken is not None:
            raise desk.broken

    def _pause(self, name: str, job: Job, task: asyncio.Task[None]) -> float | None:
        """How long a task that has ended rests; None: it is over."""
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return None
        if error is not None and not _may_try_again(error):
            raise error
        foreseen = error is None or isinstance(error, RetryLater)
        what = "it was cancelled" if error is None else f"{type(error).__name__}: {error}".rstrip(": ")
        if not foreseen:
            LOG.error("the task %s died", name, exc_info=error)
        pause = job.died(foreseen=foreseen)
        if pause is None:
            self._give_up(name, job, what)
            return None
        if job.bots is None or not self._simulates:
            self._desk.condition.dead.add(name)
        text = f"The task {name} died and is begun again in {pause:g} s. {what}"
        payload = {"alarm": "task_died", "task": name, "deaths": job.deaths, "error": what, "foreseen": foreseen}
        self._doings.warn(job.bots and job.bots(), EventKind.WARNING if foreseen else EventKind.ALARM, text, payload)
        return pause

    def _give_up(self, name: str, job: Job, what: str) -> None:
        told = f"It died {job.faults} times at the same place. The last time: {what}"
        error = NeedsOperator("task_died", f"{name}: {told}", "See karat logs; then run the bots again.")
        if job.bots is None:
            raise error
        for bot in tuple(job.bots()):
            self._doings.fail(bot, error)

    async def _again(self, name: str, job: Job, pause: float) -> None:
        """A task after its pause. Nobody who serves bots is begun again while this process is about to stop."""
        if pause:
            await self._clock.sleep(pause)
        while not self._desk.flush():
            await self._clock.sleep(WRITE_AGAIN_SECONDS)
        self._desk.condition.dead.discard(name)
        if job.bots is None or not self._desk.condition.stopping:
            await job.work()


def _may_try_again(error: BaseException) -> bool:
    """Whether a task that ended by `error` may be begun again: it was not foreseen, or is said to be passing."""
    if isinstance(error, RetryLater):
        return error.code not in _NOT_TRIED_AGAIN
    return isinstance(error, Exception) and not isinstance(error, KaratError)


async def _ended(tasks: Mapping[str, asyncio.Task[None]]) -> KaratError | None:
    """End all of them; what could not be done about it."""
    for task in tasks.values():
        task.cancel()
    ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
    return next((one for one in ends if isinstance(one, KaratError)), None)
