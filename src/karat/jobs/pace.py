"""How fast work goes: over the last while, so that parts that were kept and are not done again soon count no more."""

from __future__ import annotations

from collections import deque

from karat.ports.cockpit import Undefined

WINDOW_SECONDS = 30.0
_SOONEST_SECONDS = 0.5  # less than that is no time to measure a rate over
_SAMPLES = 200


class Pace:
    """Rates of a count that grows, each asked for with the time of a clock that never goes back, in seconds."""

    def __init__(self, now: float) -> None:
        self._told: deque[tuple[float, int]] = deque([(now, 0)])

    def tell(self, now: float, done: int) -> None:
        """Note how much is done. Going back begins anew: it is another count."""
        if done < self._told[-1][1]:
            self._told = deque([(now, done)])
            return
        if len(self._told) > 1 and now - self._told[-2][0] < WINDOW_SECONDS / _SAMPLES:
            self._told.pop()
        self._told.append((now, done))
        while len(self._told) > 2 and now - self._told[1][0] >= WINDOW_SECONDS:
            self._told.popleft()

    def rate(self) -> float | Undefined:
        """So many a second."""
        (first, before), (last, done) = self._told[0], self._told[-1]
        if last - first < _SOONEST_SECONDS:
            return Undefined("it has only just begun")
        return (done - before) / (last - first)

    def left_seconds(self, of: int | Undefined) -> float | Undefined:
        """How long the rest takes at this rate."""
        rate = self.rate()
        if isinstance(of, Undefined):
            return of
        if isinstance(rate, Undefined):
            return rate
        if rate <= 0:
            return Undefined("nothing was done for a while")
        return max(0, of - self._told[-1][1]) / rate
