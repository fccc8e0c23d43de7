"""What a fill costs: spread, slippage and fees (rules 11 and 12)."""

from __future__ import annotations

import math

from karat.core.compiled import inlined


@inlined
def slippage(
    base: float,
    atr_factor: float,
    volume_factor: float,
    atr: float,
    close: float,
    quantity: float,
    volume: float,
) -> float:
    """Slippage as a fraction of price: `base + a * ATR / close + b * sqrt(min(1, quantity / volume))`.

    ATR, close and volume are of the last bar closed before the fill; volume in units of quantity, zero is ratio 1.
    """
    total = base
    if atr_factor != 0.0:
        total += atr_factor * atr / close
    if volume_factor != 0.0:
        ratio = 1.0
        if volume > quantity:
            ratio = quantity / volume
        total += volume_factor * math.sqrt(ratio)
    return total


@inlined
def taker_price(reference: float, order_side: int, half_spread: float, slipped: float) -> float:
    """`reference * (1 + s * (half_spread + slippage))`, s = +1 buying, -1 selling. Not rounded."""
    return reference * (1.0 + order_side * (half_spread + slipped))
