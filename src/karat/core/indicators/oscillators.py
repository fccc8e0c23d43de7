"""Oscillators of one price: strength, stochastics of it, and differences of averages.

float64[n] in and out; NaN before the first bar that can be defined, and under the NaN rule of `layer`. Where a window
has no range the value is TA-Lib's (0), or the last one before the market froze; neither is information.
Sources: Wilder (1978) for RSI and the seed of CMO; TA-Lib for all seed rules.
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.indicators.layer import on_runs, ordered, whole
from karat.core.indicators.price import changes_percent
from karat.core.indicators.recursions import ema_from, mean_of, recurse, wilder_from
from karat.core.indicators.windows import nans, rolling_mean, shifted, window_high, window_low
from karat.core.model.candles import Floats


@compiled
def _rises_and_falls(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Wilder's averages of upward and of downward changes."""
    rises = np.zeros(len(values))
    falls = np.zeros(len(values))
    up = rises[1:]
    down = falls[1:]
    late = values[1:]
    for i in range(len(up)):
        change = late[i] - values[i]
        up[i] = change if change > 0.0 else 0.0
        down[i] = -change if change < 0.0 else 0.0
    return wilder_from(rises, period, 1), wilder_from(falls, period, 1)


@compiled
def _hold(values: Floats, first: int, out: Floats) -> None:
    """A bar without change scales both averages alike: the ratio is the one before, to the bit."""
    for i in range(first + 1, len(values)):
        if values[i] == values[i - 1]:
            out[i] = out[i - 1]


@compiled
def strengths(values: Floats, period: int) -> Floats:
    """`rsi` on finite input."""
    out = nans(len(values))
    if len(values) > period:
        rise, fall = _rises_and_falls(values, period)
        for i in range(len(values)):
            both = rise[i] + fall[i]
            out[i] = 100.0 * rise[i] / (both if both > 0.0 else np.inf)
        _hold(values, period, out)
    return out


def rsi(values: Floats, period: int = 14) -> Floats:
    """Relative strength, 0 to 100, seeded with the mean of the first `period` changes; first value at `period`.

    Frozen: the last value; 0 if there never was a change.
    """
    return on_runs(strengths, (values,), (whole("period", period),))


@compiled
def _cmo(values: Floats, period: int) -> Floats:
    out = nans(len(values))
    if len(values) > period:
        rise, fall = _rises_and_falls(values, period)
        for i in range(len(values)):
            both = rise[i] + fall[i]
            out[i] = 100.0 * (rise[i] - fall[i]) / (both if both > 0.0 else np.inf)
        _hold(values, period, out)
    return out


def cmo(values: Floats, period: int = 14) -> Floats:
    """Chande momentum, -100 to 100, smoothed as RSI is (Chande's own uses plain sums); first value at `period`."""
    return on_runs(_cmo, (values,), (whole("period", period),))


@compiled
def places_in_range(values: Floats, high: Floats, low: Floats, period: int) -> Floats:
    """Where the value stands between the window's low (0) and high (100); 0 where the window has no range."""
    out = window_high(high, period)
    bottom = window_low(low, period)
    for i in range(len(out)):
        span = out[i] - bottom[i]
        out[i] = (values[i] - bottom[i]) / (span if span > 0.0 else np.inf) * 100.0
    return out


@compiled
def _stochastic(
    high: Floats, low: Floats, close: Floats, period: int, slow_k: int, slow_d: int
) -> tuple[Floats, Floats]:
    n = len(close)
    first = period + slow_k + slow_d - 3
    if n <= first:
        return nans(n), nans(n)
    raw = places_in_range(close, high, low, period)
    k = shifted(rolling_mean(raw[period - 1 :], slow_k), period - 1)
    d = shifted(rolling_mean(k[period + slow_k - 2 :], slow_d), period + slow_k - 2)
    k[:first] = np.nan
    return k, d


def stochastic(
    high: Floats, low: Floats, close: Floats, period: int = 14, slow_k_period: int = 3, slow_d_period: int = 3
) -> tuple[Floats, Floats]:
    """Slow stochastic: K, the place in the window's range smoothed, and D, K smoothed again; both 0 to 100.

    Both start where D does, at period + slow_k_period + slow_d_period - 3. Frozen: 0.
    """
    periods = (whole("period", period), whole("slow_k_period", slow_k_period), whole("slow_d_period", slow_d_period))
    return on_runs(_stochastic, (high, low, close), periods)


