"""What a real hourly series is like, in numbers that a market without any edge can be drawn with.

The volatility of an hour is `exp(level + season + slow parts + activity)`. It is told from the bar's range, because the
logarithm of the range of a Brownian motion is all but normal, with mean 0.43 and deviation 0.29 around the logarithm of
its volatility (Alizadeh, Brandt and Diebold 2002, "Range-based estimation of stochastic volatility models"):

1. The season is the mean of the log range in each hour of the week, centred.
2. What is left has autocovariances. They are met, as nearly as they can be by non-negative variances, by a sum of
   autoregressive parts whose half-lives are set beforehand: three hours to four months.
3. What the variance has beyond them and the 0.29 is activity of the hour alone: it makes the tails of returns fat, and
   goes with volume.
4. What the fourth moment of returns has beyond all that is met by rare hours of shock, twenty a year, whose volatility
   is a multiple of what it would be.
5. Volume in quote units follows the range by a regression of logarithms. Its error is read from differences of
   neighbouring hours, so that the growth of a market over years does not count.

Nothing of the returns' direction is read: only how far prices went, never where.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Ints
from karat.core.time import HOUR_MS

HALF_LIVES_HOURS = (3.0, 24.0, 7 * 24.0, 30 * 24.0, 120 * 24.0)
WEEK_HOURS = 168
BARS_MIN = 365 * 24
SHOCKS_PER_HOUR = 20 / (365 * 24)
_LAGS = np.array([1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 336, 504, 720, 1080, 1440, 2160])
_RANGE_LOG_MEAN, _RANGE_LOG_DEVIATION = 0.43, 0.29
_SMALLEST_RANGE = 1e-5  # of price: below a tick of any market, for hours in which nothing moved


@dataclass(frozen=True, slots=True)
class Character:
    """`level` is of the log of an hour's volatility; `season` of each hour of the week from Monday 00:00 UTC, added to
    it; `deviations` of the slow parts, one for each of `HALF_LIVES_HOURS`; `activity` the deviation of what an hour has
    alone, and `shock` the factor on the volatility of a shock's hour, at least 1. The log of volume times price is
    `volume_level + volume_slope * log volatility`, off by `volume_error`."""

    market: MarketId
    level: float
    season: tuple[float, ...]
    deviations: tuple[float, ...]
    activity: float
    shock: float
    volume_level: float
    volume_slope: float
    volume_error: float


def character_of(candles: Candles) -> Character:
    """The character of hourly bars. Raises InputError `bad_timeframe`, or `record_too_short` below a year of bars."""
    from scipy.optimize import nnls

    if candles.timeframe_ms != HOUR_MS:
        raise InputError("bad_timeframe", f"{candles.market} is not in bars of an hour.", "Give its hourly bars.")
    if len(candles) < BARS_MIN:
        hint = "Give at least a year of hourly bars."
        raise InputError("record_too_short", f"{candles.market} has {len(candles):,} bars to learn from.", hint)
    ranges = np.log(np.maximum(np.log(candles.high / candles.low), _SMALLEST_RANGE))
    season = _season(ranges, candles.ts)
    rest = ranges - season[hour_of_week(candles.ts)]
    centred = rest - rest.mean()
    covariances = np.array([float(np.mean(centred[lag:] * centred[:-lag])) for lag in _LAGS])
    decays = 0.5 ** (_LAGS[:, None] / np.array(HALF_LIVES_HOURS))
    variances, _ = nnls(decays, covariances)
    alone = float(np.mean(centred * centred)) - float(variances.sum()) - _RANGE_LOG_DEVIATION**2
    slope, level, error = _volume(candles, ranges)
    return Character(
        market=candles.market,
        level=float(rest.mean()) - _RANGE_LOG_MEAN,
        season=tuple(season.tolist()),
        deviations=tuple(np.sqrt(variances).tolist()),
        activity=math.sqrt(max(0.0, alone)),
        shock=_shock(candles, float(variances.sum()) + max(0.0, alone) + float(np.var(season))),
        volume_level=level + slope * _RANGE_LOG_MEAN,
        volume_slope=slope,
        volume_error=error,
    )


def _shock(candles: Candles, log_variance: float) -> float:
    """The factor f with which kurtosis is as seen: volatility with a normal logarithm leaves `3 exp(4 log_variance)`,
    which shocks with chance p multiply by `(1 + p (f^4 - 1)) / (1 + p (f^2 - 1))^2`."""
    returns = np.diff(np.log(candles.close))
    centred = returns - returns.mean()
    seen = float(np.mean(centred**4) / np.mean(centred * centred) ** 2)
    wanted = seen / (3.0 * math.exp(4.0 * log_variance))
    if wanted <= 1.0:
        return 1.0
    low, high = 1.0, SHOCKS_PER_HOUR**-0.5  # the multiple rises with f up to there
    for _ in range(60):
        middle = 0.5 * (low + high)
        fourth = 1.0 + SHOCKS_PER_HOUR * (middle**4 - 1.0)
        second = 1.0 + SHOCKS_PER_HOUR * (middle * middle - 1.0)
        low, high = (middle, high) if fourth / second**2 < wanted else (low, middle)
    return low


def hour_of_week(ts: Ints) -> Ints:
    """0 for Monday 00:00 UTC to 167, of open times in UTC ms."""
    thursday = 3 * 24  # 1970-01-01
    return (ts // HOUR_MS + thursday) % WEEK_HOURS


def _season(ranges: Floats, ts: Ints) -> Floats:
    places = hour_of_week(ts)
    counts = np.bincount(places, minlength=WEEK_HOURS)
    means = np.bincount(places, ranges, WEEK_HOURS) / np.maximum(counts, 1)
    return means - float(ranges.mean())


def _volume(candles: Candles, ranges: Floats) -> tuple[float, float, float]:
    """(slope, level at a log range of 0, deviation of an hour's error) of the log of volume in quote units."""
    traded = candles.volume > 0.0
    turnover = np.log(candles.volume[traded] * candles.close[traded])
    slope, level = np.polyfit(ranges[traded], turnover, 1)
    errors = turnover - slope * ranges[traded] - level
    return float(slope), float(level), float(np.diff(errors).std() / math.sqrt(2.0))
