"""Time: UTC epoch milliseconds, int64, everywhere. A bar is named by its open time (simulation.md, rule 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from karat.core.errors import InputError

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_DAYS = 365
_WEEK_MS = 7 * DAY_MS
_FIRST_MONDAY_MS = 4 * DAY_MS  # 1970-01-05; the epoch is a Thursday, weeks begin on Mondays at every venue

_UNITS_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": _WEEK_MS}


def timeframe_ms(text: str) -> int:
    """Milliseconds of "1m", "15m", "4h", "1d", "1w". Raises InputError `bad_timeframe`."""
    match = re.fullmatch(r"([1-9][0-9]{0,3})([smhdw])", text)
    if not match and re.match(r"(tick|volume|dollar|range|renko):", text):
        message = f"Bars of '{text}' have no fixed length, and everything that is simulated counts in bars of time."
        raise InputError("bad_timeframe", message, "Use a timeframe such as 1m or 1h; these bars are tables in SQL.")
    if not match:
        raise InputError("bad_timeframe", f"'{text}' is not a timeframe.", "Use for example 1m, 15m, 1h, 4h or 1d.")
    return int(match[1]) * _UNITS_MS[match[2]]


def timeframe_text(milliseconds: int) -> str:
    """The inverse of `timeframe_ms`, in the largest unit that divides, days at most."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds % _UNITS_MS[unit] == 0:
            return f"{milliseconds // _UNITS_MS[unit]}{unit}"
    raise InputError("bad_timeframe", f"{milliseconds} ms is not a whole number of seconds.", "Use whole seconds.")


def grid_origin_ms(timeframe_ms: int) -> int:
    """A time at which a bar of the timeframe opens: the epoch, or the first Monday after it for whole weeks."""
    return _FIRST_MONDAY_MS if timeframe_ms % _WEEK_MS == 0 else 0


def parse_time_ms(text: str) -> int:
    """UTC milliseconds of an ISO date, ISO date-time or integer. A time without a zone is UTC."""
    if re.fullmatch(r"-?[0-9]{10,}", text):
        return int(text)
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("bad_time", f"'{text}' is not a time.", "Use 2024-01-31 or 2024-01-31T12:00:00Z.") from error
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return round(value.timestamp() * 1000)


def iso(milliseconds: int) -> str:
    """ISO 8601 in UTC, to the second, or to the millisecond where there are any."""
    value = datetime.fromtimestamp(milliseconds / 1000, UTC)
    spec = "milliseconds" if milliseconds % 1000 else "seconds"
    return value.isoformat(timespec=spec).replace("+00:00", "Z")
