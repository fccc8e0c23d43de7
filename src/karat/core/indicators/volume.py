"""Volume: balance, accumulation, and volume-weighted prices. float64[n] in and out; NaN rule of `layer`."""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, ordered, whole
from karat.core.indicators.price import typical_prices
from karat.core.indicators.recursions import recurse
from karat.core.indicators.windows import line_fits, nans, rolling_mean
from karat.core.model.candles import Floats, Ints
from karat.core.time import DAY_MS


@compiled
def _obv(close: Floats, volume: Floats) -> Floats:
    out = np.empty(len(close))
    total = 0.0
    before = -np.inf
    for i in range(len(close)):
        rise = volume[i] if close[i] > before else 0.0
        fall = volume[i] if close[i] < before else 0.0
        total += rise - fall
        out[i] = total
        before = close[i]
    return out


def obv(close: Floats, volume: Floats) -> Floats:
    """On-balance volume, started at the first bar's volume."""
    return on_runs(_obv, (close, volume), ())


@compiled
def _obv_slope(close: Floats, volume: Floats, period: int) -> Floats:
    _, slope = line_fits(_obv(close, volume), period)
    return slope


def obv_slope(close: Floats, volume: Floats, period: int = 10) -> Floats:
    """Least-squares slope per bar of on-balance volume over the window; first value at period - 1."""
    return on_runs(_obv_slope, (close, volume), (whole("period", period, 2),))


@compiled
def _ad(high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    out = np.empty(len(close))
    total = 0.0
    for i in range(len(close)):
        span = high[i] - low[i]
        if span > 0.0:
            total += ((close[i] - low[i]) - (high[i] - close[i])) / span * volume[i]
        out[i] = total
    return out


def ad(high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """Accumulation/distribution line from bar 0; a bar without range adds nothing."""
    return on_runs(_ad, (high, low, close, volume), ())


@compiled
def _adosc(high: Floats, low: Floats, close: Floats, volume: Floats, fast: int, slow: int) -> Floats:
    n = len(close)
    out = nans(n)
    if n < slow:
        return out
    line = _ad(high, low, close, volume)
    long = np.empty(n)
    gain = 2.0 / (fast + 1.0)
    recurse(line, 0, line[0], gain, 1.0 - gain, out)
    gain = 2.0 / (slow + 1.0)
    recurse(line, 0, line[0], gain, 1.0 - gain, long)
    for i in range(n):
        out[i] -= long[i]
    out[: slow - 1] = np.nan
    return out


def adosc(
    high: Floats, low: Floats, close: Floats, volume: Floats, fast_period: int = 3, slow_period: int = 10
) -> Floats:
    """Chaikin's oscillator: fast less slow exponential average of `ad`, both seeded with its first value.

    First value at slow_period - 1.
    """
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_adosc, (high, low, close, volume), (fast, slow))


@compiled
def _vwap_utc_day(ts: Ints, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    n = len(close)
    price = typical_prices(high, low, close)
    out = nans(n)
    midnight = np.int64(0)
    base = 0.0
    weighted = 0.0
    total = 0.0
    for i in range(n):
        if i == 0 or ts[i] >= midnight:
            midnight = (ts[i] // DAY_MS + 1) * DAY_MS
            base = price[i]
            weighted = 0.0
            total = 0.0
        weighted += (price[i] - base) * volume[i]
        total += volume[i]
        if total > 0.0:
            out[i] = base + weighted / total
    return out


def vwap_utc_day(ts: Ints, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """Volume-weighted typical price since 00:00 UTC (or the first bar after it); NaN while no volume was traded.

    `ts` are int64 bar open times in UTC ms.
    """
    return on_runs(_vwap_utc_day, (high, low, close, volume), (), ts=ts)


@compiled
def _close_vs_vwap(ts: Ints, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    out = _vwap_utc_day(ts, high, low, close, volume)
    for i in range(len(out)):
        out[i] = (close[i] - out[i]) / (out[i] if out[i] != 0.0 else np.nan) * 100.0
    return out


def close_vs_vwap(ts: Ints, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """(close - vwap_utc_day) / vwap_utc_day in percent: positive when the close is above the day's average price."""
    return on_runs(_close_vs_vwap, (high, low, close, volume), (), ts=ts)


@compiled
def _vwap_rolling(high: Floats, low: Floats, close: Floats, volume: Floats, period: int) -> Floats:
    """Blocks as in `windows`, with prices taken relative to one of the window."""
    price = typical_prices(high, low, close)
    n = len(price)
    out = nans(n)
    tail = np.zeros(period + 1)
    tail_volume = np.zeros(period + 1)
    for block in range(0, n, period):
        base = price[block]
        weighted = 0.0
        total = 0.0
        if block > 0:
            for k in range(period - 1, 0, -1):
                i = block - period + k
                weighted += (price[i] - base) * volume[i]
                total += volume[i]
                tail[k] = weighted
                tail_volume[k] = total
            weighted = 0.0
            total = 0.0
        for i in range(block, min(block + period, n)):
            weighted += (price[i] - base) * volume[i]
            total += volume[i]
            k = i - block + 1
            traded = tail_volume[k] + total
            if (block > 0 or k == period) and traded > 0.0:
                out[i] = base + (tail[k] + weighted) / traded
    return out


def vwap_rolling(high: Floats, low: Floats, close: Floats, volume: Floats, period: int = 20) -> Floats:
    """Volume-weighted typical price of the window; first value at period - 1; NaN where it has no volume."""
    return on_runs(_vwap_rolling, (high, low, close, volume), (whole("period", period),))


@compiled
def _volume_ratio(volume: Floats, period: int) -> Floats:
    out = rolling_mean(volume, period)
    for i in range(len(out)):
        out[i] = volume[i] / (out[i] if out[i] > 0.0 else np.nan)
    return out


def volume_ratio(volume: Floats, period: int = 20) -> Floats:
    """Volume over its simple average including the current bar; NaN (undefined) while that is 0."""
    return on_runs(_volume_ratio, (volume,), (whole("period", period),))
