"""Sharpe as rule 33 defines it."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_filter import day_of
from tests.simulation.decimal_numbers import BILLIONTH, ZERO
from tests.simulation.decimal_state import State

from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS


def sharpe(state: State) -> Decimal | None:
    """Mean / sample deviation * sqrt(days a year) of daily returns; None where undefined."""
    returns: list[Decimal] = []
    before = state.start
    for equity in _daily_equities(state):
        if abs(before) < BILLIONTH * state.start:
            state.ruler.doubts.append(f"sharpe: a return on {before}, which may be nothing")
        if before <= 0:
            return None  # a return on nothing is undefined
        returns.append(equity / before - 1)
        before = equity
    if len(returns) < 2:
        return None
    mean = sum(returns, ZERO) / len(returns)
    variance = sum(((one - mean) ** 2 for one in returns), ZERO) / (len(returns) - 1)
    if variance == 0:
        return None
    days = 252 if state.tape.kind == Kind.EQUITY else 365
    return mean / variance.sqrt() * Decimal(days).sqrt()


def _daily_equities(state: State) -> list[Decimal]:
    """The last equity of each session, or the last at or before each 00:00 UTC, a last partial day included."""
    tape = state.tape
    if tape.kind == Kind.EQUITY:
        return list({day_of(tape, bar): equity for bar, equity in enumerate(state.equity)}.values())
    last: dict[int, Decimal] = {}
    for bar, equity in enumerate(state.equity):
        last[-(-tape.decision_time(bar) // DAY_MS)] = equity  # the first midnight at or after this close
    midnights = range(min(last), max(last) + 1) if last else range(0)
    equities: list[Decimal] = []
    for midnight in midnights:
        equities.append(last[midnight] if midnight in last else equities[-1])  # a day without bars returns 0
    return equities
