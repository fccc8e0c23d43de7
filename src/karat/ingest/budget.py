"""One budget of requests per host, in a small file that every process of this KARAT_HOME shares.

1. A host has a line: the time up to which it is booked. A request books its cost at the end of the line.
2. It may go once the line before it has passed, but for a small burst.
3. A hold (429 with Retry-After, a ban) lets nobody go before it ends, those who had booked before included.
4. A clock that was turned back, or a file from before, can make nobody wait for longer than was meant.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import RetryLater
from karat.core.time import MINUTE_MS, SECOND_MS, iso
from karat.ports.clock import Clock

BURST_MS = 1 * SECOND_MS
LINE_MAX_MS = 2 * MINUTE_MS  # more than this ahead is not a queue but a clock that was wrong
PATIENCE_MS = 10 * MINUTE_MS

_RECORD = struct.Struct("<3q")


@dataclass
class _Line:
    """`booked_ms`: the line's end. The hold lasts from `held_at_ms` to `held_until_ms`."""

    booked_ms: int = 0
    held_at_ms: int = 0
    held_until_ms: int = 0

    def held_for_ms(self, now_ms: int) -> int:
        """How long the hold still lasts; its whole length when the clock was turned back to before it began."""
        return self.held_until_ms - max(now_ms, self.held_at_ms)


class FolderBudget:
    """Satisfies `karat.ports.budget.RequestBudget`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    async def spend(self, host: str, cost_ms: float) -> None:
        ready_ms = self._book(host, cost_ms)
        while True:
            now_ms = self._clock.now_ms()
            with self._line(host) as line:
                held_ms = line.held_for_ms(now_ms)
            if held_ms > PATIENCE_MS:
                message = f"{host} asks not to be asked before {iso(now_ms + held_ms)}."
                raise RetryLater("host_on_hold", message, "Nothing is lost: give the same command again after that.")
            wait_ms = max(ready_ms - now_ms, held_ms)
            if wait_ms <= 0:
                return
            await self._clock.sleep(wait_ms / SECOND_MS)

    def hold(self, host: str, seconds: float) -> None:
        now_ms = self._clock.now_ms()
        with self._line(host) as line:
            until_ms = now_ms + max(line.held_for_ms(now_ms), round(seconds * SECOND_MS))
            line.held_at_ms, line.held_until_ms = now_ms, until_ms

    def _book(self, host: str, cost_ms: float) -> int:
        now_ms = self._clock.now_ms()
        with self._line(host) as line:
            begins_ms = now_ms if line.booked_ms > now_ms + LINE_MAX_MS else max(line.booked_ms, now_ms)
            line.booked_ms = begins_ms + max(1, round(cost_ms))
        return begins_ms - BURST_MS

    @contextmanager
    def _line(self, host: str) -> Generator[_Line]:
        """The host's line, locked against other processes while it is looked at and changed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / host.replace("/", "_"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            raw = os.pread(handle, _RECORD.size, 0)
            line = _Line(*_RECORD.unpack(raw)) if len(raw) == _RECORD.size else _Line()
            before = (line.booked_ms, line.held_at_ms, line.held_until_ms)
            yield line
            after = (line.booked_ms, line.held_at_ms, line.held_until_ms)
            if after != before:
                os.pwrite(handle, _RECORD.pack(*after), 0)
        finally:
            os.close(handle)
