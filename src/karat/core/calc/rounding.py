"""Rounding to the grid, with its direction in its name, and comparing with the tolerance of the page (rules 9 and 10).

Levels are kept as whole ticks and quantities as whole lots: the price of a level is `ticks * tick`, nothing else.
"""

from __future__ import annotations

import math

from karat.core.compiled import inlined

GRID_TOLERANCE = 1e-6  # of a step (rule 10)
VALUE_TOLERANCE = 1e-9  # of max(1, |limit|) (rule 10)


@inlined
def steps_floor(value: float, step: float) -> int:
    """Whole steps at or below `value`: `floor(value / step + 1e-6)`. `value` finite, `step` > 0."""
    return math.floor(value / step + 1e-6)


@inlined
def steps_ceil(value: float, step: float) -> int:
    """Whole steps at or above `value`: `ceil(value / step - 1e-6)`. `value` finite, `step` > 0."""
    return math.ceil(value / step - 1e-6)


@inlined
def stop_ticks(side: int, price: float, tick: float) -> int:
    """A stop on the grid: a long's goes down, a short's up (rule 9)."""
    return steps_floor(price, tick) if side > 0 else steps_ceil(price, tick)


@inlined
def limit_ticks(order_side: int, price: float, tick: float) -> int:
    """A resting limit on the grid: buys go down, sells up (rule 9)."""
    return steps_floor(price, tick) if order_side > 0 else steps_ceil(price, tick)


@inlined
def at_least(value: float, limit: float) -> bool:
    """`value >= limit`, equal when less than 1e-9 * max(1, |limit|) apart. NaN is False."""
    return value - limit > -1e-9 * max(1.0, abs(limit))


@inlined
def above(value: float, limit: float) -> bool:
    """`value > limit`, not when less than 1e-9 * max(1, |limit|) apart. NaN is False."""
    return value - limit >= 1e-9 * max(1.0, abs(limit))
