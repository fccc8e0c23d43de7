"""Find the columns a file means, and turn them into numbers and times."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from karat.core.errors import InputError
from karat.core.model.candles import Bools, Floats, Ints
from karat.core.time import parse_time_ms
from karat.ingest.table import Table

# In order of trust: the first name present is taken.
TIME_NAMES = ("ts", "open_time", "timestamp", "unix", "datetime", "date_time", "time", "date", "start", "t")
_PRICE_NAMES = {
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price"),
}
CANDLE_NAMES: Mapping[str, tuple[str, ...]] = {
    "ts": TIME_NAMES,
    **_PRICE_NAMES,
    "volume": ("volume", "v", "vol", "base_volume", "volume_base"),
}
MARK_NAMES: Mapping[str, tuple[str, ...]] = {"ts": TIME_NAMES, **_PRICE_NAMES}
FUNDING_NAMES: Mapping[str, tuple[str, ...]] = {
    "ts": ("ts", "funding_time", "calc_time", *TIME_NAMES[1:]),
    "rate": ("funding_rate", "rate", "last_funding_rate"),
}
_MARKET_NAMES = ("symbol", "coin", "ticker", "market", "pair", "venue", "exchange")
_UNITS = ((10**11, 1, 1000), (10**14, 1, 1), (10**17, 1000, 1), (2**63, 1_000_000, 1))  # below: divide, then multiply
_UNIT_NAMES = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


def pick(table: Table, names: Mapping[str, tuple[str, ...]], *, several_markets: bool = False) -> dict[str, pl.Series]:
    """The column of each role. A column that names more than one market is refused, unless the caller tells them apart
    or it means something else there. Raises DataRefused `wrong_columns` or `several_markets`."""
    present = {_plain(name): name for name in reversed(table.frame.columns)}
    for name in () if several_markets else _MARKET_NAMES:
        if name in present and table.frame[present[name]].n_unique() > 1:
            reason = f"holds several markets: column {present[name]} has more than one value"
            table.refuse("several_markets", -1, reason, "Split it into one file per market.")
    found = {role: next((present[name] for name in known if name in present), None) for role, known in names.items()}
    missing = [role for role, name in found.items() if name is None]
    if missing:
        have = ", ".join(table.frame.columns)
        reason = f"no column for {', '.join(missing)} among {have}"
        table.refuse("wrong_columns", -1, reason, _name_hint(missing[0], names))
    return {role: table.frame[name] for role, name in found.items() if name is not None}


def _plain(name: str) -> str:
    """lower_snake_case of a header, whatever its style."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")


def _name_hint(role: str, names: Mapping[str, tuple[str, ...]]) -> str:
    return f"Name the {role} column one of: {', '.join(names[role])}."


def numbers(table: Table, series: pl.Series) -> Floats:
    """float64, NaN where a field is empty. Raises DataRefused `not_a_number` with its line."""
    if series.dtype == pl.String:
        trimmed = series.str.strip_chars()
        trimmed = trimmed.set(trimmed == "", None)
        cast = trimmed.cast(pl.Float64, strict=False)
        _refuse_lost(table, trimmed, cast, "not_a_number", "number")
        return cast.fill_null(np.nan).to_numpy()
    if not (series.dtype.is_numeric() or series.dtype == pl.Null):
        table.refuse("wrong_columns", -1, f"column {series.name} holds {series.dtype}, not numbers")
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()


def times(table: Table, series: pl.Series) -> tuple[Ints, Bools]:
    """UTC milliseconds, and where there is a time at all.

    Integers are seconds, milli-, micro- or nanoseconds by their size, one unit per file. Text is ISO 8601. A time
    without a zone is UTC. Raises DataRefused `bad_time` with its line.
    """
    if series.dtype == pl.String:
        series = series.str.strip_chars()
        series = series.set(series == "", None)
        if _is_count(table, series):
            series = series.cast(pl.Float64).cast(pl.Int64) if series.str.contains(".", literal=True).any() else series
            return _from_integers(table, series.cast(pl.Int64))
        return _from_text(table, series)
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone is not None:
            series = series.dt.convert_time_zone("UTC")
        return _split(series.dt.epoch("ms"))
    if series.dtype == pl.Date:
        return _split(series.cast(pl.Datetime("ms")).to_physical())
    if series.dtype.is_float():
        whole = series.cast(pl.Int64, strict=False)
        whole = whole.set(whole.cast(pl.Float64) != series, None)
        _refuse_lost(table, series.fill_nan(None), whole, "bad_time", "time")
        return _from_integers(table, whole)
    if not series.dtype.is_integer():
        table.refuse("wrong_columns", -1, f"column {series.name} holds {series.dtype}, not times")
    return _from_integers(table, series.cast(pl.Int64))


def _is_count(table: Table, series: pl.Series) -> bool:
    """Whether text times are integers. A mixture is refused at the first of the rarer kind."""
    digits = series.str.contains(r"^-?[0-9]+(\.0*)?$")
    counts = int(digits.sum())
    if 0 < counts < len(digits) - digits.null_count():
        rare = digits if counts * 2 < len(digits) else ~digits
        row = int(rare.fill_null(False).arg_true()[0])
        table.refuse("bad_time", row, f"'{series[row]}' is not a time like the others", "Write all times in one way.")
    return counts > 0


def _from_integers(table: Table, series: pl.Series) -> tuple[Ints, Bools]:
    values, there = _split(series)
    if not there.any():
        return values, there
    units = np.searchsorted([limit for limit, _, _ in _UNITS[:-1]], np.abs(values[there]), side="right")
    unit = int(units[0])
    other = np.flatnonzero(units != unit)
    if len(other):
        row = int(np.flatnonzero(there)[other[0]])
        reason = f"time {values[row]} is in {_UNIT_NAMES[units[other[0]]]} where the first is in {_UNIT_NAMES[unit]}"
        table.refuse("bad_time", row, reason, "Use one unit in a file.")
    _, divisor, factor = _UNITS[unit]
    uneven = np.flatnonzero(values % divisor != 0)
    if len(uneven):
        row = int(uneven[0])
        table.refuse("bad_time", row, f"time {values[row]} is no whole millisecond", "A bar opens on a whole second.")
    return values // divisor * factor, there


def _from_text(table: Table, series: pl.Series) -> tuple[Ints, Bools]:
    for known in _TIME_FORMATS:
        parsed = series.str.to_datetime(known, time_unit="ms", strict=False)
        if parsed.null_count() == series.null_count():
            return _split(parsed.to_physical())
    values: list[int | None] = []
    for row, text in enumerate(series):
        try:
            values.append(None if text is None else parse_time_ms(text.removesuffix(" UTC")))
        except InputError as error:
            table.refuse("bad_time", row, f"'{text}' is not a time", error.hint)
    return _split(pl.Series(values, dtype=pl.Int64))


def _split(series: pl.Series) -> tuple[Ints, Bools]:
    return series.fill_null(0).to_numpy().astype(np.int64), series.is_not_null().to_numpy()


def _refuse_lost(table: Table, before: pl.Series, after: pl.Series, code: str, what: str) -> None:
    """Refuse the first row that had a value before a conversion and has none after it."""
    lost = (before.is_not_null() & after.is_null()).arg_true()
    if len(lost):
        row = int(lost[0])
        table.refuse(code, row, f"'{before[row]}' is not a {what}", f"Mend column {before.name}.")
