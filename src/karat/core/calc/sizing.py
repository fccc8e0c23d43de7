"""How large an entry is, in base units, before factors and caps (rule 26)."""

from __future__ import annotations

import math

from karat.core.compiled import inlined

# The values of core.model.policy.SizeMode, as numbers that compile to constants.
NOTIONAL, FRACTION, RISK, VOLATILITY = 0, 1, 2, 3


@inlined
def base_size(mode: int, value: float, equity: float, price: float, stop_distance: float, volatility: float) -> float:
    """Base units of an entry at `price`. `equity` in quote units (inverse: coin equity times price).

    `stop_distance` in price units, `volatility` yearly. NaN when a number it needs is missing or not positive.
    """
    if mode == NOTIONAL:
        return value / price
    if mode == FRACTION:
        return value * equity / price
    needed = stop_distance if mode == RISK else volatility * price
    if not needed > 0.0:
        return math.nan
    return equity * value / needed


@inlined
def confidence_factor(confidence: float) -> float:
    """`0.8 + 0.4 * confidence` (rule 27)."""
    return 0.8 + 0.4 * confidence
