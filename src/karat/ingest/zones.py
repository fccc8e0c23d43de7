"""Times of a file that is in local time, turned to UTC where the user names the zone.

In a zone with summer time one local hour comes twice a year: its first row is the earlier, a row that repeats the time
is the later. A local time that never was is refused.
"""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import polars as pl

from karat.core.errors import InputError
from karat.core.model.candles import Bools, Ints
from karat.core.time import HOUR_MS, MINUTE_MS
from karat.ingest.columns import times
from karat.ingest.table import Table

_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_OWN_ZONE = r"([0-9]Z|[+-][0-9]{2}:?[0-9]{2}| UTC)$"
_DATE_ONLY = r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"


def zone_name(text: str) -> str:
    """A zone: +03:00, or a name like Europe/Moscow. Raises InputError `unknown_zone`."""
    if _OFFSET.fullmatch(text) or text in available_timezones():
        return text
    raise InputError("unknown_zone", f"'{text}' is no time zone.", "Write for example +03:00 or Europe/Moscow.")


def read_times(table: Table, series: pl.Series, zone: str | None) -> tuple[Ints, Bools]:
    """UTC milliseconds, and where there is a time; `zone` None takes times without a zone as UTC.

    Raises DataRefused `bad_time`, also when the times carry a zone themselves and another is named.
    """
    if zone is None:
        return times(table, series)
    if _has_own_zone(series):
        table.refuse("bad_time", -1, f"times of column {series.name} carry their own zone", "Leave out --zone.")
    local, there = times(table, series)
    offset = _OFFSET.fullmatch(zone)
    if offset:
        sign = -1 if offset[1] == "-" else 1
        return local - sign * (int(offset[2]) * HOUR_MS + int(offset[3]) * MINUTE_MS), there
    stamps = pl.Series(local).cast(pl.Datetime("ms"))
    side = stamps.is_first_distinct().replace_strict({True: "earliest", False: "latest"}, return_dtype=pl.String)
    utc = stamps.dt.replace_time_zone(zone, ambiguous=side, non_existent="null").dt.convert_time_zone("UTC")
    never = utc.is_null() & pl.Series(there)
    if never.any():
        row = int(never.arg_true()[0])
        table.refuse("bad_time", row, f"{stamps[row]} never was in {zone}: clocks were put forward", "Check --zone.")
    return utc.to_physical().fill_null(0).to_numpy(), there


def _has_own_zone(series: pl.Series) -> bool:
    if isinstance(series.dtype, pl.Datetime):
        return series.dtype.time_zone is not None
    if series.dtype != pl.String:
        return False
    text = series.drop_nulls().str.strip_chars()
    return bool((text.str.contains(_OWN_ZONE) & ~text.str.contains(_DATE_ONLY)).any())
