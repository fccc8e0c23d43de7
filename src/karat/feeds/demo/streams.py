"""Random streams of the demo market, one per symbol and purpose, and a recursion that keeps prefixes.

Each stream is a PCG64 generator seeded by `SeedSequence(seed, spawn_key=(CRC-32 of the symbol, purpose))`, so that no
symbol or purpose moves another. Every stream is drawn from its beginning, one kind of number each: a longer market has
the shorter one as its prefix, to the bit. That holds for one lock file and one processor family: numpy may change its
distributions between versions.
"""

from __future__ import annotations

import zlib
from enum import IntEnum

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Floats


class Purpose(IntEnum):
    """What a stream is drawn for. Values are part of the seed: they never change, new ones join at the end."""

    REGIME = 0
    SHOCK = 1
    VOLATILITY = 2
    JUMP_TIME = 3
    JUMP_SIZE = 4
    HIGH = 5
    LOW = 6
    VOLUME = 7
    PREMIUM = 8
    REVERSION = 9
    TREND = 10


def stream(seed: int, symbol: MarketId, purpose: Purpose) -> np.random.Generator:
    """The generator of one purpose. Raises InputError `bad_seed` for a negative seed."""
    if seed < 0:
        raise InputError("bad_seed", f"Seed {seed} is negative.", "Choose a whole number of 0 or more.")
    key = (zlib.crc32(symbol.encode()), int(purpose))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def decayed_sum(inputs: Floats, decay: float) -> Floats:
    """`y[t] = decay * y[t - 1] + inputs[t]`, y before the first being 0; shape as given.

    By doubling: after pass k, y[t] holds the inputs of the last 2 ** k steps. An element takes the same operations
    whatever the length, so a prefix of the inputs gives the prefix of the result.
    """
    sums = inputs.copy()
    reach, weight = 1, decay
    while reach < len(sums) and weight > 1e-18:
        sums[reach:] += weight * sums[:-reach].copy()
        reach, weight = reach * 2, weight * weight
    return sums


def half_life_decay(steps: float) -> float:
    """The decay per step that halves in `steps`."""
    return 0.5 ** (1.0 / steps)


def wandering(normals: Floats, half_life_steps: float) -> Floats:
    """A series of unit deviation that reverts to zero with that half-life, starting there (autoregressive, order 1)."""
    decay = half_life_decay(half_life_steps)
    return decayed_sum(normals * np.sqrt(1.0 - decay * decay), decay)
