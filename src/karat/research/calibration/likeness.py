"""How like a real market an invented one is: the figures in which edgeless markets differ from plain random walks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from karat.core.model.candles import Candles, Floats
from karat.core.time import DAY_MS, HOUR_MS, YEAR_DAYS
from karat.research.period_figures import REGIME_DAYS_MIN
from karat.research.period_regimes import PERIODS, daily_closes, period_regimes


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of hourly bars: yearly volatility, raw kurtosis of log returns (3 for a normal law), their autocorrelation at one
    hour, those of their size at an hour, a day, a week and a month, the correlation of their size with the log of
    volume, and how many of the five regimes hold for 30 days or more."""

    volatility: float
    kurtosis: float
    autocorrelation: float
    size_hour: float
    size_day: float
    size_week: float
    size_month: float
    volume: float
    regimes: float


def likeness(candles: Candles) -> Likeness:
    """The figures of bars that are not all at one price; give what stands before the vault."""
    returns = np.diff(np.log(candles.close))
    sizes = np.abs(returns)
    centred = returns - returns.mean()
    variance = float(np.mean(centred * centred))
    periods = period_regimes(*daily_closes(candles))
    day = DAY_MS // HOUR_MS
    return Likeness(
        volatility=float(np.sqrt(variance * YEAR_DAYS * day)),
        kurtosis=float(np.mean(centred**4)) / variance**2,
        autocorrelation=autocorrelation(returns, 1),
        size_hour=autocorrelation(sizes, 1),
        size_day=autocorrelation(sizes, day),
        size_week=autocorrelation(sizes, 7 * day),
        size_month=autocorrelation(sizes, 30 * day),
        volume=float(np.corrcoef(sizes, np.log(np.maximum(candles.volume[1:] * candles.close[1:], 1.0)))[0, 1]),
        regimes=float(sum(periods.days_of(period) >= REGIME_DAYS_MIN for period in PERIODS)),
    )


def typical(found: Iterable[Likeness]) -> Likeness:
    """The median of each figure, but the mean number of regimes."""
    many = list(found)
    assert many, "some markets were measured"
    columns = {one.name: np.array([getattr(each, one.name) for each in many]) for one in fields(Likeness)}
    return Likeness(**{n: float(v.mean() if n == "regimes" else np.median(v)) for n, v in columns.items()})


def autocorrelation(values: Floats, lag: int) -> float:
    """Of values that vary, at a lag below their number."""
    centred = values - values.mean()
    return float(np.sum(centred[lag:] * centred[:-lag]) / np.sum(centred * centred))