@compiled
def _stochastic_rsi(values: Floats, rsi_period: int, period: int, fast_d: int) -> tuple[Floats, Floats]:
    n = len(values)
    first = rsi_period + period + fast_d - 2
    if n <= first:
        return nans(n), nans(n)
    strength = strengths(values, rsi_period)[rsi_period:]
    raw = places_in_range(strength, strength, strength, period)
    d = rolling_mean(raw[period - 1 :], fast_d)
    k = shifted(raw, rsi_period)
    k[:first] = np.nan
    return k, shifted(d, rsi_period + period - 1)


def stochastic_rsi(
    values: Floats, rsi_period: int = 14, period: int = 14, fast_d_period: int = 3
) -> tuple[Floats, Floats]:
    """Raw stochastic of RSI (fast K) and its simple average (fast D); 0 while RSI does not move.

    Both start at rsi_period + period + fast_d_period - 2. Charting sites smooth K as well.
    """
    periods = (whole("rsi_period", rsi_period), whole("period", period), whole("fast_d_period", fast_d_period))
    return on_runs(_stochastic_rsi, (values,), periods)


@compiled
def _macd(values: Floats, fast: int, slow: int, signal: int) -> tuple[Floats, Floats, Floats]:
    n = len(values)
    first = slow + signal - 2
    if n <= first:
        return nans(n), nans(n), nans(n)
    line = nans(n)
    slow_average = nans(n)
    gain = 2.0 / (fast + 1.0)
    recurse(values, slow - 1, mean_of(values, slow - fast, slow), gain, 1.0 - gain, line)
    gain = 2.0 / (slow + 1.0)
    recurse(values, slow - 1, mean_of(values, 0, slow), gain, 1.0 - gain, slow_average)
    for i in range(n):
        line[i] -= slow_average[i]
    signals = ema_from(line, signal, slow - 1)
    line[:first] = np.nan
    for i in range(n):
        slow_average[i] = line[i] - signals[i]
    return line, signals, slow_average


def macd(
    values: Floats, fast_period: int = 12, slow_period: int = 26, signal_period: int = 9
) -> tuple[Floats, Floats, Floats]:
    """MACD line, signal and histogram, in price. Both averages are seeded at slow_period - 1.

    All three start at slow_period + signal_period - 2.
    """
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_macd, (values,), (fast, slow, whole("signal_period", signal_period)))


@compiled
def _apo(values: Floats, fast: int, slow: int) -> Floats:
    out = rolling_mean(values, fast)
    long = rolling_mean(values, slow)
    for i in range(len(out)):
        out[i] -= long[i]
    return out


def apo(values: Floats, fast_period: int = 12, slow_period: int = 26) -> Floats:
    """Fast less slow simple average, in price; first value at slow_period - 1."""
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_apo, (values,), (fast, slow))


@compiled
def _ppo(values: Floats, fast: int, slow: int) -> Floats:
    out = rolling_mean(values, fast)
    long = rolling_mean(values, slow)
    for i in range(len(out)):
        out[i] = (out[i] - long[i]) / (long[i] if long[i] != 0.0 else np.inf) * 100.0
    return out


def ppo(values: Floats, fast_period: int = 12, slow_period: int = 26) -> Floats:
    """Fast less slow simple average in percent of the slow one; first value at slow_period - 1; 0 where that is 0."""
    fast, slow = whole("fast_period", fast_period), whole("slow_period", slow_period)
    ordered("fast_period", fast, "slow_period", slow)
    return on_runs(_ppo, (values,), (fast, slow))


@compiled
def _trix(values: Floats, period: int) -> Floats:
    twice = ema_from(ema_from(values, period, 0), period, period - 1)
    return changes_percent(ema_from(twice, period, 2 * (period - 1)), 1)


def trix(values: Floats, period: int = 15) -> Floats:
    """One-bar change of the triple exponential average, in percent; first value at 3 (period - 1) + 1."""
    return on_runs(_trix, (values,), (whole("period", period),))
