"""Ratios of daily returns: volatility, Sharpe, Sortino, Calmar, omega.

Backtest and sweep share one definition and one order of adding: both sum the daily returns and their squares, oldest
first, and hand the three numbers to `sharpe_or_nan`. So the same trades give the same Sharpe to the bit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.time import YEAR_DAYS
from karat.stats.figure import BANKRUPT, ONE_DAY, TIE, Figure, Undefined, defined_or, is_defined, quotient

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_DEVIATION = Undefined("daily returns do not vary")
NO_LOSING_DAY = Undefined("no day lost")
NEVER_FELL = Undefined("equity never fell")
# Squared deviations below this share of the squared returns are the rounding error of the two sums, not a deviation:
# n additions err by at most n * 1.1e-16, and n is some thousands of days. A Sharpe beyond 1e6 per day has no meaning.
_ROUNDING = 1e-12


@compiled
def sharpe_or_nan(n: int, total: float, squares: float, periods_per_year: float) -> float:
    """Sharpe from the number, sum and sum of squares of returns; NaN where undefined (see `sharpe_from_sums`)."""
    if n < 2:
        return np.nan
    deviations = squares - total * total / n
    if not deviations > _ROUNDING * squares:
        return np.nan
    return total / n / math.sqrt(deviations / (n - 1)) * math.sqrt(periods_per_year)


@compiled
def _columns(n: Ints, totals: Floats, squares: Floats, periods_per_year: float) -> Floats:
    sharpes = np.empty(len(totals))
    for column in range(len(totals)):
        sharpes[column] = sharpe_or_nan(n[column], totals[column], squares[column], periods_per_year)
    return sharpes


@compiled
def _sums_pass(returns: Floats, target: float) -> tuple[float, float, float, float]:
    total = 0.0
    squares = 0.0
    shortfall = 0.0
    losses = 0.0
    for day in range(len(returns)):
        excess = returns[day] - target
        total += excess
        squares += excess * excess
        if excess < 0.0:
            shortfall += excess * excess
            losses += excess
    return total, squares, shortfall, losses


def return_sums(returns: Floats, target: float = 0.0) -> tuple[float, float, float, float]:
    """(sum, sum of squares, sum of squared shortfalls, sum of losses) of `returns - target`, oldest first."""
    with np.errstate(over="ignore"):  # squares too large to hold are refused by the caller
        total, squares, shortfall, losses = _sums_pass(returns, float(target))
    return float(total), float(squares), float(shortfall), float(losses)


def _refusal(n: int, total: float, squares: float) -> Undefined | None:
    """Why no ratio can be taken of n returns. A base next to zero makes squares too large to hold: the same as zero."""
    if n < 2:
        return ONE_DAY
    return None if math.isfinite(total) and math.isfinite(squares) else BANKRUPT


def sharpe_from_sums(n: int, total: float, squares: float, periods_per_year: float = YEAR_DAYS) -> Figure:
    """Sharpe `mean / sample deviation * sqrt(periods_per_year)` from n returns, their sum and sum of squares.

    Undefined: fewer than two returns; a NaN sum (equity was zero or below); no deviation, which is a squared deviation
    below 1e-12 of the squared returns. Source: simulation.md, rule 33.
    """
    refusal = _refusal(n, total, squares)
    if refusal:
        return refusal
    return defined_or(sharpe_or_nan(n, float(total), float(squares), float(periods_per_year)), NO_DEVIATION)


def sharpe_columns(n: Ints | int, totals: Floats, squares: Floats, periods_per_year: float = YEAR_DAYS) -> Floats:
    """`sharpe_from_sums` for columns of a sweep, float64 of the same length. **NaN stands for undefined.**

    n is one count for all or int64 per column. Sort NaN last: it is neither good nor bad.
    """
    assert totals.shape == squares.shape, "one sum of squares per sum"
    counts = np.full(len(totals), n, np.int64)
    return _columns(counts, totals, squares, float(periods_per_year))


def sharpe(returns: Floats, periods_per_year: float = YEAR_DAYS, risk_free_per_day: float = 0.0) -> Figure:
    """Sharpe of daily simple returns above a daily rate; undefined as in `sharpe_from_sums`.

    Returns: float64, NaN only where equity was zero or below. periods_per_year 365, sessions 252.
    Source: simulation.md rule 33; equal to empyrical's `sharpe_ratio`.
    """
    total, squares, _, _ = return_sums(returns, risk_free_per_day)
    return sharpe_from_sums(len(returns), total, squares, periods_per_year)


def volatility(returns: Floats, periods_per_year: float = YEAR_DAYS) -> Figure:
    """Yearly volatility: sample deviation of daily returns * sqrt(periods_per_year); 0 where nothing moved.

    Undefined: fewer than two days, equity at zero or below. Source: empyrical's `annual_volatility`.
    """
    n = len(returns)
    total, squares, _, _ = return_sums(returns)
    refusal = _refusal(n, total, squares)
    if refusal:
        return refusal
    deviations = squares - total * total / n
    if deviations <= _ROUNDING * squares:
        return 0.0
    return math.sqrt(deviations / (n - 1)) * math.sqrt(periods_per_year)


def downside_risk(returns: Floats, periods_per_year: float = YEAR_DAYS, target_per_day: float = 0.0) -> Figure:
    """Yearly downside deviation: root mean over all days of min(return - target, 0) squared, * sqrt(periods_per_year).

    Undefined: fewer than two days, equity at zero or below. Source: empyrical's `downside_risk`.
    """
    total, squares, shortfall, _ = return_sums(returns, target_per_day)
    refusal = _refusal(len(returns), total, squares)
    if refusal:
        return refusal
    return math.sqrt(shortfall / len(returns)) * math.sqrt(periods_per_year)


def sortino(returns: Floats, periods_per_year: float = YEAR_DAYS, target_per_day: float = 0.0) -> Figure:
    """Yearly mean excess over the target / `downside_risk`. Undefined also when no day fell short of the target.

    Source: empyrical's `sortino_ratio` (divides by all days, not by the losing ones).
    """
    risk = downside_risk(returns, periods_per_year, target_per_day)
    if not is_defined(risk):
        return risk
    total, squares, shortfall, _ = return_sums(returns, target_per_day)
    if shortfall <= _ROUNDING * squares:
        return NO_LOSING_DAY
    return quotient(total / len(returns) * periods_per_year, risk, NO_LOSING_DAY)


def calmar(cagr: Figure, max_drawdown: Figure) -> Figure:
    """CAGR / largest drawdown. Undefined where either is, or where equity never fell.

    empyrical takes the drawdown of daily marks; here it is that of all closes (rule 32), so ours is the lower in size.
    """
    if isinstance(cagr, Undefined):
        return cagr
    if isinstance(max_drawdown, Undefined):
        return max_drawdown
    if max_drawdown < TIE:
        return NEVER_FELL
    return quotient(cagr, max_drawdown, NEVER_FELL)


def omega(returns: Floats, target_per_day: float = 0.0) -> Figure:
    """Sum of daily gains above the target / sum of losses below it. Undefined when no day lost.

    Source: empyrical's `omega_ratio`.
    """
    total, squares, _, losses = return_sums(returns, target_per_day)
    refusal = _refusal(len(returns), total, squares)
    return refusal if refusal else _over_losses(total - losses, total - losses, losses)


def gain_to_pain(returns: Floats) -> Figure:
    """Sum of daily returns / sum of daily losses: omega less one. Undefined when no day lost (quantstats)."""
    total, squares, _, losses = return_sums(returns)
    refusal = _refusal(len(returns), total, squares)
    return refusal if refusal else _over_losses(total, total - losses, losses)


def _over_losses(numerator: float, gains: float, losses: float) -> Figure:
    if -losses <= _ROUNDING * gains:
        return NO_LOSING_DAY
    return quotient(numerator, -losses, NO_LOSING_DAY)


def stability(returns: Floats) -> Figure:
    """R squared of a line through cumulative log returns, in [0, 1] (empyrical's `stability_of_timeseries`)."""
    if len(returns) < 2:
        return ONE_DAY
    if not np.all(returns > -1.0):  # NaN included
        return BANKRUPT
    growth = np.cumsum(np.log1p(returns))
    days = np.arange(len(growth), dtype=np.float64)
    days -= days.mean()
    growth -= growth.mean()
    slope = float(np.sum(days * growth))
    spread = float(np.sum(days * days)) * float(np.sum(growth * growth))
    return quotient(slope * slope, spread, Undefined("equity did not move"))


def annualisation_factor(periods_per_year: float) -> float:
    """sqrt(periods per year): makes a per-period Sharpe or deviation yearly where returns are independent."""
    assert periods_per_year > 0.0, "a year holds periods"
    return math.sqrt(periods_per_year)
