"""Five regimes of a market, told from its daily closes by a rule that is fixed before anything is searched.

Each day has one label; of several that hold, the first of this list:

1. **Crash and recovery.** The close stands so far below the highest close of the last 30 days that the fall is at least
   20% and at least two and a quarter deviations of 30 days, `1 - exp(-2.25 s sqrt(30))`. The episode begins on the day
   after that high and ends with the first close that has won back half of the fall from the high to the lowest close
   since, or 45 days after that lowest close.
2. **High volatility.** The realised volatility of 30 days is above 1.5 times its own median so far, until it is no
   longer above 1.25 times. It takes 180 days of such volatilities to say so.
3. **Bull and bear.** The log return of 90 days is above (below) half of its deviation, `0.5 s sqrt(90)`, until it is no
   longer beyond a quarter of it.
4. **Range.** All else.

`s` is the deviation of a day over the market's whole history until then, `sqrt(sum r^2 / days)` of log returns, about
zero: the rule has no unit, so that calm and wild markets are told apart by their own measure. Windows are days of the
calendar, with sessions too; where history is shorter they take what there is. The first 30 days have the label of the
day that ends them. Only the beginning of a crash and these first days look ahead, and by 30 days: a label that is 30
days old never changes. Give the whole record of a market, of which a run may be a part.
"""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Floats, Ints
from karat.core.time import DAY_MS
from karat.stats.figure import TIE, assert_numbers
from karat.stats.returns import daily_marks

Flags = NDArray[np.bool_]


class Period(StrEnum):
    """A regime of a market."""

    BULL = "bull"
    BEAR = "bear"
    RANGE = "range"
    HIGH_VOLATILITY = "high_volatility"
    CRASH_AND_RECOVERY = "crash_and_recovery"


PERIODS = tuple(Period)


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """The numbers of the rule; the module says what each is for."""

    crash_days: int = 30
    crash_share: float = 0.20
    crash_deviations: float = 2.25
    recovered_share: float = 0.5
    recovery_days: int = 45
    volatility_days: int = 30
    volatility_history_days: int = 180
    volatility_enter: float = 1.5
    volatility_leave: float = 1.25
    trend_days: int = 90
    trend_enter: float = 0.5
    trend_leave: float = 0.25


PERIOD_RULE = PeriodRule()


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of one regime in a row, from `begin_ts` to before `end_ts`, UTC ms."""

    period: Period
    begin_ts: int
    end_ts: int
    days: int


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """The labels of a market: `day_ts` int64 as given, `labels` int64 of the same length, places in `PERIODS`."""

    day_ts: Ints
    labels: Ints
    rule: PeriodRule

    def days_of(self, period: Period) -> int:
        """How many days have a label; 0 where the market lacks the regime."""
        return int(np.count_nonzero(self.labels == PERIODS.index(period)))

    def labels_at(self, ts: Ints) -> Ints:
        """The label of the day in which each time lies; of the day before, where the market had none of its own.

        Times before the first day are a programmer's error.
        """
        places = np.searchsorted(self.day_ts, ts, side="right") - 1
        assert not len(places) or int(places.min()) >= 0, "labels begin before what they are asked of"
        return self.labels[places]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What stands in a row, oldest first, without gaps between."""
        begins = np.concatenate(([0], np.flatnonzero(np.diff(self.labels)) + 1, [len(self.labels)]))
        stamps = np.append(self.day_ts, self.day_ts[-1] + DAY_MS)
        return tuple(
            Segment(PERIODS[self.labels[first]], int(stamps[first]), int(stamps[end]), int(end - first))
            for first, end in pairwise(begins)
        )


