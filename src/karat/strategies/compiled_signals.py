"""Compiled passes from indicators to signals: one pass per starter, so that a sweep spends its time in the simulation.

Every pass reads bar `i` and the bar before it, from the first bar on; a comparison with NaN is false, so an undefined
indicator gives no signal. `idle` counts the bars in a row without a trade (`bars_without_trade`); no entry is made
where `idle >= window`, because an indicator over a window in which nothing was traded says nothing. Exits are never
blocked. All arrays have shape (bars,).
"""

from __future__ import annotations

import numpy as np

from karat.core.compiled import compiled
from karat.core.model.candles import Bools, Floats, Ints
from karat.core.model.signals import Sides

Passed = tuple[Sides, Bools, Bools, Floats]  # entry, exit_long, exit_short, confidence


@compiled
def bars_without_trade(high: Floats, low: Floats, close: Floats, volume: Floats) -> Ints:
    """Bars in a row, up to and including each, that were frozen (no range, close unmoved) or had no volume. Volume
    counts only once some was seen: an index has none and is judged by its prices alone."""
    idle = np.zeros(len(close), np.int64)
    count_bars_without_trade(high, low, close, volume, idle, np.zeros(3, np.int64), 0, len(close))
    return idle


@compiled
def count_bars_without_trade(
    high: Floats, low: Floats, close: Floats, volume: Floats, idle: Ints, state: Ints, first: int, stop: int
) -> None:
    """`bars_without_trade` of bars `first` to `stop - 1`, written to `idle`. `state` is zero before bar 0 and holds in
    between: bars frozen, bars silent, whether volume was seen."""
    frozen, silent, has_volume = state[0], state[1], state[2] != 0
    for i in range(first, stop):
        still = high[i] == low[i] and (i == 0 or close[i] == close[i - 1])
        frozen = frozen + 1 if still else 0
        has_volume = has_volume or volume[i] > 0.0
        silent = silent + 1 if has_volume and volume[i] <= 0.0 else 0
        idle[i] = max(frozen, silent)
    state[0], state[1], state[2] = frozen, silent, has_volume


@compiled
def signal_faults(entry: Sides, exit_long: Bools, exit_short: Bools, confidence: Floats) -> int:
    """How many bars hold an entry outside {-1, 0, 1} or a confidence outside [0, 1]. NaN confidence is allowed: it
    refuses the entry (rule 6)."""
    faults = 0
    for i in range(len(entry)):
        faults += (entry[i] < -1) | (entry[i] > 1)
        faults += (confidence[i] < 0.0) | (confidence[i] > 1.0)
    return faults


@compiled
def band_reversion(
    close: Floats,
    mean: Floats,
    deviation: Floats,
    idle: Ints,
    window: int,
    entry_deviations: float,
    exit_deviations: float,
    shorts: bool,
) -> Passed:
    """Against a close beyond the band `mean -+ entry_deviations * deviation`; out once it is back inside
    `exit_deviations` of the mean on the way home. Confidence 0.5 at the band, 1 at twice its distance."""
    bars = len(close)
    entry = np.zeros(bars, np.int8)
    exit_long = np.zeros(bars, np.bool_)
    exit_short = np.zeros(bars, np.bool_)
    confidence = np.zeros(bars)
    for i in range(bars):
        away = close[i] - mean[i]
        band = entry_deviations * deviation[i]
        home = exit_deviations * deviation[i]
        exit_long[i] = away >= -home
        exit_short[i] = away <= home
        ready = deviation[i] > 0.0 and idle[i] < window
        if ready and away < -band:
            entry[i] = 1
        elif ready and shorts and away > band:
            entry[i] = -1
        if ready:
            confidence[i] = min(1.0, abs(away) / (2.0 * band))
    return entry, exit_long, exit_short, confidence


@compiled
def strength_momentum(
    strength: Floats, histogram: Floats, idle: Ints, window: int, level: float, shorts: bool
) -> Passed:
    """With a histogram that turns positive while strength (0 to 100) is above `level`; short mirrored around 50. Out
    when the histogram has the other sign. Confidence grows with strength, 1 at the end of its scale."""
    bars = len(strength)
    entry = np.zeros(bars, np.int8)
    exit_long = np.zeros(bars, np.bool_)
    exit_short = np.zeros(bars, np.bool_)
    confidence = np.zeros(bars)
    for i in range(1, bars):
        exit_long[i] = histogram[i] < 0.0
        exit_short[i] = histogram[i] > 0.0
        ready = idle[i] < window
        if ready and histogram[i] > 0.0 and histogram[i - 1] <= 0.0 and strength[i] > level:
            entry[i] = 1
        elif ready and shorts and histogram[i] < 0.0 and histogram[i - 1] >= 0.0 and strength[i] < 100.0 - level:
            entry[i] = -1
        lean = abs(strength[i] - 50.0) / 50.0
        if lean >= 0.0:
            confidence[i] = min(1.0, 0.5 + 0.5 * lean)
    return entry, exit_long, exit_short, confidence


@compiled
def channel_breakout(
    close: Floats,
    upper: Floats,
    lower: Floats,
    exit_upper: Floats,
    exit_lower: Floats,
    idle: Ints,
    window: int,
    margin: float,
    shorts: bool,
) -> Passed:
    """With a close beyond the channel of the bars before it by more than `margin` of its height; out beyond the other
    side of the exit channel. Confidence is 1: a breakout is or is not."""
    bars = len(close)
    entry = np.zeros(bars, np.int8)
    exit_long = np.zeros(bars, np.bool_)
    exit_short = np.zeros(bars, np.bool_)
    for i in range(bars):
        clear = margin * (upper[i] - lower[i])
        ready = idle[i] < window
        if ready and close[i] > upper[i] + clear:
            entry[i] = 1
        elif ready and shorts and close[i] < lower[i] - clear:
            entry[i] = -1
        exit_long[i] = close[i] < exit_lower[i]
        exit_short[i] = close[i] > exit_upper[i]
    return entry, exit_long, exit_short, np.ones(bars)


@compiled
def average_crossover(fast: Floats, slow: Floats, idle: Ints, window: int, band: float, shorts: bool) -> Passed:
    """At the bar where `fast` comes to stand more than `band` (fraction) above `slow`; short mirrored. Out at the bar
    where it is back on the other side of `slow`. Confidence is 1."""
    bars = len(fast)
    entry = np.zeros(bars, np.int8)
    exit_long = np.zeros(bars, np.bool_)
    exit_short = np.zeros(bars, np.bool_)
    lift, drop = 1.0 + band, 1.0 - band
    now, slow_now, idle_now = fast[1:], slow[1:], idle[1:]
    entered, left_long, left_short = entry[1:], exit_long[1:], exit_short[1:]
    for i in range(len(now)):
        ready = idle_now[i] < window
        rises = ready & (now[i] > slow_now[i] * lift) & (fast[i] <= slow[i] * lift)
        falls = ready & shorts & (now[i] < slow_now[i] * drop) & (fast[i] >= slow[i] * drop) & (not rises)
        entered[i] = int(rises) - int(falls)
        left_long[i] = now[i] < slow_now[i]
        left_short[i] = now[i] > slow_now[i]
    return entry, exit_long, exit_short, np.ones(bars)
