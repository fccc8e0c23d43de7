"""Numbers of the slow simulator: shortest decimals, the grid, and rule 10's idea of what is equal.

Everything here is `Decimal` with 50 digits. A float becomes the shortest decimal that names it, so 0.1 is 0.1. NaN
becomes None, and None never takes part in arithmetic.

A `Ruler` also remembers where it had to decide on a knife's edge: an argument of floor or ceil so near its rounding
boundary, or a difference so near the tolerance, that a float could honestly fall on the other side. A world with such a
doubt says nothing about whether two simulators agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

CONTEXT = Context(prec=50)
ZERO = Decimal(0)
ONE = Decimal(1)
MILLIONTH = Decimal("1e-6")  # of a tick, or of a step when rounding (rule 10)
BILLIONTH = Decimal("1e-9")  # times max(1, |limit|): results, drawdowns, volumes, minimums (rule 10)
EDGE_STEPS = Decimal("1e-8")  # how near a rounding boundary a float may miss it, in steps
EDGE_SHARE = Decimal("0.01")  # the same for the tolerance itself, as a share of the tolerance


def number(value: float) -> Decimal | None:
    """The shortest decimal that names this float; None for NaN."""
    value = float(value)
    return None if math.isnan(value) else Decimal(repr(value))


def known(value: float) -> Decimal:
    """The shortest decimal of a float that is never NaN."""
    result = number(value)
    assert result is not None, "this number must be known"
    return result


def numbers(values: list[float] | None) -> list[Decimal | None] | None:
    return None if values is None else [number(value) for value in values]


@dataclass
class Ruler:
    """The grid of one instrument: prices in ticks, quantities in lots, and what counts as equal."""

    tick: Decimal
    lot: Decimal
    doubts: list[str] = field(default_factory=list)

    def price(self, ticks: int) -> Decimal:
        return self.tick * ticks

    def quantity(self, lots: int) -> Decimal:
        return self.lot * lots

    def ticks_down(self, price: Decimal) -> int:
        return self._floor(price / self.tick, "tick")

    def ticks_up(self, price: Decimal) -> int:
        return self._ceil(price / self.tick, "tick")

    def lots_down(self, quantity: Decimal) -> int:
        return self._floor(quantity / self.lot, "lot")

    def compare_prices(self, one: Decimal, other: Decimal) -> int:
        """-1, 0 or +1. Rule 10: less than a millionth of a tick apart is equal."""
        return self._compare((one - other) / self.tick, MILLIONTH, "price")

    def compare(self, value: Decimal, limit: Decimal) -> int:
        """-1, 0 or +1. Rule 10: less than 1e-9 * max(1, |limit|) apart is equal."""
        return self._compare(value - limit, BILLIONTH * max(ONE, abs(limit)), "limit")

    def _floor(self, steps: Decimal, what: str) -> int:
        shifted = steps + MILLIONTH  # rule 10
        self._doubt_boundary(shifted, what)
        return int(shifted.to_integral_value(ROUND_FLOOR))

    def _ceil(self, steps: Decimal, what: str) -> int:
        shifted = steps - MILLIONTH  # rule 10
        self._doubt_boundary(shifted, what)
        return int(shifted.to_integral_value(ROUND_CEILING))

    def _doubt_boundary(self, shifted: Decimal, what: str) -> None:
        if abs(shifted - shifted.to_integral_value()) < EDGE_STEPS:
            self.doubts.append(f"{what}: {shifted} is at a whole step")

    def _compare(self, apart: Decimal, tolerance: Decimal, what: str) -> int:
        distance = abs(apart)
        if abs(distance - tolerance) < tolerance * EDGE_SHARE:
            self.doubts.append(f"{what}: {apart} is at the tolerance {tolerance}")
        if distance < tolerance:
            return 0
        return 1 if apart > 0 else -1
