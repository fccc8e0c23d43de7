"""The catalog: the one file that says what the lake holds.

Data folders are written first; then the catalog is replaced in one rename. That rename is the moment a whole import
becomes visible, so a killed import leaves the lake as before or complete. Folders the catalog does not name are
leftovers, swept when the next change begins.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId
from karat.core.time import timeframe_text
from karat.lake.columns import replace_durably, series_folder
from karat.lake.refusals import lake_not_usable
from karat.ports.lake import Hole, Quality

FORMAT = 1
CATALOG_NAME = "catalog.json"

SeriesKey = tuple[str, str, int]  # kind, market, timeframe in ms (0 for funding)


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One stored series: `kind` is candles, mark or funding."""

    kind: str
    market: MarketId
    timeframe_ms: int
    first_ts: int
    last_ts: int
    rows: int
    hash: str
    quality: Quality

    @property
    def key(self) -> SeriesKey:
        return (self.kind, self.market, self.timeframe_ms)

    def folder(self, root: Path) -> Path:
        timeframe = timeframe_text(self.timeframe_ms) if self.timeframe_ms else "stamps"
        return series_folder(root, self.kind, self.market, timeframe, self.hash)


@dataclass(frozen=True, slots=True)
class MarketRecord:
    """What is fixed when a market is first registered (architecture.md, decision 5)."""

    anchor_ts: int
    vault_start_ts: int
    sessions: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every series and every registered market."""

    series: dict[SeriesKey, SeriesRecord]
    markets: dict[MarketId, MarketRecord]


def read_catalog(root: Path) -> Catalog:
    """Read the catalog; empty when there is none yet.

    Raises InputError `lake_newer` when a newer Karat wrote it, `lake_not_usable` when the folder is closed to us,
    NeedsOperator `lake_damaged` when it cannot be understood.
    """
    path = root / CATALOG_NAME
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Catalog({}, {})
    except OSError as error:
        raise lake_not_usable(root, error) from error
    try:
        raw = json.loads(text)
        version = raw["format"]
        if version > FORMAT:
            message = f"{path} was written by a newer Karat (format {version}, this one knows {FORMAT})."
            raise InputError("lake_newer", message, "Update Karat, or point KARAT_HOME at another folder.")
        records = [_series_record(item) for item in raw["series"]]
        markets = {MarketId(name): MarketRecord(**item) for name, item in raw["markets"].items()}
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} cannot be read: {error}."
        raise NeedsOperator("lake_damaged", message, "Move it away and import again.") from error
    return Catalog({record.key: record for record in records}, markets)


def write_catalog(root: Path, catalog: Catalog) -> None:
    """Replace the catalog in one step."""
    raw = {
        "format": FORMAT,
        "markets": {name: asdict(record) for name, record in sorted(catalog.markets.items())},
        "series": [asdict(record) for _, record in sorted(catalog.series.items())],
    }
    replace_durably(root / CATALOG_NAME, json.dumps(raw, indent=1).encode())


def _series_record(item: dict[str, Any]) -> SeriesRecord:
    quality: dict[str, Any] = dict(item["quality"])
    for name in ("accepted", "repairs", "oddities", "sources"):
        quality[name] = tuple(quality[name])
    quality["first_holes"] = tuple(Hole(**hole) for hole in quality["first_holes"])
    fields: dict[str, Any] = {**item, "market": MarketId(item["market"]), "quality": Quality(**quality)}
    return SeriesRecord(**fields)
