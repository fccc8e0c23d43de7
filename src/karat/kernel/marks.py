"""Marks at closes: equity, drawdown and daily returns (rules 31 to 33)."""

from __future__ import annotations

import math
from typing import Any

from karat.core.compiled import inlined
from karat.kernel.records import NO_DAY, Marks


@inlined
def settled(rules: Any, money: Any) -> float:
    """Equity without what is open."""
    return rules.capital + money.realised - money.fees - money.funding - money.borrow


@inlined
def open_equity(inverse: bool, base: float, units: float, average: float, close: float) -> float:
    """Equity with a position marked at `close` (rule 31)."""
    if inverse:
        return base + units * (1.0 / average - 1.0 / close)
    return base + units * (close - average)


@inlined
def simple_return(equity: float, reference: float) -> float:
    """Return of a day; NaN, so no Sharpe, once nothing was left to earn on."""
    return equity / reference - 1.0 if reference > 0.0 else math.nan


@inlined
def new_day(marks: Any, day: int, daily: Any) -> Any:
    """Close the daily return of `marks.day` with the last equity; days without bars return 0 (rule 33).

    `daily` is a column for the equity at the end of each day, from the start on, or one cell when nobody asks for it.
    """
    if marks.day == NO_DAY:
        return Marks(marks.equity, marks.peak, marks.floor, marks.max_drawdown, day, marks.day_reference, 0, 0.0, 0.0)
    gain = simple_return(marks.equity, marks.day_reference)
    if len(daily) > 1:
        for after in range(1, day - marks.day + 1):
            daily[marks.days + after] = marks.equity
    return Marks(
        marks.equity, marks.peak, marks.floor, marks.max_drawdown, day, marks.equity, marks.days + day - marks.day,
        marks.sum_returns + gain, marks.sum_squares + gain * gain,
    )  # fmt: skip


@inlined
def mark(marks: Any, equity: float) -> Any:
    """The equity of a close: a new peak, a new deepest drawdown, or neither (rule 32)."""
    peak, floor, deepest = marks.peak, marks.floor, marks.max_drawdown
    if equity > peak:
        peak = equity
        floor = peak * (1.0 - deepest)
    elif equity < floor:
        deepest = 1.0 - equity / peak
        floor = equity
    return Marks(
        equity, peak, floor, deepest, marks.day, marks.day_reference, marks.days, marks.sum_returns, marks.sum_squares
    )
