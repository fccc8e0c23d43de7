"""Objectives that weigh a variant's gain: against its drawdown (Calmar), or against the luck of the whole search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.ledger.account import effective_number
from karat.research.sweeps.objective import NO_ROWS, Record, Scorer, Whole
from karat.stats.belief.deflated import sharpe_of_luck
from karat.stats.figure import TIE

CALMAR = ("calmar", "cagr")
DEFLATED = "deflated_sharpe"
_MOMENTS = ("skewness", "kurtosis")
_TOTAL, _DRAWDOWN, _SHARPE, _TRADES = (
    FIGURES.index(name) for name in ("total_return", "max_drawdown", "sharpe", "trades")
)


@dataclass(frozen=True, slots=True)
class Calmar:
    """Yearly compound growth over the largest drawdown (`stats.ratios.calmar`, `stats.returns.cagr`): columns `calmar`,
    `cagr`; `by` says which is ordered by.

    NaN: fewer than two days, it lost everything, or (`calmar` alone) its equity never fell.
    """

    by: str = CALMAR[0]

    own = CALMAR
    kept = ()
    wants_days = False
    wants_sketch = False
    why_undefined = "fewer than two days, it lost everything, or it never fell"

    @property
    def name(self) -> str:
        return self.by

    def scorer(self, record: Record, *, many: bool) -> Scorer:
        return _nothing_kept

    def again(self, kept: Floats, whole: Whole) -> Ints:
        return NO_ROWS

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        end, fall = 1.0 + whole.figures[:, _TOTAL], whole.figures[:, _DRAWDOWN]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            growth = np.where(end > 0.0, end, np.nan) ** (whole.record.days_per_year / whole.record.days) - 1.0
            grown = growth if whole.record.days >= 2 else np.full(len(end), np.nan)
            ratio = np.where(fall < TIE, np.nan, grown / fall)
        return _finite(np.stack([ratio, grown], axis=1))

    def told(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, slots=True)
class Deflated:
    """The deflated Sharpe ratio of each variant: the probability that its true Sharpe ratio lies above the one that
    luck gives the best of this sweep's trials. Columns `deflated_sharpe`, 0 to 1, `skewness` and raw `kurtosis`.

    Moments are of the variant's daily returns. Variance and effective number of trials are those of the sweep itself,
    worked out as the trial ledger does: the variance is never below that of one Sharpe ratio estimated over as many
    days, and the number is that of the clusters of a sample. Trials of earlier sweeps are not in it: the gates of
    validation take those of the ledger. Its order is not always that of the Sharpe ratio: skew and tails count.

    NaN: the Sharpe ratio is undefined, it lost everything, or the moments leave no error.
    Source: Bailey and Lopez de Prado (2014), as `stats.belief.deflated`.
    """

    name = DEFLATED
    own = (DEFLATED,)
    kept = _MOMENTS
    wants_days = True
    wants_sketch = True
    why_undefined = "no Sharpe ratio, it lost everything, or its moments leave no error of the ratio"

    def scorer(self, record: Record, *, many: bool) -> Scorer:
        return lambda found: moments_of(found.daily)

    def again(self, kept: Floats, whole: Whole) -> Ints:
        return NO_ROWS

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        from scipy.special import ndtr

        assert whole.sketch is not None, "the clusters say how many trials there were"
        days = whole.record.days
        sharpes = whole.figures[:, _SHARPE] / math.sqrt(whole.record.days_per_year)
        known = sharpes[~np.isnan(sharpes)]
        if days < 2 or not len(known):
            return np.full((len(kept), 1), np.nan)
        variance = max(float(known.var(ddof=1)) if len(known) > 1 else 0.0, 1.0 / days)
        trials = int(np.count_nonzero(~np.isnan(whole.figures[:, _TRADES])))
        luck = sharpe_of_luck(variance, max(1.0, effective_number(trials, whole.sketch))) if trials > 1 else 0.0
        skewness, kurtosis = kept.T
        with np.errstate(invalid="ignore"):
            spread = 1.0 - skewness * sharpes + (kurtosis - 1.0) / 4.0 * sharpes**2
            spread = np.where(spread > 0.0, spread, np.nan)
            return ndtr((sharpes - luck) * math.sqrt(days - 1) / np.sqrt(spread))[:, None]

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "trials": "those of the sweep"}


def moments_of(daily: Floats) -> Floats:
    """Skew and raw kurtosis (both over n) of the daily returns of variants, float64[variants, 2].

    daily: equity at the end of each day, the start first, float64[variants, days + 1]. NaN: equity at zero or below on
    any day, or returns without deviation.
    """
    sound = (daily > 0.0).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = daily[:, 1:] / daily[:, :-1] - 1.0
        returns[~sound] = np.nan
        centred = returns - returns.mean(axis=1, keepdims=True)
        squares = centred * centred
        variance = squares.mean(axis=1)
        still = variance <= 1e-24 * np.mean(returns * returns, axis=1)
        variance[still] = np.nan
        third, fourth = (squares * centred).mean(axis=1), (squares * squares).mean(axis=1)
        return np.stack([third / variance**1.5, fourth / variance**2], axis=1)


def _nothing_kept(found: Any) -> Floats:
    return np.zeros((len(found.figures), 0))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
