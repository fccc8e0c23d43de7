"""Luck from a seed: the number at a place is a function of the seed, a name and a count, and of nothing else.

SplitMix64 (Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number generators"), indexed by count. A name
becomes a number by CRC-32, never by `hash`, so that another PYTHONHASHSEED changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Thing = TypeVar("Thing")
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_UNIT = 2.0**-53


def mixed(number: int) -> int:
    """64 bits that look like chance, of 64 bits."""
    number &= _MASK
    number = ((number ^ (number >> 30)) * _MIX_1) & _MASK
    number = ((number ^ (number >> 27)) * _MIX_2) & _MASK
    return number ^ (number >> 31)


class Dice:
    """The numbers of one purpose, counted. Two purposes of one seed know nothing of each other."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._key = mixed(mixed(seed) ^ zlib.crc32(purpose.encode()))
        self._count = 0

    def word(self) -> int:
        """The next 64 bits."""
        self._count += 1
        return mixed(self._key + self._count * _GOLDEN)

    def unit(self) -> float:
        """In [0, 1)."""
        return (self.word() >> 11) * _UNIT

    def between(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + self.word() % (most - least + 1)

    def chance(self, share: float) -> bool:
        return self.unit() < share

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[self.word() % len(things)]

    def weighted(self, weights: Sequence[tuple[Thing, float]]) -> Thing:
        """One of the things, by weight."""
        left = self.unit() * sum(weight for _, weight in weights)
        for thing, weight in weights:
            left -= weight
            if left < 0:
                return thing
        return weights[-1][0]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        left = list(things)
        for last in range(len(left) - 1, 0, -1):
            other = self.word() % (last + 1)
            left[last], left[other] = left[other], left[last]
        return left

    def units(self, count: int) -> NDArray[np.float64]:
        """The next `count` numbers in [0, 1), the same ones that `unit` would give."""
        with np.errstate(over="ignore"):
            places = np.arange(self._count + 1, self._count + count + 1, dtype=np.uint64)
            words = np.uint64(self._key) + places * np.uint64(_GOLDEN)
            words = (words ^ (words >> np.uint64(30))) * np.uint64(_MIX_1)
            words = (words ^ (words >> np.uint64(27))) * np.uint64(_MIX_2)
            words ^= words >> np.uint64(31)
        self._count += count
        return (words >> np.uint64(11)).astype(np.float64) * _UNIT
