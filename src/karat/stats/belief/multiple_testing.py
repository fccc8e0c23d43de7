"""Many p-values at once, and the Sharpe ratio that is left of one among many.

Sources: Holm (1979); Benjamini and Yekutieli (2001); Harvey and Liu (2015), "Backtesting".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.stats.figure import Figure, Undefined
from karat.stats.sharpe_error import time_aggregation_ar1

Floats = NDArray[np.float64]


def bonferroni(p_values: Floats) -> Floats:
    """p times the number of tests, at most 1. float64, no NaN."""
    return np.minimum(1.0, _probabilities(p_values) * len(p_values))


def holm(p_values: Floats) -> Floats:
    """Step-down p-values: never larger than Bonferroni's, under any dependence."""
    values = _probabilities(p_values)
    order, count = np.argsort(values, kind="stable"), len(values)
    stepped = np.maximum.accumulate(values[order] * np.arange(count, 0, -1))
    return _unsorted(np.minimum(1.0, stepped), order)


def benjamini_hochberg_yekutieli(p_values: Floats) -> Floats:
    """False discovery rates under any dependence."""
    values = _probabilities(p_values)
    order, count = np.argsort(values, kind="stable"), len(values)
    ranks = np.arange(1, count + 1)
    scaled = values[order] * float(np.sum(1.0 / ranks)) * count / ranks
    return _unsorted(np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1]), order)


@dataclass(frozen=True, slots=True)
class Haircut:
    """What is left of an annual Sharpe ratio that is one of many; `share` is what is cut off the one that was given."""

    sharpe_adjusted: float  # for autocorrelation
    t_ratio: float
    p_single: float
    p_adjusted: float
    sharpe: float
    share: float


def haircut_sharpe(
    annual_sharpe: float, n: int, q: int, autocorrelation: float, tests: float, *, dependent: bool = False
) -> Haircut | Undefined:
    """The haircut of an annual Sharpe ratio over n periods, q of them a year, one of `tests`.

    p is adjusted after Bonferroni, or, where the tests are `dependent` in a way that nobody knows, as Benjamini,
    Hochberg and Yekutieli adjust the best of all: times the number of tests and the sum of 1 / k up to it. Less is
    taken only of who knows the p-values of all others. `tests` need not be whole. `autocorrelation` is that of an
    AR(1). Undefined for a Sharpe ratio of zero or below, or fewer than three periods.
    """
    assert tests >= 1.0 and q >= 1, "tests made, and periods a year"
    if n < 3 or annual_sharpe <= 0.0:
        return Undefined("a haircut needs a positive Sharpe ratio over at least three periods")
    factor = time_aggregation_ar1(q, autocorrelation)
    if isinstance(factor, Undefined):
        return factor
    from scipy.special import digamma, stdtr, stdtrit

    adjusted = annual_sharpe * factor / math.sqrt(q)
    t_ratio = adjusted * math.sqrt(n / q)
    p_single = 2.0 * float(stdtr(n - 1, -t_ratio))
    if p_single == 0.0:
        return Undefined("so many standard errors out that its p-value cannot be told from zero")
    times = tests * (float(digamma(tests + 1.0)) - float(digamma(1.0))) if dependent else tests
    p_adjusted = min(1.0, p_single * times)
    left = -float(stdtrit(n - 1, p_adjusted / 2.0)) / math.sqrt(n / q)
    return Haircut(adjusted, t_ratio, p_single, p_adjusted, left, 1.0 - left / annual_sharpe)


def t_ratio(sharpe_per_period: float, n: int) -> Figure:
    """The t-ratio of a mean return: `SR sqrt(n)`."""
    return sharpe_per_period * math.sqrt(n) if n > 1 else Undefined("fewer than two returns")


def _probabilities(p_values: Floats) -> Floats:
    assert len(p_values) and ((p_values >= 0.0) & (p_values <= 1.0)).all(), "probabilities lie between 0 and 1"
    return p_values


def _unsorted(values: Floats, order: NDArray[np.intp]) -> Floats:
    back = np.empty(len(values))
    back[order] = values
    return back
