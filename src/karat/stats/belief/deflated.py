"""Probabilistic and deflated Sharpe ratios, and how long a record must be to say anything.

Sharpe ratios here are per period (never annual), kurtosis is raw (3 for a normal law), n counts the same periods.
Sources: Bailey and Lopez de Prado (2012), "The Sharpe Ratio Efficient Frontier"; the same (2014), "The Deflated Sharpe
Ratio"; Bailey, Borwein, Lopez de Prado and Zhu (2014), "Pseudo-Mathematics and Financial Charlatanism".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from karat.stats.figure import ONE_DAY, Figure, Undefined, assert_numbers
from karat.stats.ratios import NO_DEVIATION

Floats = NDArray[np.float64]

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_FEWER_TRIALS = 5.0  # below, the approximation of the expected maximum falls short of the true one
_GRID = np.linspace(-12.0, 12.0, 4801)  # a step of 0.005: the integrand and its derivatives vanish at both ends
NO_ERROR = Undefined("the moments leave no error of the Sharpe ratio")
BELOW_BENCHMARK = Undefined("not above the benchmark, so no length of record proves it")


@dataclass(frozen=True, slots=True)
class Moments:
    """What the tests read of a series of returns: mean / deviation (n - 1), skew and raw kurtosis (both over n)."""

    n: int
    sharpe: float
    skew: float
    kurtosis: float

    @property
    def spread(self) -> float:
        """Variance of the Sharpe ratio times (n - 1): `1 - skew SR + (kurtosis - 1) / 4 SR^2`."""
        return 1.0 - self.skew * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2


def moments(returns: Floats) -> Moments | Undefined:
    """The moments of returns, float64 without NaN. Undefined for fewer than two, or without deviation."""
    assert_numbers(returns, "returns")
    n = len(returns)
    if n < 2:
        return ONE_DAY
    mean = float(returns.mean())
    centred = returns - mean
    variance = float(np.mean(centred * centred))
    if variance <= 1e-24 * float(np.mean(returns * returns)):
        return NO_DEVIATION
    z = centred / math.sqrt(variance)
    return Moments(n, mean / math.sqrt(variance * n / (n - 1)), float(np.mean(z**3)), float(np.mean(z**4)))


def probabilistic_sharpe(of: Moments, benchmark: float = 0.0) -> Figure:
    """Probability that the true Sharpe ratio lies above `benchmark` (both per period)."""
    if not of.spread > 0.0:
        return NO_ERROR
    return _NORMAL.cdf((of.sharpe - benchmark) * math.sqrt(of.n - 1) / math.sqrt(of.spread))


def minimum_track_record(of: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> Figure:
    """Number of periods after which a Sharpe ratio like this one lies above `benchmark` with `confidence`."""
    assert 0.5 < confidence < 1.0, "a confidence lies between one half and 1"
    if not of.sharpe > benchmark:
        return BELOW_BENCHMARK
    if not of.spread > 0.0:
        return NO_ERROR
    return 1.0 + of.spread * (_NORMAL.inv_cdf(confidence) / (of.sharpe - benchmark)) ** 2


def expected_maximum(trials: float) -> float:
    """Expected largest of `trials` independent standard normals, by the approximation of the papers; 0 for one.

    A little too high from five trials on, too low below.
    """
    assert trials >= 1.0, "at least one trial was made"
    if trials == 1.0:
        return 0.0
    first, second = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return max(0.0, (1.0 - _EULER) * first + _EULER * second)


def expected_maximum_exact(trials: float) -> float:
    """The same by integration: `integral x d(Phi(x)^trials)`; `trials` need not be whole."""
    assert trials >= 1.0, "at least one trial was made"
    return _expected_of(np.array([_NORMAL.cdf(x) for x in _GRID]) ** trials)


def _expected_of(below: Floats) -> float:
    """The expectation of what lies below x with probability `below`, for each x of the grid.

    By parts: the integral of 1 - F over x > 0, minus that of F over x < 0.
    """
    tails = np.where(_GRID < 0.0, -below, 1.0 - below)
    step = float(_GRID[1] - _GRID[0])
    return step * float(np.sum(tails) - 0.5 * (tails[0] + tails[-1]) - 0.5)  # the jump of 1 at zero counts half


def equivalent_trials(peak: float) -> float:
    """How many independent standard normals have `peak` as their expected largest: the inverse of what luck gives."""
    assert peak >= 0.0, "an expected largest is not negative"
    low, high = 0.0, math.log(1e15)
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _peak(math.exp(middle)) < peak else (low, middle)
    return math.exp(low)


def _peak(trials: float) -> float:
    """The approximation, and below five trials the exact expectation where that is higher."""
    near = expected_maximum(trials)
    return near if trials >= _FEWER_TRIALS else max(near, expected_maximum_exact(trials))


def sharpe_of_luck(variance: float, trials: float) -> float:
    """The Sharpe ratio that the best of `trials` reaches without skill; `variance` is that of their Sharpe ratios.

    Below five trials the exact expectation is taken, which is higher there.
    """
    assert variance >= 0.0, "a variance is not negative"
    return math.sqrt(variance) * _peak(trials)


def deflated_sharpe(of: Moments, variance: float, trials: float) -> Figure:
    """Probability that the true Sharpe ratio lies above what luck gives the best of `trials` independent ones.

    `variance` is that of the trials' Sharpe ratios, per period. Never typed in: both come from the trial ledger.
    """
    return probabilistic_sharpe(of, sharpe_of_luck(variance, trials))


def effective_trials(trials: int, mean_correlation: float) -> float:
    """Independent trials that `trials` correlated ones are worth: `rho + (1 - rho) trials`; rho below 0 counts as 0."""
    assert trials >= 1 and mean_correlation <= 1.0, "trials and their mean correlation"
    rho = max(mean_correlation, 0.0)
    return rho + (1.0 - rho) * trials


def minimum_backtest_years(trials: float, annual_sharpe: float = 1.0) -> float:
    """Years below which the best of `trials` without skill is expected to show `annual_sharpe`."""
    assert annual_sharpe > 0.0, "a Sharpe ratio to be reached by luck is positive"
    return (expected_maximum(trials) / annual_sharpe) ** 2
