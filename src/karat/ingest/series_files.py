"""Files of alternative series: a number a day with its declared publication delay, headlines, series in long form.

1. What a file holds is said by its name (`core/inputs/table.toml`) or, in long form, by its columns `venue` and `coin`.
2. Rows without a number are no observations and are left out.
3. A value becomes known its delay after its own time. One that the lake has with another value is a revision: the first
   print stays, the other is known from now on. With `replace` the file's values take the place of the lake's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from karat.core.inputs import Input, find_input, inputs_of_file
from karat.core.model.candles import Bools, Ints
from karat.core.model.schemas import VALUES, with_columns
from karat.core.model.table import AVAILABLE, TIME, Schema, Table, TableName
from karat.core.time import DAY_MS, iso, timeframe_text
from karat.ingest.columns import TIME_NAMES, numbers, pick
from karat.ingest.prints import add_prints, new_prints, table_of
from karat.ingest.table import Table as FileTable
from karat.ingest.zones import read_times
from karat.ports.lake import LakeChange

NEWS = with_columns(
    ("title", "text"), ("source", "text"), ("sentiment", "text"), ("polarity", "f8"), ("subjectivity", "f8")
)
LIQUIDATIONS = with_columns(("total_usd", "f8"), ("long_usd", "f8"), ("short_usd", "f8"), ("count", "f8"))
_LONG_FORM: Mapping[str, tuple[Schema, Mapping[str, str]]] = {  # kind: columns of the table, and their names in files
    "open_interest": (VALUES, {"value": "oi_usd"}),
    "funding_rate": (VALUES, {"value": "funding_rate"}),
    "liquidations": (
        LIQUIDATIONS,
        {"total_usd": "total_usd", "long_usd": "long_usd", "short_usd": "short_usd", "count": "liq_count"},
    ),
}
_OWN_INPUT = {"funding_rate": "funding_of_venue"}


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one series of a file: rows of the table after it, rows `added` and, of these, `revised`. `note` is
    short; the lake keeps the reason and the source as well."""

    name: TableName
    rows: int
    added: int
    revised: int
    note: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """One series of a file."""

    name: TableName
    rows: Table
    keys: tuple[str, ...]
    note: str
    why: str


def is_long_form(kind: str, file: FileTable) -> bool:
    """Whether a file of that kind holds several series below each other."""
    return kind in _LONG_FORM and "coin" in file.frame.columns


def store_series(
    change: LakeChange, file: FileTable, kind: str, stem: str, *, zone: str | None, replace: bool, now_ms: int
) -> list[Stored]:
    """Put every series of a file into the lake. Raises DataRefused with the code of the defect."""
    pieces = _long_form(file, kind, zone) if kind in _LONG_FORM else _daily(file, stem, zone)
    stored: list[Stored] = []
    for piece in pieces:
        old = None if replace else change.table(piece.name)
        rows, revised = new_prints(old, piece.rows, piece.keys, now_ms)
        if replace:
            change.put_table(piece.name, rows, (piece.why,))
        elif len(rows):
            add_prints(change, piece.name, rows, (piece.why,))
        total = len(rows) + (0 if old is None else len(old))
        stored.append(Stored(piece.name, total, len(rows), revised, piece.note))
    return stored


def _daily(file: FileTable, stem: str, zone: str | None) -> Iterator[_Piece]:
    inputs = inputs_of_file(stem)
    ts = _times(file, zone)
    for one in inputs:
        if one.name == "news_sentiment":
            yield _news(file, ts, one)
            continue
        picked = pick(file, {"value": (one.file_column.lower(),)}, several_markets=True)
        values = numbers(file, picked["value"])
        name = TableName(one.kind, one.owner, one.variant)
        yield _piece(file, name, one, VALUES, ts, {"value": values}, ~np.isnan(values))


