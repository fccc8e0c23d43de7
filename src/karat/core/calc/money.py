"""Notional, result and average price of linear, spot and inverse instruments (rule 30)."""

from __future__ import annotations

from karat.core.compiled import inlined


@inlined
def notional(inverse: bool, quantity: float, contract_size: float, price: float) -> float:
    """Notional of `quantity` contracts: quote units, or coin for inverse."""
    if inverse:
        return quantity * contract_size / price
    return quantity * contract_size * price


@inlined
def quote_notional(inverse: bool, quantity: float, contract_size: float, price: float) -> float:
    """Notional in quote units, in which minimums are stated (rule 29)."""
    if inverse:
        return quantity * contract_size
    return quantity * contract_size * price


@inlined
def result(inverse: bool, side: int, quantity: float, contract_size: float, entry: float, exit_: float) -> float:
    """Profit of closing `quantity` at `exit_`, before costs: quote units, or coin for inverse."""
    if inverse:
        return side * quantity * contract_size * (1.0 / entry - 1.0 / exit_)
    return side * quantity * contract_size * (exit_ - entry)


@inlined
def average_price(inverse: bool, quantity: float, price: float, more: float, more_price: float) -> float:
    """Average entry after adding `more` at `more_price`: arithmetic, harmonic for inverse."""
    if inverse:
        return (quantity + more) / (quantity / price + more / more_price)
    return (quantity * price + more * more_price) / (quantity + more)


@inlined
def base_units(inverse: bool, quantity: float, contract_size: float, price: float) -> float:
    """Contracts in base units at `price` (rule 29)."""
    if inverse:
        return quantity * contract_size / price
    return quantity * contract_size


@inlined
def contracts(inverse: bool, base: float, contract_size: float, price: float) -> float:
    """Base units in contracts at `price` (rule 29)."""
    units = base * price if inverse else base
    return units if contract_size == 1.0 else units / contract_size  # the size of an entry waits for each division
