"""When bars may open: always on the grid, or in the sessions of an exchange, early closes included.

Sessions come from the package exchange-calendars (extra `equities`), which is imported only here and only when asked. A
daily bar carries midnight UTC of its session's date; a bar within the day opens on the UTC grid, and the first is the
one that holds the opening bell.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.extras import how_to_install
from karat.core.model.candles import Ints
from karat.core.time import DAY_MS, grid_origin_ms, iso

FIRST_DAY = "1990-01-01"  # the calendars are built from here on; older sessions are not asked for
NANOSECONDS_PER_MS = 1_000_000


def opens_between(calendar: str | None, timeframe_ms: int, from_ms: int, to_ms: int) -> Ints:
    """The open times of all bars with `from_ms <= ts < to_ms` that a whole series has, int64, rising.

    Raises InputError `package_missing`, `calendar_unknown`, `timeframe_unknown`.
    """
    if calendar is None:
        origin = grid_origin_ms(timeframe_ms)
        first = -((origin - from_ms) // timeframe_ms) * timeframe_ms + origin
        return np.arange(first, max(first, to_ms), timeframe_ms, dtype=np.int64)
    if timeframe_ms > DAY_MS:
        hint = "Download 1d bars; weeks are built from them."
        raise InputError("timeframe_unknown", "Bars longer than a day have no sessions.", hint)
    opened, closed = session_times(calendar, from_ms - DAY_MS, to_ms + DAY_MS)
    if timeframe_ms == DAY_MS:
        opens = opened // DAY_MS * DAY_MS
    else:
        first, last = opened // timeframe_ms, -(-closed // timeframe_ms)
        counts = last - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        opens = (np.repeat(first, counts) + within) * timeframe_ms
    return opens[(opens >= from_ms) & (opens < to_ms)]


def session_times(calendar: str, from_ms: int, to_ms: int) -> tuple[Ints, Ints]:
    """Opening and closing bell (UTC ms) of every session that begins in the range; a half day closes early."""
    exchange = _exchange(calendar)
    opened = np.asarray(exchange.opens_nanos, np.int64) // NANOSECONDS_PER_MS
    closed = np.asarray(exchange.closes_nanos, np.int64) // NANOSECONDS_PER_MS
    if from_ms < opened[0] - 7 * DAY_MS or to_ms > closed[-1] + 7 * DAY_MS:
        message = f"The calendar of {calendar} knows {iso(int(opened[0]))} to {iso(int(closed[-1]))}."
        raise InputError("calendar_too_short", message, "Ask for a time inside, or update exchange-calendars.")
    inside = (opened >= from_ms) & (opened < to_ms)
    return opened[inside], closed[inside]


@cache
def _exchange(calendar: str) -> Any:
    try:
        import exchange_calendars
    except ImportError as error:
        message = "Sessions of stock exchanges need the package exchange-calendars, which is not installed."
        raise InputError("package_missing", message, how_to_install("equities")) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas to the package: nothing that a user could mend
            return exchange_calendars.get_calendar(calendar, start=FIRST_DAY)
    except exchange_calendars.errors.InvalidCalendarName as error:
        message = f"'{calendar}' is no exchange that exchange-calendars knows."
        raise InputError("calendar_unknown", message, "Use for example XNYS or XLON.") from error
