"""An asyncio loop that never waits: where nothing is ready, time jumps to what comes next.

1. One step is one callback, or one moment of the world. `after_step` is called after each; what it raises stops the
   drive, whatever the callback was in the middle of.
2. asyncio promises that callbacks of `call_soon` run in the order in which they were given: that order is kept. It
   promises nothing of timers of one same moment: their order is drawn from the seed. The world comes before them.
3. `abandon` is a process that died: nothing is cancelled, no `finally` runs; what was alive is kept, out of reach,
   until `release`. By then nothing that it holds leads anywhere (`life.Life`), so its endings are heard by nobody.
4. Threads, sockets, pipes, signals and processes of the real world raise `RealWorld`.

Timers keep whole microseconds, so that "the same moment" means something; asyncio lets a timer run early by the
resolution of the clock, and this is the resolution.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.world import SECOND, World


class RealWorld(RuntimeError):
    """Something reached for what is not there in a storm."""


class NothingLeft(RuntimeError):
    """Neither the process nor the world will ever do anything again."""


def _refused(name: str) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> Any:
        raise RealWorld(f"{name}: a storm has no threads, sockets, signals or processes")

    return refuse


class VirtualLoop(asyncio.BaseEventLoop):
    """One process's loop, from its start to its end."""

    def __init__(self, world: World, dice: Dice, after_step: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.world = world
        self.steps = 0
        self.unhandled: list[str] = []
        self._dice = dice
        self._after_step = after_step
        self._until_us: int | None = None
        self._main: asyncio.Task[Any] | None = None
        self._made: list[asyncio.Task[Any]] = []
        self._made_max = 64
        self._kept: list[Any] = []
        self._clock_resolution = 1e-6
        self.set_exception_handler(self._note)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        """As asyncio does; the order in which tasks are made is kept, because names count over all loops."""
        task = super().create_task(coro, name=name, context=context)
        self._made.append(task)
        if len(self._made) > 2 * self._made_max:
            self._made = [one for one in self._made if not one.done()]
            self._made_max = max(len(self._made), 64)
        return task

    def time(self) -> float:
        return self.world.now_us / SECOND

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return super().call_at(round(when, 6), callback, *args, context=context)

    def drive(self, main: Coroutine[Any, Any, Any], until_us: int) -> bool:
        """Run `main` until it ends (True; what it raised is raised) or time is up (False; nothing is cancelled)."""
        self._main = task = self.create_task(main)
        task.add_done_callback(lambda _: self.stop())
        self.go_on(until_us)
        if not task.done():
            return False
        task.result()
        return True

    def go_on(self, until_us: int) -> None:
        """Drive what is there, until `stop`, or until time is up."""
        self._until_us = until_us
        self.run_forever()

    def stall(self, ms: int) -> None:
        """The callback that calls this takes so long: the world goes on, this loop does not."""
        self.world.pass_until(self.world.now_us + ms * 1_000)
        self.world.stalled_us += ms * 1_000

    @property
    def pending(self) -> list[asyncio.Task[Any]]:
        """Tasks that have not ended, in the order in which they were made."""
        alive = asyncio.all_tasks(self)
        self._made = [task for task in self._made if task in alive]
        return list(self._made)

    @property
    def others(self) -> list[asyncio.Task[Any]]:
        """Tasks that have not ended, without the one that `drive` runs."""
        return [task for task in self.pending if task is not self._main]

    def abandon(self) -> None:
        """Stop for ever, as if the process were gone."""
        self._kept = [*self.pending, *self._asyncgens, *self._ready, *self._scheduled]
        self.set_exception_handler(lambda *_: None)
        self.close()

    def release(self) -> None:
        """Let go of what `abandon` kept. Endings run now, into nothing; what they raise is nobody's."""
        for kept in self._kept:
            if isinstance(kept, asyncio.Task):
                kept._log_destroy_pending = False
                _closed(kept.get_coro())
        self._kept.clear()
        self._made.clear()

    def _run_once(self) -> None:
        if not self._ready and not self._stopping:
            self._pass_time()
        if self._ready:
            handle = self._ready.popleft()
            if handle._cancelled:
                return
            self.steps += 1
            self.world.steps += 1
            handle._run()
        if self._after_step is not None:
            self._after_step()

    def _pass_time(self) -> None:
        """Either one moment of the world, or the timers of the next moment made ready."""
        timers = self._scheduled
        while timers and timers[0]._cancelled:
            self._popped()
        timer_us = round(timers[0]._when * SECOND) if timers else None
        world_us = self.world.next_us
        soonest = min((us for us in (timer_us, world_us) if us is not None), default=None)
        if soonest is None and self._until_us is None:
            raise NothingLeft("nothing is ready and nothing will be")
        if self._until_us is not None and (soonest is None or soonest > self._until_us):
            self.world.now_us = max(self.world.now_us, self._until_us)
            self.stop()
        elif world_us is not None and world_us == soonest:
            self.world.happen()
        elif timer_us is not None:
            self.world.now_us = max(self.world.now_us, timer_us)
            self._wake()

    def _wake(self) -> None:
        now = self.time()
        while self._scheduled and self._scheduled[0]._when <= now:
            when = self._scheduled[0]._when
            same = []
            while self._scheduled and self._scheduled[0]._when == when:
                same.append(self._popped())
            self._ready.extend(self._dice.shuffled(same) if len(same) > 1 else same)

    def _popped(self) -> asyncio.TimerHandle:
        handle = heapq.heappop(self._scheduled)
        handle._scheduled = False
        if handle._cancelled:
            self._timer_cancelled_count -= 1
        return handle

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _process_events(self, event_list: object) -> None:
        assert not event_list

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:
        """Only ever from the one thread that there is."""
        if threading.current_thread() is not threading.main_thread():
            raise RealWorld("call_soon_threadsafe from a thread")
        return self.call_soon(callback, *args, context=context)

    run_in_executor = _refused("run_in_executor")
    create_connection = _refused("create_connection")
    create_server = _refused("create_server")
    create_unix_connection = _refused("create_unix_connection")
    create_unix_server = _refused("create_unix_server")
    create_datagram_endpoint = _refused("create_datagram_endpoint")
    getaddrinfo = _refused("getaddrinfo")
    getnameinfo = _refused("getnameinfo")
    connect_read_pipe = _refused("connect_read_pipe")
    connect_write_pipe = _refused("connect_write_pipe")
    subprocess_exec = _refused("subprocess_exec")
    subprocess_shell = _refused("subprocess_shell")
    add_reader = _refused("add_reader")
    add_writer = _refused("add_writer")
    add_signal_handler = _refused("add_signal_handler")
    sock_connect = _refused("sock_connect")
    sock_recv = _refused("sock_recv")
    sock_sendall = _refused("sock_sendall")


def _closed(coroutine: Any) -> None:
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001 - the endings of a process that is gone
        return