def period_regimes(day_ts: Ints, close: Floats, rule: PeriodRule = PERIOD_RULE) -> Periods:
    """Label every day. `day_ts` int64, 00:00 of each day, UTC ms, rising; `close` float64 above zero, one a day.

    Raises InputError `record_too_short` where the days do not span the first window of volatility.
    """
    assert len(day_ts) == len(close) and bool(np.all(np.diff(day_ts) > 0)), "one close a day, days rising"
    assert_numbers(close, "close")
    assert not len(close) or float(close.min()) > 0.0, "closes are above zero"
    days = (day_ts - day_ts[0]) / DAY_MS if len(day_ts) else np.zeros(0)
    ready = int(np.searchsorted(days, rule.volatility_days))
    if ready >= len(days):
        hint = "Give the market's daily closes from its beginning."
        raise InputError("record_too_short", f"{len(days)} days are too few to tell regimes.", hint)
    logs = np.log(close)
    squares = np.concatenate(([0.0], np.cumsum(np.diff(logs) ** 2)))
    deviation = np.sqrt(squares / np.maximum(days, 1.0))
    trend = _trend(days, logs, deviation, rule)
    labels = np.full(len(days), PERIODS.index(Period.RANGE), np.int64)
    labels[trend > 0] = PERIODS.index(Period.BULL)
    labels[trend < 0] = PERIODS.index(Period.BEAR)
    labels[_is_wild(days, squares, ready, rule)] = PERIODS.index(Period.HIGH_VOLATILITY)
    labels[:ready] = labels[ready]
    labels[_is_crash(days, close, deviation, rule)] = PERIODS.index(Period.CRASH_AND_RECOVERY)
    return Periods(day_ts, labels, rule)


def daily_closes(candles: Candles, session_keys: Ints | None = None) -> tuple[Ints, Floats]:
    """`day_ts` and the last close of each day, days as in `stats.daily_marks`: without bars that of before.
    `session_keys` as there, of equities. Cut the candles before the vault first."""
    closes = candles.ts + candles.timeframe_ms
    with_sessions = session_keys is not None
    day_ts, marks = daily_marks(
        closes, candles.close, float(candles.close[0]), sessions=with_sessions, session_keys=session_keys
    )
    return day_ts, marks[1:]


def _window_starts(days: Floats, length: int) -> Ints:
    """Where the window of `length` days that ends with each day begins: one day before it at the latest."""
    starts = np.searchsorted(days, days - length)
    return np.maximum(np.minimum(starts, np.arange(len(days)) - 1), 0)


def _trend(days: Floats, logs: Floats, deviation: Floats, rule: PeriodRule) -> Ints:
    """+1, -1 or 0 a day."""
    starts = _window_starts(days, rule.trend_days)
    moved = logs - logs[starts]
    expected = deviation * np.sqrt(days - days[starts])
    states, state = np.zeros(len(days), np.int64), 0
    for day in range(len(days)):
        if not state * moved[day] > rule.trend_leave * expected[day]:
            state = 0
        if abs(moved[day]) > rule.trend_enter * expected[day]:
            state = 1 if moved[day] > 0.0 else -1
        states[day] = state
    return states


def _is_wild(days: Floats, squares: Floats, ready: int, rule: PeriodRule) -> Flags:
    """Days on which volatility is far above its own median until then."""
    starts = _window_starts(days, rule.volatility_days)
    span = np.maximum(days - days[starts], 1.0)
    realised = np.sqrt(np.maximum(squares - squares[starts], 0.0) / span)
    wild, state = np.zeros(len(days), np.bool_), False
    history: list[float] = []
    for day in range(ready, len(days)):
        insort(history, float(realised[day]))
        if days[day] - days[ready] < rule.volatility_history_days:
            continue
        middle = (history[len(history) // 2] + history[(len(history) - 1) // 2]) / 2.0
        state = realised[day] > (rule.volatility_leave if state else rule.volatility_enter) * middle
        wild[day] = state
    return wild


def _is_crash(days: Floats, close: Floats, deviation: Floats, rule: PeriodRule) -> Flags:
    """Days from a crash to its recovery."""
    starts = np.searchsorted(days, days - rule.crash_days)
    found = np.zeros(len(days), np.bool_)
    inside, high, low, low_day = False, 0.0, 0.0, 0.0
    for day in range(len(days)):
        if not inside:
            window = close[starts[day] : day + 1]
            highest = window >= float(window.max()) * (1.0 - TIE)
            peak = int(starts[day]) + int(np.flatnonzero(highest)[-1])  # of equal highs the last: it falls from there
            fall = 1.0 - close[day] / close[peak]
            usual = 1.0 - math.exp(-rule.crash_deviations * deviation[day] * math.sqrt(rule.crash_days))
            if fall < max(rule.crash_share, usual):
                continue
            found[peak + 1 : day] = True
            inside, high, low, low_day = True, float(close[peak]), float(close[day]), float(days[day])
        found[day] = True
        if close[day] < low:
            low, low_day = float(close[day]), float(days[day])
        recovered = close[day] >= low + rule.recovered_share * (high - low)
        inside = not recovered and days[day] - low_day < rule.recovery_days
    return found
