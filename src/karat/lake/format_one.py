"""Lakes of the first format, which knew candles, mark prices and funding in folders that never grew.

They are read as they are. The first change carries them over: columns are linked into folders of this format,
digests of blocks are added, and a catalog of this format is written. The next change sweeps the old folders.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from karat.core.ids import MarketId
from karat.core.model.table import TableName
from karat.core.time import timeframe_text
from karat.lake.blocks import hash_on_disk
from karat.lake.columns import SERIES, new_folder, write_meta
from karat.lake.damage import DamagedError
from karat.lake.durable import force
from karat.lake.names import CANDLE_SCHEMA, FUNDING, FUNDING_SCHEMA, OF_MARKETS, series_name
from karat.lake.records import Catalog, SeriesRecord, quality_of

_FOLDER_HASH_DIGITS = 16
_BARS_OF_NO_TIMEFRAME = "stamps"


def series_of_format_one(raw: dict[str, Any]) -> SeriesRecord:
    """The record of one series in a catalog of the first format."""
    market, milliseconds = MarketId(raw["market"]), raw["timeframe_ms"]
    venue, _, symbol = market.partition(":")
    timeframe = timeframe_text(milliseconds) if milliseconds else _BARS_OF_NO_TIMEFRAME
    return SeriesRecord(
        name=series_name(raw["kind"], market, milliseconds),
        schema=FUNDING_SCHEMA if raw["kind"] == FUNDING else CANDLE_SCHEMA,
        folder=f"{raw['kind']}/{venue}/{symbol}/{timeframe}/{raw['hash'][:_FOLDER_HASH_DIGITS]}",
        first=raw["first_ts"],
        last=raw["last_ts"],
        rows=raw["rows"],
        hash=raw["hash"],
        written_at_ms=0,
        quality=quality_of(raw["quality"]),
    )


def carried_over(root: Path, catalog: Catalog) -> Catalog:
    """The same lake in the format of today, with everything but the catalog written and forced to the disk."""
    series: dict[TableName, SeriesRecord] = {}
    for index, (name, record) in enumerate(catalog.series.items()):
        folder = new_folder(root, name, f"{catalog.number + 1}-{index}")
        content = record.hash
        for column in record.schema.names:
            with suppress(FileNotFoundError):
                _link(root / record.folder / f"{column}.bin", folder / f"{column}.bin")
        with suppress(DamagedError, FileNotFoundError):  # a damaged series is told of when it is read
            content, _ = hash_on_disk(folder, record.schema, 0, record.rows)
        write_meta(folder, name, record.schema)
        force([*folder.iterdir(), folder])
        series[name] = replace(record, folder=str(folder.relative_to(root)), hash=content)
    if series:
        force([root / SERIES, root])
    return catalog.changed(series, catalog.markets, catalog.quarantine)


def sweep_format_one(root: Path) -> None:
    """Remove the folders of the first format."""
    for kind in OF_MARKETS:
        shutil.rmtree(root / kind, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system knows no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
