"""Funding and borrow (steps 1 and 5 of a bar)."""

from __future__ import annotations

from karat.core.compiled import inlined

YEAR_MS = 365.0 * 86_400_000.0


@inlined
def funding_payment(side: int, notional: float, rate: float) -> float:
    """What leaves the cash: longs pay positive rates, shorts receive them."""
    return side * notional * rate


@inlined
def borrow_payment(base_quantity: float, price: float, rate_yearly: float, timeframe_ms: int) -> float:
    """Cost of borrowing a spot short over one bar."""
    return base_quantity * price * rate_yearly * timeframe_ms / YEAR_MS
