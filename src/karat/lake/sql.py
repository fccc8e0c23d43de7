"""SQL over the lake, read-only, by DuckDB (the extra `sql`).

    series                                      every series: its view, kind, market, timeframe, rows, first, last, ...
    candles, mark                               market, timeframe, ts, open, high, low, close, volume
    funding                                     market, ts, rate
    <kind of a table>                           owner, variant and the table's columns
    candles_binance_perp_BTCUSDT_1h, ...        one series alone

1. The statement is parsed; only a single SELECT (or EXPLAIN, DESCRIBE, SUMMARIZE) goes on.
2. The views it names are made, and nothing else is opened. Hot columns are given to DuckDB as the memory maps they are,
   without a copy; cold ones are Parquet files, whose whole numbers the view divides.
3. Then the door is shut: no file, no network, no setting can be reached from the statement.

Where a number is missing (NaN) SQL sees NULL.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError, RetryLater
from karat.core.model.table import Table, TableName
from karat.core.time import iso
from karat.lake.extras import need
from karat.lake.names import CANDLES, FUNDING, MARK
from karat.lake.records import SeriesRecord
from karat.lake.remote.catalog import RemoteSeries
from karat.lake.sql_sources import HotRows, Rows, SqlSource

SERIES = "series"
_FETCHED_ROWS = 10_000
_READING = ("SELECT", "EXPLAIN")
_WORD = re.compile(r"[^A-Za-z0-9_]+")
_SHUT = (
    "set python_enable_replacements=false",
    "set autoinstall_known_extensions=false",
    "set autoload_known_extensions=false",
    "set allowed_paths=[{paths}]",
    "set enable_external_access=false",
    "set lock_configuration=true",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gives: names and SQL types of columns, and rows of Python values, to be read once."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def answered(source: SqlSource, statement: str) -> Generator[Answer]:
    """Run one statement. The rows can be read while the block runs.

    Raises InputError `extra_missing`, `bad_sql`, `not_a_query`, RetryLater `lake_changed` when a series was replaced at
    that moment.
    """
    duckdb = need("duckdb", "sql", "SQL")
    with duckdb.connect(":memory:") as connection:
        try:
            _check(connection, statement)
            paths = _make_views(connection, source, statement)
            for setting in _SHUT:
                connection.execute(setting.format(paths=", ".join(map(_text, paths))))
            connection.execute(statement)
            told = connection.description or ()
            columns, types = tuple(one[0] for one in told), tuple(str(one[1]) for one in told)
            yield Answer(columns, types, _rows(connection))
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except duckdb.OutOfMemoryException as error:
            raise RetryLater("sql_memory", "The query needs more memory than there is.", "Ask for less.") from error
        except duckdb.Error as error:
            raise _bad_sql(error) from error


def view_names(series: Mapping[TableName, SeriesRecord | RemoteSeries]) -> dict[TableName, str]:
    """What the view of each series is called: kind, market and variant, joined by underscores."""
    names: dict[TableName, str] = {}
    taken = {SERIES, *(name.kind.lower() for name in series)}
    for name in sorted(series):
        plain = _WORD.sub("_", "_".join(part for part in (name.kind, name.owner, name.variant) if part))
        free = (
            word for word in (plain, *(f"{plain}_{number}" for number in range(2, 1_000))) if word.lower() not in taken
        )
        names[name] = next(free)
        taken.add(names[name].lower())
    return names


def _check(connection: Any, statement: str) -> None:
    found = connection.extract_statements(statement)
    kinds = [str(one.type).rpartition(".")[2] for one in found]
    if len(kinds) != 1 or kinds[0] not in _READING:
        said = " and ".join(kinds) or "nothing"
        hint = "Write one SELECT. What there is: SELECT * FROM series."
        raise InputError("not_a_query", f"The lake is only read, one query at a time; that is {said}.", hint)


def _make_views(connection: Any, source: SqlSource, statement: str) -> list[str]:
    """Make the views that a statement names, be it in a string or a comment. Returns the files they read."""
    series, names = source.series(), view_names(source.series())
    wanted = {word for word in (SERIES, *names.values(), *{name.kind for name in series}) if _is_named(word, statement)}
    paths: list[str] = []
    by_kind: dict[str, list[str]] = {}
    for number, name in enumerate(sorted(series)):
        alone = names[name] in wanted
        if not alone and name.kind not in wanted:
            continue
        selects: list[str] = []
        for at, rows in enumerate(source.rows(series[name])):
            given = f"rows_{number}_{at}"
            selects.append(_select(connection, name, rows, given))
            if not isinstance(rows, HotRows):
                paths.append(str(rows.path))
        union = " union all ".join(selects)
        by_kind.setdefault(name.kind, []).append(union)
        if alone:
            connection.execute(f"create view {_identifier(names[name])} as {union}")
    for kind, unions in by_kind.items():
        if kind in wanted:
            connection.execute(f"create view {_identifier(kind)} as {' union all by name '.join(unions)}")
    if SERIES in wanted:
        connection.register("series_given", _listing(series, names))
        connection.execute(f"create view {SERIES} as select * from series_given")
    return paths


def _is_named(view: str, statement: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(view)}(?!\w)", statement, re.IGNORECASE) is not None


def _select(connection: Any, name: TableName, rows: Rows, given: str) -> str:
    """Rows of a series with the columns that say whose they are."""
    labels = ", ".join(f"{_text(value)} as {label}" for label, value in _labels(name).items())
    if isinstance(rows, HotRows):
        connection.register(given, _without_surrogates(rows.table))
        return f"select {labels}, * from {given}"
    columns = ", ".join(
        f"{_identifier(column)} / 1e{digits} as {_identifier(column)}" if digits is not None else _identifier(column)
        for column, digits in rows.digits.items()
    )
    return f"select {labels}, {columns} from read_parquet({_text(str(rows.path))})"


def _labels(name: TableName) -> dict[str, str]:
    if name.kind in (CANDLES, MARK):
        return {"market": name.owner, "timeframe": name.variant}
    if name.kind == FUNDING:
        return {"market": name.owner}
    return {"owner": name.owner, "variant": name.variant}


def _listing(
    series: Mapping[TableName, SeriesRecord | RemoteSeries], names: Mapping[TableName, str]
) -> dict[str, np.ndarray[Any, Any]]:
    records = [series[name] for name in sorted(series)]
    words = {
        "view": [names[one.name] for one in records],
        "kind": [one.name.kind for one in records],
        "market": [one.name.owner for one in records],
        "timeframe": [one.name.variant for one in records],
        "first_time": [iso(one.first) for one in records],
        "last_time": [iso(one.last) for one in records],
        "quality": [one.quality.grade if one.quality else "" for one in records],
        "hash": [one.hash for one in records],
    }
    numbers = {what: np.array([getattr(one, what) for one in records], np.int64) for what in ("rows", "first", "last")}
    return {**{what: np.array(values, object) for what, values in words.items()}, **numbers}


def _without_surrogates(table: Table) -> dict[str, np.ndarray[Any, Any]]:
    """Columns for DuckDB, which takes no half of a surrogate pair: a question mark stands for it."""
    columns = dict(table.columns)
    for name, kind in table.schema.columns:
        if kind == "text":
            rows = np.empty(len(table), object)
            rows[:] = [text.encode("utf-8", "replace").decode("utf-8") for text in columns[name]]
            columns[name] = rows
    return columns


def _rows(connection: Any) -> Iterator[tuple[Any, ...]]:
    while rows := connection.fetchmany(_FETCHED_ROWS):
        yield from rows


def _bad_sql(error: Exception) -> InputError:
    """The first line of what DuckDB says, and where the statement breaks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return InputError("bad_sql", lines[0] if lines else "That is no SQL.", "What there is: SELECT * FROM series.")


def _identifier(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
