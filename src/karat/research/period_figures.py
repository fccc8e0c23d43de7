"""What a run did in each of the five regimes of its market (`period_regimes.py`), each judged apart.

1. A day of the run belongs to the regime of the market's day. Its return counts there, and so does what it earned.
2. Return and drawdown of a regime are those of an account that lives through its days alone, one after the other:
   a fall that goes on in the regime's next stretch is one fall.
3. A trade counts where it was entered.
4. A regime that held for fewer than 30 days of the run has no figures, and is not positive.
5. An account that was ruined has lost everything in the regime in which that happened, and in those it did not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.core.time import YEAR_DAYS
from karat.research.period_regimes import PERIODS, Period, Periods
from karat.stats.drawdown import max_drawdown
from karat.stats.figure import TIE, Figure, Undefined, is_defined
from karat.stats.ratios import sharpe
from karat.stats.returns import returns_of_marks

REGIME_DAYS_MIN = 30
REGIMES_NEEDED = 4
NO_PROFIT = Undefined("nothing was earned, so nothing can be shared out")


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """A run in one regime. `days` and `trades` are always known; `profit` is money, `max_drawdown` a positive share."""

    period: Period
    days: int
    trades: int
    profit: float
    total_return: Figure
    sharpe: Figure
    max_drawdown: Figure

    @property
    def is_judged(self) -> bool:
        """Whether the regime held long enough to say anything."""
        return self.days >= REGIME_DAYS_MIN

    @property
    def is_positive(self) -> bool:
        """Whether the run is known to have earned in the regime, by more than rounding."""
        return is_defined(self.total_return) and self.total_return >= TIE


def period_figures(
    periods: Periods, day_ts: Ints, marks: Floats, entry_ts: Ints, periods_per_year: float = YEAR_DAYS
) -> tuple[PeriodFigures, ...]:
    """The five regimes in the order of `PERIODS`, of a run with daily marks.

    `day_ts` int64 of n days and `marks` float64 of n + 1, the start first, both as from `stats.daily_marks`; `entry_ts`
    int64, UTC ms, of its closed trades. The market's labels begin no later than the run.
    """
    assert len(marks) == len(day_ts) + 1, "one mark more than days"
    of_days, of_trades = periods.labels_at(day_ts), periods.labels_at(entry_ts)
    returns, profits = returns_of_marks(marks), np.diff(marks)
    found: list[PeriodFigures] = []
    for place, period in enumerate(PERIODS):
        inside = of_days == place
        trades, profit = int(np.count_nonzero(of_trades == place)), float(profits[inside].sum())
        found.append(_figures(period, returns[inside], trades, profit, periods_per_year))
    return tuple(found)


def _figures(period: Period, returns: Floats, trades: int, profit: float, periods_per_year: float) -> PeriodFigures:
    days = len(returns)
    if days < REGIME_DAYS_MIN:
        had = f"the market was {period.value.replace('_', ' ')} on {days} days of the run"
        none = Undefined(f"{had}, fewer than {REGIME_DAYS_MIN}")
        return PeriodFigures(period, days, trades, profit, none, none, none)
    curve = np.cumprod(np.where(np.isnan(returns), 0.0, np.maximum(1.0 + returns, 0.0)))
    earned, fall = float(curve[-1]) - 1.0, max_drawdown(curve, 1.0)
    return PeriodFigures(period, days, trades, profit, earned, sharpe(returns, periods_per_year), fall)


def regimes_positive(figures: Sequence[PeriodFigures], needed: int = REGIMES_NEEDED) -> Figure:
    """In how many of the five regimes the run earned; those without figures count as not positive.

    Undefined where fewer than `needed` held long enough: no run could have earned in so many.
    """
    judged = sum(one.is_judged for one in figures)
    if judged < needed:
        return Undefined(f"only {judged} of the five regimes held for {REGIME_DAYS_MIN} days, {needed} are needed")
    return float(sum(one.is_positive for one in figures))


def worst_regime_drawdown(figures: Sequence[PeriodFigures]) -> Figure:
    """The largest drawdown of all regimes that have one; undefined where none has."""
    known = [one.max_drawdown for one in figures if is_defined(one.max_drawdown)]
    return max(known) if known else Undefined(f"no regime held for {REGIME_DAYS_MIN} days")


def largest_regime_share(figures: Sequence[PeriodFigures]) -> Figure:
    """How much of the whole profit the best regime earned, above 1 where others lost; undefined without a profit."""
    total = sum(one.profit for one in figures)
    return max(one.profit for one in figures) / total if total >= TIE else NO_PROFIT
