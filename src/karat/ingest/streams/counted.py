"""Items that the venue counts without gaps: trades by number, candles by minute.

1. An item is released when every one before it was released. What comes too early is held.
2. What was released before is a duplicate.
3. What is missing between the last released and the first held is asked for elsewhere and offered like the rest.
4. Where it cannot be had, `give_up` names it and goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Missing(NamedTuple):
    """Numbers that are not there: the first and the last of them."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


class Counted(Generic[T]):
    """The state of one counted series. `last` is the number of the last item released, None before the first."""

    def __init__(self, number_of: Callable[[T], int], last: int | None = None) -> None:
        self._number_of = number_of
        self._held: dict[int, T] = {}
        self._numbers: list[int] = []  # a heap of the held numbers
        self._happened = -1  # a number that is known to exist, though it did not come
        self.last = last
        self.duplicates = 0

    @property
    def held(self) -> int:
        return len(self._held)

    @property
    def first_held(self) -> T | None:
        return self._held[self._numbers[0]] if self._numbers else None

    def offer(self, items: Iterable[T]) -> list[T]:
        """Take items in any order. Returns those that follow without a gap, in order."""
        items = list(items)
        if self.last is None and items:
            self.last = min(self._number_of(item) for item in items) - 1
        for item in items:
            number = self._number_of(item)
            if number <= self._last or number in self._held:
                self.duplicates += 1
            else:
                self._held[number] = item
                heappush(self._numbers, number)
        return self._release()

    def expect(self, number: int) -> None:
        """Say that the item of this number, and all before it, exist: they are missing until they come."""
        if self.last is None:
            self.last = number
        self._happened = max(self._happened, number)

    @property
    def missing(self) -> Missing | None:
        """The first gap, or None."""
        if self._numbers:
            return Missing(self._last + 1, self._numbers[0] - 1)
        if self.last is not None and self._happened > self.last:
            return Missing(self.last + 1, self._happened)
        return None

    def give_up(self) -> tuple[Missing, list[T]]:
        """Leave the first gap behind. Returns it, and what follows it."""
        missing = self.missing
        assert missing is not None, "only what is missing can be given up"
        self.last = missing.last
        return missing, self._release()

    @property
    def _last(self) -> int:
        assert self.last is not None, "the first offer or expectation says where the count begins"
        return self.last

    def _release(self) -> list[T]:
        released: list[T] = []
        while self._numbers and self._numbers[0] == self._last + 1:
            number = heappop(self._numbers)
            released.append(self._held.pop(number))
            self.last = number
        return released
