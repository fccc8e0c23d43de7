"""How much two markets move together, as far as their closes can tell, and always as the worse of what they allow.

1. Pearson's correlation of log returns between shared closes, and both ends of its 90% interval by Fisher's z
   transformation: `tanh(atanh(r) -+ 1.645 / sqrt(n - 3))` for n returns. Two positions to the same side are reckoned
   with the upper end, two to opposite sides with the lower one. Source: R. A. Fisher, On the "Probable Error" of a
   Coefficient of Correlation Deduced from a Small Sample, Metron 1 (1921).
2. To the same side nothing counts for less than `FLOOR`, half: a month of calm says little of a fall, in which markets
   that seemed apart go down together. Source of that: Longin and Solnik, Extreme Correlation of International Equity
   Markets, Journal of Finance 56 (2001), where correlations rise in bear markets towards values far above the usual.
3. Fewer than `RETURNS_MIN` returns, a price that is no number or not above zero, a market that does not move: nobody
   knows, and the two are taken for one bet (`ONE_BET`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.5
RETURNS_MIN, RETURNS_MAX = 120, 720  # five days of hours, thirty days of hours
_QUANTILE = 1.645  # of the standard normal, 5% beyond it
_NEARLY_ONE = 1.0 - 1e-12
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Correlation(NamedTuple):
    """What is plausible of the correlation of two markets: `low` counts between opposite sides, `high` on one side."""

    low: float
    high: float


ONE_BET = Correlation(1.0, 1.0)


def plausible(first: Floats, second: Floats) -> Correlation:
    """The correlation of two markets from their closes at shared times, oldest first, arrays of one length. Raises
    nothing: what cannot be reckoned is `ONE_BET`."""
    returns = len(first) - 1
    if returns < RETURNS_MIN or not all(np.isfinite(one).all() and (one > 0.0).all() for one in (first, second)):
        return ONE_BET
    left, right = np.diff(np.log(first)), np.diff(np.log(second))
    left, right = left - left.mean(), right - right.mean()
    spread = math.sqrt(float(left @ left) * float(right @ right))
    if not spread > 0.0:
        return ONE_BET
    middle = math.atanh(min(max(float(left @ right) / spread, -_NEARLY_ONE), _NEARLY_ONE))
    reach = _QUANTILE / math.sqrt(returns - 3)
    return Correlation(math.tanh(middle - reach), max(math.tanh(middle + reach), FLOOR))


def at_shared_times(first_ts: Ints, first: Floats, second_ts: Ints, second: Floats) -> tuple[Ints, Floats, Floats]:
    """Times at which both have a close, and both closes there. Times are whole milliseconds that rise."""
    if np.array_equal(first_ts, second_ts):
        return first_ts, first, second
    shared, left, right = np.intersect1d(first_ts, second_ts, assume_unique=True, return_indices=True)
    return shared, first[left], second[right]
