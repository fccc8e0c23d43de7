"""Serve again what can be proven of series in quarantine.

Its files are proven anew, for they may have been put back from a copy: all rows, or the first full blocks. An entry of
the catalog that cannot be read is proven by a hash that still stands in it. What is kept is copied into the lake, so
that the damaged files stay as they were found.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import timeframe_ms
from karat.lake.blocks import proven_rows
from karat.lake.catalog import read_catalog
from karat.lake.change import FolderChange, change_lake
from karat.lake.columns import META_NAME, open_rows, rows_in, unpacked
from karat.lake.damage import DamagedError
from karat.lake.names import CANDLES, FUNDING, MARK, OF_MARKETS, timeframe_of
from karat.lake.quality import measure
from karat.lake.quarantine import files_of
from karat.lake.receiving import put_series
from karat.lake.records import QuarantineRecord
from karat.ports.lake import Quality, Repaired

_HASH, _ROWS = re.compile("[0-9a-f]{64}"), re.compile(r'"rows": (\d+)')


def repair(root: Path, owner: str | None) -> tuple[Repaired, ...]:
    """Repair every series in quarantine (of one market or source), in one change."""
    if not read_catalog(root).quarantine:
        return ()
    with change_lake(root) as change:
        found = read_catalog(root).quarantine
        return tuple(_repaired(root, change, found[name]) for name in sorted(found) if owner in (None, name.owner))


def _repaired(root: Path, change: FolderChange, lost: QuarantineRecord) -> Repaired:
    folder, series = files_of(root, lost), lost.series
    written = series.rows if series else None
    if series is not None:
        schema, notes, quality = series.schema, series.notes, series.quality
        good = proven_rows(folder, schema, series.rows, series.hash)
    else:
        schema, notes, quality = _schema(folder, lost.name), (), None
        good = _proven_by_entry(folder, schema, lost.entry) if schema else 0
    if not good or schema is None:
        return Repaired(lost.name, 0, written)
    rows = Table(schema, unpacked(open_rows(folder, schema, 0, good)))
    if lost.name.kind in OF_MARKETS:
        sessions = change.sessions(MarketId(lost.name.owner)) is True
        if good != written:
            quality = _quality(lost.name, rows, quality or Quality(), sessions=sessions)
        put_series(change, lost.name, rows, quality, sessions)
    else:
        change.put_table(lost.name, rows, notes)
    return Repaired(lost.name, good, None if written is None else written - good)


def _schema(folder: Path, name: TableName) -> Schema | None:
    """What the folder says that it holds, when it is of that series."""
    try:
        meta = json.loads((folder / META_NAME).read_bytes())
        if TableName(meta["kind"], meta["owner"], meta["variant"]) != name:
            return None
        if name.kind in (CANDLES, MARK):
            timeframe_ms(name.variant)
        return Schema(tuple(meta["columns"].items()))
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _proven_by_entry(folder: Path, schema: Schema, entry: str) -> int:
    """How many rows a damaged entry still proves: all under one of the hashes in it, else those of full blocks."""
    told = _ROWS.search(entry)
    try:
        rows = int(told.group(1)) if told else rows_in(folder, schema)
    except (DamagedError, OSError):
        return 0
    return max((proven_rows(folder, schema, rows, one) for one in ("", *_HASH.findall(entry))), default=0)


def _quality(name: TableName, rows: Table, before: Quality, *, sessions: bool) -> Quality:
    """What is true of rows that are fewer than before; what was accepted and read stays."""
    if name.kind == FUNDING:
        return before
    measured = measure(Candles(MarketId(name.owner), timeframe_of(name), **rows.columns), sessions=sessions)
    if name.kind == MARK:
        measured = replace(measured, zero_volume_bars=0, oddities=())
    return replace(
        measured,
        accepted=before.accepted,
        repairs=before.repairs,
        sources=before.sources,
        simulated=before.simulated,
    )
