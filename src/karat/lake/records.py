"""What the catalog holds, and its form as JSON: a line for each series, so that damage to one harms no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from karat.core.ids import MarketId
from karat.core.model.table import Kind, Schema, TableName
from karat.ports.lake import Hole, Quality

FORMAT = 2
_NAME_WORDS = ("kind", "owner", "variant")
SERIES_WORDS = {*_NAME_WORDS, "columns", "folder", "first", "last", "rows", "hash", "written_at_ms", "notes", "quality"}
_QUARANTINE_WORDS = ("why", "found_at_ms", "was", "folder", "entry")


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One stored series. `folder` lies below the lake; `first` and `last` are of the order column; `quality` is of
    candles, mark prices and funding."""

    name: TableName
    schema: Schema
    folder: str
    first: int
    last: int
    rows: int
    hash: str
    written_at_ms: int
    notes: tuple[str, ...] = ()
    quality: Quality | None = None
    kept: list[str] = field(default_factory=list[str], init=False, compare=False, repr=False)

    @property
    def line(self) -> str:
        """The entry of a series in the catalog, made once: a change writes all of them and alters few."""
        if not self.kept:
            self.kept.append(_series_line(self))
        return self.kept[0]


@dataclass(frozen=True, slots=True)
class MarketRecord:
    """What is fixed when a market is first registered (architecture.md, decision 5)."""

    anchor_ts: int
    vault_start_ts: int
    sessions: bool


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
    """A series that was found damaged.

    `was` is where its files lay, `folder` where they were moved, both below the lake; `was` "" where that is not known,
    `folder` "" until it is written down. `entry` is its line of the catalog, `series` what that says, None where it
    cannot be read.
    """

    name: TableName
    why: str
    found_at_ms: int
    was: str
    folder: str
    entry: str
    series: SeriesRecord | None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every series and every registered market. `number` counts the changes that made it, `format` is that of the file.

    `quarantine` holds series that were found damaged and are not mended; none of them is in `series`. `of_owner` finds
    the series of a market or source. Nothing of it is ever changed: readers share it.
    """

    series: Mapping[TableName, SeriesRecord]
    markets: Mapping[MarketId, MarketRecord]
    number: int = 0
    format: int = FORMAT
    quarantine: Mapping[TableName, QuarantineRecord] = field(default_factory=dict[TableName, QuarantineRecord])
    of_owner: dict[str, list[SeriesRecord]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for record in self.series.values():
            self.of_owner.setdefault(record.name.owner, []).append(record)

    def changed(
        self,
        series: Mapping[TableName, SeriesRecord],
        markets: Mapping[MarketId, MarketRecord],
        quarantine: Mapping[TableName, QuarantineRecord],
    ) -> Catalog:
        """The next catalog, in the newest format."""
        return Catalog(series, markets, self.number + 1, quarantine=quarantine)

    def text(self) -> str:
        """The catalog as JSON, format and number first."""
        head = f'{{"format": {self.format}, "number": {self.number}, "markets": '
        markets = json.dumps({name: _market_values(record) for name, record in sorted(self.markets.items())})
        found = [quarantine_values(self.quarantine[name]) for name in sorted(self.quarantine)]
        aside = f', "quarantine": {json.dumps(found)}' if found else ""
        series = ",\n".join(record.line for record in sorted(self.series.values(), key=_alphabetical))
        return f'{head}{markets}{aside}, "series": [\n{series}\n]}}\n'


def series_of(raw: dict[str, Any]) -> SeriesRecord:
    """The record of one line."""
    return SeriesRecord(
        name=TableName(raw["kind"], raw["owner"], raw["variant"]),
        schema=_schema(tuple(raw["columns"].items())),
        folder=raw["folder"],
        first=raw["first"],
        last=raw["last"],
        rows=raw["rows"],
        hash=raw["hash"],
        written_at_ms=raw["written_at_ms"],
        notes=tuple(raw["notes"]),
        quality=None if raw["quality"] is None else quality_of(raw["quality"]),
    )


def quarantine_values(record: QuarantineRecord) -> dict[str, Any]:
    """A record of the quarantine as JSON values."""
    name = {word: getattr(record.name, word) for word in _NAME_WORDS}
    return {**name, **{word: getattr(record, word) for word in _QUARANTINE_WORDS}}


def quarantine_of(raw: Mapping[str, Any]) -> QuarantineRecord:
    """The inverse of `quarantine_values`."""
    words = {word: raw[word] for word in _QUARANTINE_WORDS}
    try:
        series = series_of(json.loads(raw["entry"]))
    except (KeyError, TypeError, ValueError, AttributeError):  # it is in quarantine for that
        series = None
    return QuarantineRecord(TableName(raw["kind"], raw["owner"], raw["variant"]), series=series, **words)


def quality_of(raw: Mapping[str, Any]) -> Quality:
    """The quality of one line."""
    values: dict[str, Any] = dict(raw)
    for name in ("accepted", "repairs", "oddities", "sources"):
        values[name] = tuple(values[name])
    values["first_holes"] = tuple(Hole(**hole) for hole in values["first_holes"])
    return Quality(**values)


def _alphabetical(record: SeriesRecord) -> tuple[str, str, str]:
    name = record.name
    return name.kind, name.owner, name.variant


def _market_values(record: MarketRecord) -> dict[str, Any]:
    """Plainly: `asdict` copies deeply, and of 500 markets that would take longer than all else in a small change."""
    return {name: getattr(record, name) for name in MarketRecord.__slots__}


def _series_line(record: SeriesRecord) -> str:
    name = record.name
    values = {
        "kind": name.kind,
        "owner": name.owner,
        "variant": name.variant,
        "columns": dict(record.schema.columns),
        "folder": record.folder,
        "first": record.first,
        "last": record.last,
        "rows": record.rows,
        "hash": record.hash,
        "written_at_ms": record.written_at_ms,
        "notes": record.notes,
        "quality": None if record.quality is None else asdict(record.quality),
    }
    return json.dumps(values)


@cache
def _schema(columns: tuple[tuple[str, Kind], ...]) -> Schema:
    """One record for all series with the same columns."""
    return Schema(columns)
