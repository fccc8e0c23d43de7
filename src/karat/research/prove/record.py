"""The daily record of one variant, and its form for pictures."""

from __future__ import annotations

from typing import Any

from karat.core.model.candles import Floats, Ints
from karat.core.time import DAY_MS
from karat.research.period_figures import PeriodFigures, period_figures
from karat.research.period_regimes import Periods, daily_closes, period_regimes
from karat.research.robustness.variant import Variant
from karat.stats import daily_marks


def marks_of(variant: Variant) -> tuple[Ints, Floats]:
    """(00:00 of each day, UTC ms; equity at the end of each, the start first)."""
    run, keys = variant.run, variant.keys
    return daily_marks(run.close_ts, run.equity, run.policy.capital, sessions=keys is not None, session_keys=keys)


def periods_of(variant: Variant) -> Periods:
    """The five regimes of the variant's market, by the rule fixed beforehand. Raises InputError `record_too_short`."""
    return period_regimes(*daily_closes(variant.data.candles, variant.keys))


def by_period(variant: Variant, periods: Periods) -> tuple[PeriodFigures, ...]:
    """The variant in each of them."""
    return period_figures(periods, *marks_of(variant), variant.run.trades.entry_ts, variant.days_per_year)


def curve(day_ts: Ints, marks: Floats) -> dict[str, list[Any]]:
    """For a picture: times in UTC ms, the start one day before the first, and equity over the start."""
    start = float(marks[0]) if marks[0] > 0.0 else 1.0
    return {
        "ts": [int(day_ts[0]) - DAY_MS, *day_ts.tolist()],
        "equity": [round(float(one) / start, 6) for one in marks],
    }
