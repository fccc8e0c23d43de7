"""Counter-based random numbers: the number at a place is a function of the place, so order and threads do not matter.

Philox 4x32 with ten rounds: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3". A
counter of four 32-bit words and a key of two give four 32-bit words. The key is the seed; the counter is what the
number is for: (draw, path, variant, purpose).
"""

from __future__ import annotations

from typing import Any

from karat.core.compiled import compiled, inlined

_MASK = 0xFFFFFFFF
_MULTIPLIER_0, _MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
_WEYL_0, _WEYL_1 = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_UNIT = 2.0**-53


@inlined
def philox_words(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> Any:
    """Four 32-bit words for a counter and a key of 32-bit words, all as non-negative int64."""
    for _ in range(_ROUNDS):
        high_0, low_0 = _multiply(_MULTIPLIER_0, c0)
        high_1, low_1 = _multiply(_MULTIPLIER_1, c2)
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = (k0 + _WEYL_0) & _MASK, (k1 + _WEYL_1) & _MASK
    return c0, c1, c2, c3


@inlined
def _multiply(left: int, right: int) -> Any:
    """(high, low) 32 bits of a product of two 32-bit words, without leaving the signed 64 bits."""
    low = left * (right & 0xFFFF)
    high = left * (right >> 16) + (low >> 16)
    return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)


@inlined
def uniform_pair(seed: int, purpose: int, variant: int, path: int, draw: int) -> Any:
    """Two numbers in [0, 1) with 53 bits each, for this place."""
    a, b, c, d = philox_words(
        draw & _MASK, path & _MASK, variant & _MASK, purpose & _MASK, seed & _MASK, (seed >> 32) & _MASK
    )
    return ((a >> 5) * 67108864.0 + (b >> 6)) * _UNIT, ((c >> 5) * 67108864.0 + (d >> 6)) * _UNIT


@compiled
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> Any:
    """`philox_words`, to be called from Python."""
    return philox_words(c0, c1, c2, c3, k0, k1)


@compiled
def fill_uniforms(seed: int, purpose: int, variant: int, path: int, out: Any) -> None:
    """Fill float64 `out` with the numbers in [0, 1) of this place, two a draw."""
    for place in range(0, len(out), 2):
        first, second = uniform_pair(seed, purpose, variant, path, place >> 1)
        out[place] = first
        if place + 1 < len(out):
            out[place + 1] = second
