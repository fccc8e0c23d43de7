"""What goes on whether or not the process lives: one time, and what is to happen at which moment of it.

Time is whole microseconds since the storm began. The exchange, the wires and the faults put their moments here; an
event loop (`loop.VirtualLoop`) shares the time and is thrown away with the process that it drives.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

MS = 1_000
SECOND = 1_000_000


class World:
    """Moments in order; those of one microsecond in the order in which they were put here."""

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.now_us = 0
        self.steps = 0
        self.stalled_us = 0  # of all loops, while a callback blocked them
        self._count = 0
        self._moments: list[tuple[int, int, Callable[[], None]]] = []

    @property
    def now_ms(self) -> int:
        """True time, UTC ms: the venue's clock."""
        return self.start_ms + self.now_us // MS

    @property
    def passed_ms(self) -> int:
        """Since the storm began."""
        return self.now_us // MS

    def at(self, us: int, happens: Callable[[], None]) -> None:
        """Let something happen at `us`, or now where that has passed."""
        self._count += 1
        heapq.heappush(self._moments, (max(us, self.now_us), self._count, happens))

    def after_ms(self, ms: int, happens: Callable[[], None]) -> None:
        self.at(self.now_us + ms * MS, happens)

    @property
    def next_us(self) -> int | None:
        """When the next thing happens; None: nothing more will."""
        return self._moments[0][0] if self._moments else None

    def happen(self) -> None:
        """The next moment, at its time."""
        us, _, happens = heapq.heappop(self._moments)
        self.now_us = max(us, self.now_us)
        self.steps += 1
        happens()

    def pass_until(self, us: int, after_each: Callable[[], None] | None = None) -> None:
        """Everything up to `us`, with nobody at home."""
        while self._moments and self._moments[0][0] <= us:
            self.happen()
            if after_each is not None:
                after_each()
        self.now_us = max(us, self.now_us)