def _news(file: FileTable, ts: Ints, one: Input) -> _Piece:
    roles = ("title", "source", "sentiment", "polarity", "subjectivity")
    picked = pick(file, {role: (role,) for role in roles}, several_markets=True)
    columns: dict[str, Any] = {role: _texts(picked[role]) for role in roles[:3]}
    columns |= {role: numbers(file, picked[role]) for role in roles[3:]}
    name = TableName(one.kind, one.owner, one.variant)
    return _piece(file, name, one, NEWS, ts, columns, np.ones(len(ts), np.bool_), keys=("title", "source"))


def _long_form(file: FileTable, kind: str, zone: str | None) -> Iterator[_Piece]:
    schema, names = _LONG_FORM[kind]
    one = find_input(_OWN_INPUT.get(kind, kind))
    picked = _pick_long(file, names)
    ts = _times(file, zone)
    columns = {role: numbers(file, picked[role]) for role in names}
    coins = np.array(_texts(picked["coin"]), dtype=object)
    venues = np.array(_texts(picked["venue"]), dtype=object) if "venue" in picked else np.full(len(ts), "aggregated")
    for venue, coin in sorted(set(zip(venues.tolist(), coins.tolist(), strict=True))):
        own = (venues == venue) & (coins == coin)
        name = TableName(one.kind, f"{venue}:{coin}", one.variant)
        values = {role: column[own] for role, column in columns.items()}
        there = ~np.isnan(next(iter(values.values())))
        yield _piece(file, name, one, schema, ts[own], values, there)


def _pick_long(file: FileTable, names: Mapping[str, str]) -> dict[str, pl.Series]:
    """The columns of a file in long form; `venue` may be missing."""
    roles = {role: (column,) for role, column in names.items()} | {"coin": ("coin",)}
    if "venue" in file.frame.columns:
        roles["venue"] = ("venue",)
    return pick(file, roles, several_markets=True)


def _piece(
    file: FileTable,
    name: TableName,
    one: Input,
    schema: Schema,
    ts: Ints,
    columns: Mapping[str, Any],
    there: Bools,
    keys: tuple[str, ...] = (),
) -> _Piece:
    """Rows in order of their times. Days that a daily series is stamped with must begin at midnight UTC."""
    if one.variant == "1d" and (late := ts % DAY_MS != 0).any():
        row = int(np.argmax(late))
        reason = f"{iso(int(ts[row]))} is not midnight UTC, but {one.name} has a row a day"
        file.refuse("off_grid", row, reason, "Stamp a day's value with midnight UTC of that day, or use --zone.")
    made = {TIME: ts, AVAILABLE: ts + one.delay_ms, **columns}
    order = np.argsort(ts, kind="stable")
    order = order[there[order]]
    rows = table_of(schema, {column: np.asarray(values)[order] for column, values in made.items()})
    if not len(rows):
        file.refuse("empty", -1, f"{name.kind} of {name.owner} has no value", "Export it again.")
    _refuse_contradiction(file, rows, keys, order)
    when = f"known {timeframe_text(one.delay_ms)} after its time" if one.delay_ms else "known at its time"
    return _Piece(name, rows, keys, when, f"{when}: {one.why} ({one.source})")


def _refuse_contradiction(file: FileTable, rows: Table, keys: tuple[str, ...], order: Ints) -> None:
    """A time that a file gives twice with different values."""
    if keys:
        return  # headlines: the same title may be told twice
    again = np.flatnonzero(np.diff(rows.ts) == 0) + 1
    for row in again.tolist():
        names = [name for name in rows.schema.names if name not in (TIME, AVAILABLE)]
        if any(rows.columns[name][row] != rows.columns[name][row - 1] for name in names):
            reason = f"duplicate time {iso(int(rows.ts[row]))} with other values than before"
            file.refuse("duplicate", int(order[row]), reason, "Decide which row is right, and remove the other.")


def _times(file: FileTable, zone: str | None) -> Ints:
    ts, there = read_times(file, pick(file, {"ts": TIME_NAMES}, several_markets=True)["ts"], zone)
    if not there.all():
        file.refuse("bad_time", int(np.argmin(there)), "a row has no time", "Mend that line.")
    return ts


def _texts(series: pl.Series) -> list[str]:
    return series.cast(pl.String).fill_null("").to_list()
