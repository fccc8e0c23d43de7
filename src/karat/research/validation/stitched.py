"""Daily returns of one record, or of several put one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.stats.figure import Figure, Undefined
from karat.stats.ratios import sharpe


@dataclass(frozen=True, slots=True, eq=False)
class DayReturns:
    """`returns` are simple, float64 without NaN, of the days numbered `days` since 1970-01-01 (of sessions: their dates
    in New York), int64 ascending. Days between two tests that belong to neither are not there."""

    days: Ints
    returns: Floats
    days_per_year: float

    @classmethod
    def still(cls, days: Ints, days_per_year: float) -> DayReturns:
        """Capital in cash."""
        return cls(days, np.zeros(len(days)), days_per_year)

    @property
    def curve(self) -> Floats:
        """Growth of 1 up to the end of each day, the start first, length n + 1."""
        return np.concatenate(([1.0], np.cumprod(1.0 + self.returns)))

    @property
    def annual_return(self) -> float:
        """Mean daily return times the days of a year: short and long records compare, because nothing is compounded."""
        return float(self.returns.mean()) * self.days_per_year

    @property
    def sharpe(self) -> Figure:
        """Per year, as of every run (simulation.md, rule 33)."""
        return sharpe(self.returns, self.days_per_year)

    @property
    def t_ratio(self) -> Figure:
        """The Sharpe ratio in standard errors of independent days: that per day times the root of their number."""
        daily = sharpe(self.returns, 1.0)
        return daily if isinstance(daily, Undefined) else daily * math.sqrt(len(self.returns))


def stitch(parts: Sequence[DayReturns]) -> DayReturns:
    """Parts in the order of time as one record. A day that two parts share has the growth of both."""
    days = np.unique(np.concatenate([part.days for part in parts]))
    growth = np.ones(len(days))
    for part in parts:
        growth[np.searchsorted(days, part.days)] *= 1.0 + part.returns
    return DayReturns(days, growth - 1.0, parts[0].days_per_year)
