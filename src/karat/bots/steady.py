"""Time for what must not jump: monotonic, set right by the venue's own time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from karat.ports.clock import Clock

OFF_MS = 1_000  # less than this is the wire
WINDOW_MS, SPAN_MS = 6_000, 3_000


class SteadyClock:
    """`now_ms` goes on by `monotonic` (seconds) from the wall clock at the start. What the venue says of its time
    corrects it: at once where it is ahead of ours, since no message comes from the future; where it is behind, only
    after some seconds in which every message was, since one may merely have come late."""

    def __init__(self, wall: Clock, monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset_ms = wall.now_ms() - self._passed_ms()
        self._heard: deque[tuple[int, int]] = deque()
        self.is_confirmed = False

    def now_ms(self) -> int:
        return self._passed_ms() + self._offset_ms

    @property
    def skew_ms(self) -> int:
        """By how much the wall clock is ahead of this one."""
        return self._wall.now_ms() - self.now_ms()

    def hear(self, ts: int) -> int:
        """The venue's time is at least `ts` now. Returns by how much this clock was moved."""
        now, passed = self.now_ms(), self._passed_ms()
        self._heard.append((passed, ts - now))
        while self._heard[0][0] < passed - WINDOW_MS:
            self._heard.popleft()
        best = max(late for _, late in self._heard)
        span = passed - self._heard[0][0]
        if abs(best) <= OFF_MS:
            self.is_confirmed = True
            return 0
        if best < 0 and (len(self._heard) < 4 or span < SPAN_MS):
            return 0
        self._offset_ms += best
        self._heard.clear()
        self.is_confirmed = True
        return best

    def _passed_ms(self) -> int:
        return round(self._monotonic() * 1_000)
