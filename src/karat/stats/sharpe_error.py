"""How far a Sharpe ratio may be off, and how it grows with time, after Lo (2002), "The Statistics of Sharpe Ratios".

Sharpe ratios here are per period, with the population deviation, as in the paper. Arrays are float64 without NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from karat.stats.figure import ONE_DAY, Figure, Undefined, assert_numbers, defined_or
from karat.stats.ratios import NO_DEVIATION

Floats = NDArray[np.float64]
_TOO_SHORT = Undefined("fewer returns than lags")


def sharpe_error_iid(sharpe_per_period: float, n: int) -> Figure:
    """Standard error `sqrt((1 + SR^2 / 2) / n)` for n independent normal returns (Lo 2002, equation 9)."""
    return math.sqrt((1.0 + sharpe_per_period**2 / 2.0) / n) if n > 1 else ONE_DAY


def _standardised(returns: Floats) -> Floats | None:
    """(returns - mean) / population deviation, or None where they do not vary."""
    centred = returns - returns.mean()
    variance = float(np.mean(centred * centred))
    if variance <= 1e-24 * float(np.mean(returns * returns)):
        return None
    return centred / math.sqrt(variance)


def _per_period(returns: Floats) -> float:
    return float(returns.mean() / returns.std())


def sharpe_error_non_normal(returns: Floats) -> Figure:
    """Standard error of independent returns that are not normal, after Mertens (2002).

    `sqrt((1 - skew SR + (kurtosis - 1) / 4 SR^2) / n)`, kurtosis 3 for a normal law.
    """
    assert_numbers(returns, "returns")
    if len(returns) < 2:
        return ONE_DAY
    z = _standardised(returns)
    if z is None:
        return NO_DEVIATION
    ratio = _per_period(returns)
    skew, kurtosis = float(np.mean(z**3)), float(np.mean(z**4))
    variance = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return math.sqrt(max(variance, 0.0) / len(returns))


def sharpe_error_newey_west(returns: Floats, lags: int) -> Figure:
    """Standard error under autocorrelation and changing variance: GMM with Bartlett weights (Lo 2002, appendix)."""
    assert_numbers(returns, "returns")
    n = len(returns)
    if n < 2:
        return ONE_DAY
    if n <= lags:
        return _TOO_SHORT
    z = _standardised(returns)
    if z is None:
        return NO_DEVIATION
    influence = z - _per_period(returns) / 2.0 * (z * z - 1.0)
    variance = float(np.sum(influence * influence))
    for lag in range(1, lags + 1):
        weight = 1.0 - lag / (lags + 1.0)
        variance += 2.0 * weight * float(np.sum(influence[lag:] * influence[:-lag]))
    return math.sqrt(max(variance, 0.0)) / n


def autocorrelations(returns: Floats, lags: int) -> Floats:
    """rho_1 .. rho_lags, `sum_{t>k} x_t x_{t-k} / sum x^2` of centred returns; NaN where they do not vary."""
    assert_numbers(returns, "returns")
    assert 1 <= lags < len(returns), "more returns than lags"
    z = _standardised(returns)
    if z is None:
        return np.full(lags, np.nan)
    return np.array([np.sum(z[lag:] * z[:-lag]) for lag in range(1, lags + 1)]) / np.sum(z * z)


def time_aggregation(q: int, autocorrelation: Floats) -> Figure:
    """eta(q): the factor from a per-period Sharpe to one over q periods (Lo 2002, equation 20).

    `q / sqrt(q + 2 sum_{k<q} (q - k) rho_k)`, with rho_1 .. rho_{q-1} given; sqrt(q) when all are zero.
    """
    assert len(autocorrelation) >= q - 1, "autocorrelations for the lags 1 to q - 1"
    lags = np.arange(1, q)
    spread = q + 2.0 * float(np.sum((q - lags) * autocorrelation[: q - 1]))
    if not spread > 0.0:
        return Undefined("autocorrelations leave no variance over the horizon")
    return q / math.sqrt(spread)


def time_aggregation_ar1(q: int, rho: float) -> Figure:
    """eta(q) of returns that follow an AR(1) with coefficient rho in (-1, 1) (Lo 2002, equations 21 and 22)."""
    assert -1.0 < rho < 1.0, "an AR(1) coefficient lies between -1 and 1"
    return time_aggregation(q, rho ** np.arange(1.0, q))


def annual_sharpe_autocorrelated(sharpe_per_period: float, returns: Floats, q: int) -> Figure:
    """Sharpe over q periods that takes the autocorrelation of `returns` into account: `eta(q) * SR`."""
    if len(returns) <= q:
        return _TOO_SHORT
    factor = time_aggregation(q, autocorrelations(returns, q - 1))
    return factor if isinstance(factor, Undefined) else defined_or(factor * sharpe_per_period, NO_DEVIATION)
