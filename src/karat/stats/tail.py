"""Tail losses of daily returns, historical: no distribution is assumed.

Losses are positive fractions here. A level of 0.95 needs 20 days and one of 0.99 needs 100: a shorter run has not lived
through such a day, and its quantile would be little more than its worst one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from karat.stats.figure import BANKRUPT, Figure, Undefined, defined_or, quotient

Floats = NDArray[np.float64]

NO_DAYS = Undefined("no days")


def _refusal(returns: Floats, level: float) -> Undefined | None:
    assert 0.5 < level < 1.0, "a tail level lies between 0.5 and 1"
    needed = math.ceil(1.0 / (1.0 - level) - 1e-6)
    if len(returns) < needed:
        return Undefined(f"fewer than {needed} days")
    return None if math.isfinite(float(returns.sum())) else BANKRUPT


def tail_losses(returns: Floats, level: float = 0.95) -> tuple[Figure, Figure]:
    """(value at risk, expected shortfall) of one level; see there."""
    return tail_losses_of(returns, (level,))[0]


def tail_losses_of(returns: Floats, levels: tuple[float, ...]) -> tuple[tuple[Figure, Figure], ...]:
    """`tail_losses` of several levels; the worst days are put in order once."""
    refusals = [_refusal(returns, level) for level in levels]
    if all(refusals):
        return tuple((reason, reason) for reason in refusals if reason)
    tail = min(_place(len(returns), 1.0 - min(levels))[0] + 1, len(returns) - 1)
    worst = np.sort(np.partition(returns, tail)[: tail + 1])
    figures: list[tuple[Figure, Figure]] = []
    for level, refusal in zip(levels, refusals, strict=True):
        low, rest = _place(len(returns), 1.0 - level)
        quantile = worst[low] + rest * (worst[min(low + 1, tail)] - worst[low])
        figures.append((refusal, refusal) if refusal else (-float(quantile), -float(worst[: low + 1].mean())))
    return tuple(figures)


def value_at_risk(returns: Floats, level: float = 0.95) -> Figure:
    """The loss exceeded on `1 - level` of days: minus that percentile of daily returns, linear between two days.

    Negative when even that day gained. Source: empyrical's `value_at_risk`, sign turned.
    """
    return tail_losses(returns, level)[0]


def expected_shortfall(returns: Floats, level: float = 0.95) -> Figure:
    """The mean loss of the worst days: the lowest `floor((n - 1) * (1 - level)) + 1` daily returns, sign turned.

    Source: empyrical's `conditional_value_at_risk`.
    """
    return tail_losses(returns, level)[1]


def _place(days: int, share: float) -> tuple[int, float]:
    """Where the percentile lies among ordered days: the day below, and the part of the way to the next."""
    place = share * (days - 1)
    low = math.floor(place + 1e-9)  # 1 - 0.95 is not 0.05: a whole place must not fall to the day below
    return low, max(place - low, 0.0)


def tail_ratio(returns: Floats) -> Figure:
    """Size of the 95th percentile day / size of the 5th (empyrical's `tail_ratio`). Undefined under 20 days."""
    refusal = _refusal(returns, 0.95)
    if refusal:
        return refusal
    low, high = np.percentile(returns, (5.0, 95.0))
    return quotient(abs(float(high)), abs(float(low)), Undefined("the 5th percentile day did not move"))


def worst_day(returns: Floats) -> Figure:
    """The lowest daily return, a signed fraction."""
    return defined_or(float(returns.min()), BANKRUPT) if len(returns) else NO_DAYS


def best_day(returns: Floats) -> Figure:
    """The highest daily return, a signed fraction."""
    return defined_or(float(returns.max()), BANKRUPT) if len(returns) else NO_DAYS
