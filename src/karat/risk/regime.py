"""How a market behaves at a bar: a score by rule, from nothing but its last bars.

1. Six readings give points. Points of trend: ADX of 14 bars, 1 from 20 on, 2 from 25 on; the distance of the close from
   its EMA of 21 bars, 1 from one ATR on; a book that leans by half or more to the side of the close, 1. Points of
   volatility: ATR over its mean of 100 bars, 1 from 1.25 on, 2 from 1.5 on; the rank of the volatility of 20 bars
   among its last 400, 1 from 0.75 on, 2 from 0.9 on; a funding rate of 0.05% or more to either side, 1.
2. Three points of volatility are high volatility; else two of trend are a trend; else the market ranges.
3. What a market does not have (funding, a book) gives no points. What it has and nobody can tell is unknown, and so
   is a market of fewer than `BARS_MIN` bars, of no range, or with a number that is none: then there is no regime.
4. The score looks at the last `BARS` bars and at no others: it is the same whenever and by whomever it is asked.

The thresholds are Karat's own, but for 20 and 25 of ADX (Wilder, New Concepts in Technical Trading Systems, 1978).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.indicators.averages import ema
from karat.core.indicators.directional import adx
from karat.core.indicators.volatility import atr
from karat.risk.entry_filter import Regime

BARS, BARS_MIN = 500, 120
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readings:
    """What is scored: ADX of 0 to 100; |close - EMA| in ATRs, and its side; ATR over its mean; the share of earlier
    volatilities at or below the newest; the funding rate per period and the imbalance of the book from -1 to 1, None
    where the market has none."""

    adx: float
    distance: float
    side: int
    atr_ratio: float
    volatility_rank: float
    funding_rate: float | None = None
    imbalance: float | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """The regime with its points. `regime` is None where `reason` says why."""

    regime: Regime | None
    trend: int
    volatility: int
    readings: Readings | None
    reason: str = ""


def regime_of(
    high: Floats, low: Floats, close: Floats, funding_rate: float | None = None, imbalance: float | None = None
) -> Scored:
    """The regime at the last of some bars, oldest first, of which the last `BARS` are read. Raises nothing."""
    high, low, close = high[-BARS:], low[-BARS:], close[-BARS:]
    if len(close) < BARS_MIN:
        return _unknown(f"there are {len(close)} bars, and {BARS_MIN} are needed")
    if not all(np.isfinite(prices).all() and (prices > 0.0).all() for prices in (high, low, close)):
        return _unknown("a price is no number")
    for value, what in ((funding_rate, "funding rate"), (imbalance, "imbalance of the book")):
        if value is not None and not math.isfinite(value):
            return _unknown(f"the {what} is not known")
    ranges = atr(high, low, close, 14)
    usual = float(ranges[-100:].mean())
    if not (ranges[-1] > 0.0 and usual > 0.0):
        return _unknown("the market does not move")
    away = float(close[-1] - ema(close, 21)[-1])
    readings = Readings(
        float(adx(high, low, close, 14)[-1]), abs(away) / float(ranges[-1]), 1 if away > 0.0 else -1,
        float(ranges[-1]) / usual, _rank(close), funding_rate, imbalance,
    )  # fmt: skip
    return scored(readings)


def scored(readings: Readings) -> Scored:
    """The points of some readings, and the regime that they make."""
    if not all(map(math.isfinite, (readings.adx, readings.distance, readings.atr_ratio, readings.volatility_rank))):
        return _unknown("a reading is no number")
    leaning = 0.0 if readings.imbalance is None else readings.imbalance * readings.side
    trend = _points(readings.adx, 20.0, 25.0) + int(readings.distance >= 1.0) + int(leaning >= 0.5)
    paid = 0.0 if readings.funding_rate is None else abs(readings.funding_rate)
    volatility = _points(readings.atr_ratio, 1.25, 1.5) + _points(readings.volatility_rank, 0.75, 0.9)
    volatility += int(paid >= 0.0005)
    if volatility >= 3:
        return Scored(Regime.HIGH_VOLATILITY, trend, volatility, readings)
    return Scored(Regime.TRENDING if trend >= 2 else Regime.RANGING, trend, volatility, readings)


def _points(value: float, one: float, two: float) -> int:
    return int(value >= one) + int(value >= two)


def _rank(close: Floats) -> float:
    """The share of the volatilities of 20 log returns, at the newest 400 bars, that are at or below the newest."""
    returns = np.diff(np.log(close))
    windows = np.lib.stride_tricks.sliding_window_view(returns, 20)[-400:]
    spreads = windows.std(axis=1)
    return float((spreads <= spreads[-1]).mean())


def _unknown(reason: str) -> Scored:
    return Scored(None, 0, 0, None, reason)
