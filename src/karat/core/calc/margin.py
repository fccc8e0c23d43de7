"""Isolated margin: liquidation and bankruptcy prices (rule 17)."""

from __future__ import annotations

import math

from karat.core.compiled import inlined


@inlined
def liquidation_price(inverse: bool, side: int, entry: float, leverage: float, maintenance_rate: float) -> float:
    """Price at which a position is liquidated; NaN means never (a price of zero or less, or infinite).

    With `maintenance_rate` 0 it is the bankruptcy price, at which a liquidation fills.
    """
    if inverse:
        divisor = 1.0 + side / leverage
        price = entry * (1.0 + side * maintenance_rate) / divisor if divisor > 1e-12 else 0.0
    else:
        price = entry * (1.0 - side / leverage) / (1.0 - side * maintenance_rate)
    return price if price > 0.0 else math.nan


@inlined
def margin(entry_notional: float, leverage: float) -> float:
    """Isolated margin held for a position."""
    return entry_notional / leverage


@inlined
def affordable(free_cash: float, unit_notional: float, leverage: float, fee_rate: float) -> float:
    """Largest quantity with `notional / leverage + fee <= free cash` (rule 28); 0 when there is no free cash."""
    if free_cash <= 0.0:
        return 0.0
    return free_cash / (unit_notional * (1.0 / leverage + fee_rate))
