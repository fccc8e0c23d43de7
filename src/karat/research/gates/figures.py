"""Figures of a record of days that the gates hold against their thresholds.

Returns are simple, one a day, float64; NaN (a day that began without equity) makes every figure `BANKRUPT`. Days are
those of the record: of a session market its sessions, of which a year has 252. The numbers that figures are made with
are settings of `thresholds.toml`.

Sharpe ratios grow with time as those of an AR(1) where the first autocorrelation counts (Lo 2002), and with the root
of time where it does not: checklist, item 8.
"""

from __future__ import annotations

import math

import numpy as np

from karat.core.model.candles import Floats
from karat.research.gates.thresholds import Thresholds
from karat.research.robustness.stress import bar_notional, order_share
from karat.research.robustness.variant import Variant
from karat.stats import ratios
from karat.stats.belief import deflated, multiple_testing
from karat.stats.belief.deflated import Moments
from karat.stats.figure import BANKRUPT, ONE_DAY, TOO_LARGE, Figure, Undefined, defined_or, quotient
from karat.stats.plausibility import brownian_drawdown_cdf
from karat.stats.ratios import NO_DEVIATION
from karat.stats.returns import rolling_growth
from karat.stats.sharpe_error import autocorrelations, time_aggregation_ar1

FALLS = Undefined("the record does not rise, so no drawdown of it is too small")
NO_BARS_TRADE = Undefined("the thinnest bars trade nothing")


def annual_sharpe(returns: Floats, days_per_year: float, thresholds: Thresholds) -> Figure:
    """The Sharpe ratio of a year."""
    daily, factor = _sharpe(returns), _growth_in_time(returns, days_per_year, thresholds)
    if isinstance(daily, Undefined):
        return daily
    return factor if isinstance(factor, Undefined) else daily * factor


def t_ratio(returns: Floats, days_per_year: float, thresholds: Thresholds) -> Figure:
    """The Sharpe ratio in standard errors: that of a year times the root of the years."""
    annual = annual_sharpe(returns, days_per_year, thresholds)
    return annual if isinstance(annual, Undefined) else annual * math.sqrt(len(returns) / days_per_year)


def haircut_sharpe(returns: Floats, days_per_year: float, trials: float, thresholds: Thresholds) -> Figure:
    """The annual Sharpe ratio whose p-value alone is what remains of this one's among `trials` (Harvey and Liu 2015).

    p is adjusted for tests that depend on each other in an unknown way, of which this is the best (`dependent` of
    `stats.belief.multiple_testing.haircut_sharpe`). Of a ratio of zero or below nothing is cut.
    """
    daily = _sharpe(returns)
    if isinstance(daily, Undefined):
        return daily
    annual, year = daily * math.sqrt(days_per_year), round(days_per_year)
    if annual <= 0.0:
        return annual_sharpe(returns, days_per_year, thresholds)
    rho = _autocorrelation(returns, thresholds)
    if isinstance(rho, Undefined):
        return rho
    cut = multiple_testing.haircut_sharpe(annual, len(returns), year, rho, max(trials, 1.0), dependent=True)
    return cut if isinstance(cut, Undefined) else cut.sharpe


def probabilistic_sharpe(returns: Floats) -> Figure:
    """Probability that the true Sharpe ratio lies above zero."""
    found = _moments(returns)
    return found if isinstance(found, Undefined) else deflated.probabilistic_sharpe(found)


def minimum_track_days(returns: Floats, thresholds: Thresholds) -> Figure:
    """Days after which a Sharpe ratio like this one lies above zero with the confidence that is set."""
    found, confidence = _moments(returns), thresholds.setting("track_record_confidence")
    return found if isinstance(found, Undefined) else deflated.minimum_track_record(found, confidence=confidence)


def rolling_positive(returns: Floats, thresholds: Thresholds) -> Figure:
    """Share of windows of the set length that grew."""
    growth = _rolling(returns, thresholds)
    return growth if isinstance(growth, Undefined) else float(np.mean(growth > 1.0))


def rolling_worst(returns: Floats, days_per_year: float, thresholds: Thresholds) -> Figure:
    """CAGR of the worst window of the set length."""
    growth = _rolling(returns, thresholds)
    if isinstance(growth, Undefined):
        return growth
    with np.errstate(over="ignore"):
        yearly = growth.min() ** (days_per_year / _window(thresholds)) - 1.0
    return defined_or(float(yearly), TOO_LARGE)


def drawdown_plausibility(returns: Floats) -> Figure:
    """Chance that a Brownian motion of the record's drift and volatility falls as little as the record did.

    Of log returns, day by day. A motion is looked at all the time and a record at midnight, but the drift is the
    record's own: of walks three years long fewer than one in a hundred come below 1%.
    """
    if len(returns) < 2:
        return ONE_DAY
    if np.isnan(returns).any() or (returns <= -1.0).any():
        return BANKRUPT
    steps = np.log1p(returns)
    drift, volatility = float(steps.mean()), float(steps.std(ddof=1))
    if volatility <= 1e-12:
        return NO_DEVIATION
    if drift < 0.0:
        return FALLS
    curve = np.concatenate(([0.0], np.cumsum(steps)))
    fall = float(np.max(np.maximum.accumulate(curve) - curve))
    return brownian_drawdown_cdf(fall, drift, volatility, float(len(steps)))


def order_share_of_volume(variant: Variant, thresholds: Thresholds) -> Figure:
    """The largest order over what a thin bar trades, at the percentile that is set, with the capital of the policy.

    What a backtest has earned by then does not count: orders grow with it, and `robustness.stress.capacity` says how
    far they may.
    """
    order = order_share(variant)
    thin = bar_notional(variant, 100.0 * thresholds.setting("volume_percentile"))
    if isinstance(order, Undefined):
        return order
    return thin if isinstance(thin, Undefined) else quotient(order * variant.policy.capital, thin, NO_BARS_TRADE)


def _sharpe(returns: Floats) -> Figure:
    """Per day."""
    return ratios.sharpe(returns, 1.0)


def _moments(returns: Floats) -> Moments | Undefined:
    return BANKRUPT if np.isnan(returns).any() else deflated.moments(returns)


def _autocorrelation(returns: Floats, thresholds: Thresholds) -> Figure:
    """The first one where it counts, else 0."""
    if np.isnan(returns).any():
        return BANKRUPT
    if len(returns) < 2:
        return ONE_DAY
    found = float(autocorrelations(returns, 1)[0])
    if math.isnan(found):
        return NO_DEVIATION
    return found if abs(found) > thresholds.setting("autocorrelation_counts") else 0.0


def _growth_in_time(returns: Floats, days_per_year: float, thresholds: Thresholds) -> Figure:
    """From the Sharpe ratio of a day to that of a year."""
    rho = _autocorrelation(returns, thresholds)
    if isinstance(rho, Undefined):
        return rho
    return math.sqrt(days_per_year) if rho == 0.0 else time_aggregation_ar1(round(days_per_year), rho)


def _window(thresholds: Thresholds) -> int:
    return int(thresholds.setting("rolling_days"))


def _rolling(returns: Floats, thresholds: Thresholds) -> Floats | Undefined:
    if np.isnan(returns).any() or (returns <= -1.0).any():
        return BANKRUPT
    growth = rolling_growth(np.concatenate(([1.0], np.cumprod(1.0 + returns))), _window(thresholds))
    return growth if len(growth) else Undefined(f"fewer than {_window(thresholds)} days")
