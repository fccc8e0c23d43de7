"""Daily returns and what follows from growth alone: total return, CAGR, rolling CAGR.

The day (simulation.md, rule 33):

1. A close at exactly 00:00 UTC ends the day before it, so day `k` holds the closes in `(k 00:00, k+1 00:00]`.
2. The mark of a day is its last equity; a day without bars keeps the mark of the day before, a return of zero.
3. Days run from that of the first close to that of the last, partial days at both ends included. The first return
   counts from the starting equity.
4. Equities count sessions instead: one day per session key, and only keys that occur.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.time import DAY_MS, YEAR_DAYS
from karat.stats.figure import BANKRUPT, ONE_DAY, TOO_LARGE, Figure, Undefined, assert_numbers, defined_or

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SESSION_DAYS = 252  # sessions of a New York year (rule 33)
_KEY_SLACK_DAYS = 3  # a session's New York date is never further than this from the UTC date of its closes


@compiled
def _calendar_marks(close_ts: Ints, equity: Floats, start: float) -> tuple[bool, Ints, Floats]:
    """Whether times rise, `day_ts` (n days), marks (n days + 1, the start first)."""
    bars = len(close_ts)
    first = (close_ts[0] - 1) // DAY_MS
    days = max((close_ts[bars - 1] - 1) // DAY_MS - first, 0) + 1
    day_ts = (first + np.arange(days)) * DAY_MS
    marks = np.empty(days + 1)
    marks[0] = start
    day = 0
    midnight = day_ts[0] + DAY_MS
    for bar in range(bars):
        if bar and close_ts[bar] <= close_ts[bar - 1]:
            return False, day_ts, marks
        while close_ts[bar] > midnight:
            day += 1
            if day > days:  # times fall later on; the check above will meet it
                return False, day_ts, marks
            marks[day] = equity[bar - 1]
            midnight += DAY_MS
    marks[days] = equity[bars - 1]
    return True, day_ts, marks


@compiled
def _session_marks(keys: Ints, equity: Floats, start: float) -> tuple[bool, Ints, Floats]:
    """Whether keys never fall, `day_ts` (one per key), marks (one more, the start first)."""
    bars = len(keys)
    day_ts = np.empty(bars, np.int64)
    marks = np.empty(bars + 1)
    marks[0] = start
    day = 0
    for bar in range(bars):
        if bar and keys[bar] != keys[bar - 1]:
            if keys[bar] < keys[bar - 1]:
                return False, day_ts, marks
            day += 1
        day_ts[day] = keys[bar] * DAY_MS
        marks[day + 1] = equity[bar]
    return True, day_ts[: day + 1].copy(), marks[: day + 2].copy()


@compiled
def _returns_of(marks: Floats) -> Floats:
    days = len(marks) - 1
    returns = np.empty(days)
    for day in range(days):
        returns[day] = marks[day + 1] / marks[day] - 1.0 if marks[day] > 0.0 else np.nan
    return returns


def daily_marks(
    close_ts: Ints, equity: Floats, start: float, *, sessions: bool = False, session_keys: Ints | None = None
) -> tuple[Ints, Floats]:
    """`day_ts` int64 of n days (00:00 of the day, UTC ms) and n + 1 marks: the start, then each day's last equity.

    close_ts int64 of the bars' closes (open + timeframe, UTC ms), strictly rising; equity float64 at those closes, no
    NaN; start > 0. With `sessions`, `session_keys` holds for each bar its New York date as days since 1970-01-01.
    Broken inputs are assertions. No bars: no days. Source: simulation.md, rule 33.
    """
    assert len(close_ts) == len(equity), "one equity per close"
    assert start > 0.0, "the starting equity is positive"
    assert_numbers(equity, "equity")
    assert sessions == (session_keys is not None), "session keys come with sessions, and only then"
    if len(close_ts) == 0:
        return np.empty(0, np.int64), np.array([start], np.float64)
    if session_keys is None:
        rising, day_ts, marks = _calendar_marks(close_ts, equity, float(start))
        assert rising, "close times rise strictly"
        return day_ts, marks
    assert len(session_keys) == len(equity), "one session key per bar"
    distance = abs(int(session_keys[0]) - int(close_ts[0]) // DAY_MS)
    assert distance <= _KEY_SLACK_DAYS, "session keys are New York dates in days since 1970-01-01"
    rising, day_ts, marks = _session_marks(session_keys, equity, float(start))
    assert rising, "session keys never fall"
    return day_ts, marks


def returns_of_marks(marks: Floats) -> Floats:
    """Simple returns between n + 1 marks, length n. NaN where the mark before is zero or below: no base."""
    with np.errstate(over="ignore"):  # a base next to zero: an infinite return, which every ratio refuses
        return _returns_of(marks)


def daily_returns(
    close_ts: Ints, equity: Floats, start: float, *, sessions: bool = False, session_keys: Ints | None = None
) -> tuple[Ints, Floats]:
    """`day_ts` int64 and simple returns float64 of each day, arguments as in `daily_marks` (simulation.md, rule 33).

    A return is NaN where the day began with equity at zero or below; every ratio is then undefined.
    """
    day_ts, marks = daily_marks(close_ts, equity, start, sessions=sessions, session_keys=session_keys)
    return day_ts, returns_of_marks(marks)


def total_return(start: float, end: float) -> Figure:
    """`end / start - 1`; below -1 when the account ended in debt. start > 0."""
    assert start > 0.0, "the starting equity is positive"
    return defined_or(end / start - 1.0, Undefined("too large to hold"))


def cagr(start: float, end: float, days: int, periods_per_year: float = YEAR_DAYS) -> Figure:
    """Yearly compound growth `(end / start) ** (periods_per_year / days) - 1`, days counted as in `daily_returns`.

    Undefined: fewer than two days, an end at zero or below, a growth too large to hold.
    Source: empyrical's `cagr`, on the days of rule 33.
    """
    assert start > 0.0, "the starting equity is positive"
    if days < 2:
        return ONE_DAY
    if end <= 0.0:
        return BANKRUPT
    with np.errstate(over="ignore"):
        growth = np.float64(end / start) ** (periods_per_year / days)
    return defined_or(float(growth) - 1.0, TOO_LARGE)


@compiled
def _window_growth(marks: Floats, window: int) -> Floats:
    windows = max(len(marks) - window, 0)
    growth = np.empty(windows)
    last_broken = -1
    for day in range(min(window, len(marks))):
        if marks[day] <= 0.0:
            last_broken = day
    for first in range(windows):
        if marks[first + window] <= 0.0:
            last_broken = first + window
        growth[first] = np.nan if last_broken >= first else marks[first + window] / marks[first]
    return growth


def rolling_growth(marks: Floats, window_days: int) -> Floats:
    """`marks[i + window] / marks[i]` for every window, length `max(0, len(marks) - window)`.

    NaN where a mark inside the window is zero or below.
    """
    assert window_days >= 1, "a window holds at least one day"
    with np.errstate(over="ignore"):
        return _window_growth(marks, window_days)


def rolling_cagr(marks: Floats, window_days: int, periods_per_year: float = YEAR_DAYS) -> Floats:
    """CAGR of every window of `window_days` daily returns, oldest first, from n + 1 daily marks; length n + 1 - window.

    NaN where equity in the window was zero or below, or where the growth is too large to hold; empty when the run is
    shorter than the window. Source: validation vector `rolling_cagr`.
    """
    growth = rolling_growth(marks, window_days)
    with np.errstate(over="ignore"):
        yearly = growth ** (periods_per_year / window_days) - 1.0
    return np.where(np.isfinite(yearly), yearly, np.nan)
