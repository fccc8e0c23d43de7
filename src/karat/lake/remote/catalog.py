"""What a remote place holds: the same series as a lake, each as Parquet objects of at most 1,048,576 rows.

    <place>/catalog.json                                        what counts; replaced last
    <place>/series/<kind>.<venue>.<SYMBOL>.<variant>/<sha256 of the object>.parquet

An object never changes, for its name is the digest of its bytes. Objects the catalog does not name were left by a
killed push, and the next one finds them there; objects that one push takes out of the catalog are removed by the push
after it, for readers that still hold the old catalog.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from karat.core.errors import InputError, NeedsOperator
from karat.core.model.table import Schema, TableName
from karat.lake.names import folder_label
from karat.lake.records import MarketRecord, SeriesRecord, quality_of
from karat.ports.lake import Quality
from karat.ports.objects import Objects

FORMAT = 1
CATALOG_KEY = "catalog.json"
PART_ROWS = 16 * 65_536  # whole blocks of the lake; about 11 MB of candles
_KEY = re.compile(r"series/[A-Za-z0-9_-][A-Za-z0-9_.-]*/([0-9a-f]{64})\.parquet")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Part:
    """One object: `digest` names the rows it holds as the lake does, `sha256` its own `bytes`."""

    sha256: str
    bytes: int
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class RemoteSeries:
    """One series as objects; the other fields are those of the lake's record."""

    name: TableName
    schema: Schema
    first: int
    last: int
    rows: int
    hash: str
    notes: tuple[str, ...]
    quality: Quality | None
    parts: tuple[Part, ...]

    def object_keys(self) -> tuple[str, ...]:
        return tuple(part_key(self.name, part.sha256) for part in self.parts)


@dataclass(frozen=True, slots=True)
class RemoteCatalog:
    """Every series and market of a remote place; `retired` are objects that the next push may remove."""

    series: Mapping[TableName, RemoteSeries] = field(default_factory=dict[TableName, RemoteSeries])
    markets: Mapping[str, MarketRecord] = field(default_factory=dict[str, MarketRecord])
    retired: tuple[str, ...] = ()

    def object_keys(self) -> set[str]:
        return {key for series in self.series.values() for key in series.object_keys()}


def part_key(name: TableName, sha256: str) -> str:
    """Where an object lies."""
    return f"series/{folder_label(name)}/{sha256}.parquet"


def remote_series(record: SeriesRecord, parts: tuple[Part, ...]) -> RemoteSeries:
    """A series of the lake, as it is told of a remote place."""
    return RemoteSeries(
        record.name, record.schema, record.first, record.last, record.rows, record.hash, record.notes, record.quality,
        parts,
    )  # fmt: skip


def read_remote(objects: Objects) -> tuple[RemoteCatalog, str | None]:
    """The catalog of a place and its version; empty and None where there is none yet.

    Raises InputError `remote_newer` when a newer Karat wrote it, NeedsOperator `remote_damaged` when it cannot be
    understood.
    """
    held = objects.read(CATALOG_KEY)
    if held is None:
        return RemoteCatalog(), None
    try:
        raw: dict[str, Any] = json.loads(held.content)
        if raw["format"] > FORMAT:
            message = f"{objects.name} was written by a newer Karat (format {raw['format']}, this one knows {FORMAT})."
            raise InputError("remote_newer", message, "Update Karat.")
        series = [_series_of(item) for item in raw["series"]]
        markets = {name: MarketRecord(**item) for name, item in raw["markets"].items()}
        retired = tuple(_checked(_KEY, key) for key in raw["retired"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{CATALOG_KEY} in {objects.name} cannot be understood."
        raise NeedsOperator("remote_damaged", message, "Remove that object and push anew.") from error
    return RemoteCatalog({one.name: one for one in series}, markets, retired), held.version


def catalog_text(catalog: RemoteCatalog) -> bytes:
    """The catalog as JSON, one series a line."""
    head = {
        "format": FORMAT,
        "retired": catalog.retired,
        "markets": {name: asdict(record) for name, record in sorted(catalog.markets.items())},
    }
    lines = ",\n".join(json.dumps(_raw(catalog.series[name])) for name in sorted(catalog.series))
    return f'{json.dumps(head)[:-1]}, "series": [\n{lines}\n]}}\n'.encode()


def _raw(series: RemoteSeries) -> dict[str, Any]:
    raw = asdict(series)
    return {**raw.pop("name"), **raw, "schema": dict(series.schema.columns)}


def _series_of(raw: dict[str, Any]) -> RemoteSeries:
    """One series. What came over the net may not name a place outside its folder."""
    name = TableName(raw["kind"], raw["owner"], raw["variant"])
    parts = tuple(Part(**part) for part in raw["parts"])
    for part in parts:
        _checked(_HASH, part.sha256)
        _checked(_KEY, part_key(name, part.sha256))
    if sum(part.rows for part in parts) != raw["rows"] or any(part.rows != PART_ROWS for part in parts[:-1]):
        raise ValueError("its parts do not make its rows")
    return RemoteSeries(
        name=name,
        schema=Schema(tuple(raw["schema"].items())),
        first=raw["first"],
        last=raw["last"],
        rows=raw["rows"],
        hash=raw["hash"],
        notes=tuple(raw["notes"]),
        quality=None if raw["quality"] is None else quality_of(raw["quality"]),
        parts=parts,
    )


def _checked(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"{text!r} is no key of Karat")
    return text
