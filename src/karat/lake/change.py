"""Change the lake: one writer at a time, seen at once or not at all.

1. Take the lock (RetryLater when another has it for too long); the system drops it when a process dies.
2. Sweep what an earlier, killed change left behind. What is damaged, or may belong to what is, goes into quarantine.
3. Write rows behind those that count, or new generations of series beside the old ones; force all to the disk.
4. Replace the catalog. This is the only step that readers can see.
5. Old generations stay until the next change sweeps them, for readers that have just looked them up.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import NeedsOperator, RetryLater
from karat.core.ids import MarketId, venue_of
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding, Ints
from karat.core.model.table import Schema, Table, TableName
from karat.lake.catalog import CATALOG_NAME, read_catalog, write_catalog
from karat.lake.columns import SERIES, packed, unpacked
from karat.lake.damage import DamagedError, in_quarantine, reading
from karat.lake.format_one import carried_over, sweep_format_one
from karat.lake.lock import only_writer
from karat.lake.names import (
    CANDLE_SCHEMA,
    CANDLES,
    FUNDING,
    FUNDING_SCHEMA,
    MARK,
    OF_MARKETS,
    series_name,
    timeframe_of,
)
from karat.lake.proof import prove, rows_of_series
from karat.lake.quality import extended, measure
from karat.lake.quarantine import keep_unnamed, mended, recorded, set_aside, told
from karat.lake.records import Catalog, MarketRecord, SeriesRecord
from karat.lake.refusals import DISK_FULL, NOT_OURS, lake_not_usable
from karat.lake.writing import SeriesWriter
from karat.ports.lake import Quality, Quarantined


class FolderChange:
    """A change of a lake folder; satisfies `karat.ports.lake.LakeChange`."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self._root = root
        self._before = catalog
        self._writer = SeriesWriter(root, catalog)
        self._sessions: dict[MarketId, bool] = {}
        self._quarantine = dict(catalog.quarantine)
        self._markets = dict(catalog.markets)

    def quarantined(self, name: TableName) -> Quarantined | None:
        record = self._writer.series.get(name)
        if record is not None:
            with suppress(NeedsOperator), self._reading(name):
                rows_of_series(self._root, record)
        return told(self._root, self._quarantine[name]) if name in self._quarantine else None

    def prove(self, name: TableName) -> None:
        """Hash every row of a series, if it is there; set it aside when they are not what was written."""
        record = self._writer.series.get(name)
        if record is not None:
            with suppress(NeedsOperator), self._reading(name):
                prove(self._root, record)

    def adopt(self, markets: Mapping[str, MarketRecord]) -> None:
        """Register markets as another lake has them, before their candles come.

        Their anchors and vaults were fixed when they were first imported there and do not move because they travel.
        Markets known here keep what they have.
        """
        self._markets = {MarketId(name): record for name, record in markets.items()} | self._markets

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        return self._bars(CANDLES, market, timeframe_ms)

    def mark(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        return self._bars(MARK, market, timeframe_ms)

    def quality(self, market: MarketId, timeframe_ms: int) -> Quality | None:
        record = self._writer.series.get(series_name(CANDLES, market, timeframe_ms))
        return record.quality if record else None

    def sessions(self, market: MarketId) -> bool | None:
        if market in self._markets:
            return self._markets[market].sessions
        known = {name: record.sessions for name, record in self._markets.items()} | self._sessions
        of_venue = {sessions for name, sessions in known.items() if venue_of(name) == venue_of(market)}
        return of_venue.pop() if len(of_venue) == 1 else None

    def funding(self, market: MarketId) -> Funding | None:
        columns = self._columns(series_name(FUNDING, market))
        if columns is None:
            return None
        return Funding(columns["ts"], columns["rate"], np.full(len(columns["ts"]), np.nan))

    def put_candles(self, candles: Candles, quality: Quality, *, sessions: bool = False) -> str:
        self._sessions.setdefault(candles.market, sessions)
        return self._put_bars(CANDLES, candles, quality)

    def append_candles(self, candles: Candles, *, sessions: bool = False) -> None:
        if not len(candles):
            return
        name = series_name(CANDLES, candles.market, candles.timeframe_ms)
        record = self._present(name)
        if record is None:
            self.put_candles(candles, measure(candles, sessions=sessions), sessions=sessions)
            return
        columns = {column: getattr(candles, column) for column in CANDLE_COLUMNS}
        with self._reading(name):
            last = Candles(candles.market, candles.timeframe_ms, **unpacked(self._writer.last_row(record)))
            record = self._writer.add(name, CANDLE_SCHEMA, packed(CANDLE_SCHEMA, columns), strictly=True)
        known = self.sessions(candles.market)
        before = record.quality or Quality()
        quality = extended(before, last, candles, sessions=sessions if known is None else known)
        self._writer.keep(replace(record, quality=quality))

    def put_mark(self, candles: Candles, quality: Quality) -> str:
        return self._put_bars(MARK, candles, quality)

    def put_funding(self, market: MarketId, funding: Funding, quality: Quality) -> str:
        columns = {"ts": funding.ts, "rate": funding.rate}
        return self._put(series_name(FUNDING, market), FUNDING_SCHEMA, columns, quality=quality)

    def table(self, name: TableName) -> Table | None:
        columns = self._columns(name)
        return None if columns is None else Table(self._writer.series[name].schema, columns)

    def append(self, name: TableName, rows: Table, notes: tuple[str, ...] = ()) -> None:
        assert name.kind not in OF_MARKETS, f"{name.kind} come with their quality: see put_candles"
        if self._present(name) is None and not len(rows):
            return  # a series begins with its first row
        with self._reading(name):
            record = self._writer.add(name, rows.schema, packed(rows.schema, rows.columns))
        self._writer.keep(replace(record, notes=tuple(dict.fromkeys((*record.notes, *notes)))))

    def put_table(self, name: TableName, table: Table, notes: tuple[str, ...] = ()) -> None:
        assert name.kind not in OF_MARKETS, f"{name.kind} come with their quality: see put_candles"
        self._put(name, table.schema, table.columns, notes=notes)

    def commit(self) -> None:
        """Make the change visible. Nothing is written when nothing changed.

        What a change costs must not grow with what the lake holds, so series that it did not touch are not looked at.
        """
        before, series, touched = self._before, self._writer.series, self._writer.touched
        if all(series.get(name) == before.series.get(name) for name in touched):
            return
        self._writer.finish()
        quarantine = {name: record for name, record in self._quarantine.items() if name not in series}
        write_catalog(self._root, before.changed(series, self._registered(), quarantine))

    def _registered(self) -> dict[MarketId, MarketRecord]:
        """Every market there was, and those that candles were first put for now."""
        stored = self._writer.touched & self._writer.series.keys()
        new = {MarketId(name.owner) for name in stored if name.kind == CANDLES} - self._before.markets.keys()
        return {**self._before.markets, **{one: self._markets.get(one) or self._register(one) for one in sorted(new)}}

    def _put_bars(self, kind: str, candles: Candles, quality: Quality) -> str:
        columns = {name: getattr(candles, name) for name in CANDLE_COLUMNS}
        name = series_name(kind, candles.market, candles.timeframe_ms)
        return self._put(name, CANDLE_SCHEMA, columns, quality=quality)

    def _put(
        self,
        name: TableName,
        schema: Schema,
        columns: Mapping[str, NDArray[Any]],
        *,
        notes: tuple[str, ...] = (),
        quality: Quality | None = None,
    ) -> str:
        """Make a series these rows. Where they begin with the rows that are there, only the others are written."""
        rows, writer = packed(schema, columns), self._writer
        self.quarantined(name)
        old = writer.series.get(name)
        if old is not None and writer.begins(old, schema, rows):
            record = writer.add(name, schema, {column: part[old.rows :] for column, part in rows.items()})
        else:
            record = writer.begin(name, schema, rows)
        writer.keep(replace(record, notes=notes, quality=quality))
        content = writer.hash(name)
        lost = self._quarantine.pop(name, None)
        if lost is not None:
            writer.keep(mended(writer.series[name], lost))
        return content

    def _bars(self, kind: str, market: MarketId, timeframe_ms: int) -> Candles | None:
        columns = self._columns(series_name(kind, market, timeframe_ms))
        return None if columns is None else Candles(market, timeframe_ms, **columns)

    def _columns(self, name: TableName) -> dict[str, NDArray[Any]] | None:
        record = self._present(name)
        if record is None:
            return None
        with self._reading(name):
            return unpacked(rows_of_series(self._root, record))

    def _present(self, name: TableName) -> SeriesRecord | None:
        """The record of a series. Raises NeedsOperator `series_quarantined`."""
        if name in self._quarantine:
            raise in_quarantine(told(self._root, self._quarantine[name]))
        return self._writer.series.get(name)

    @contextmanager
    def _reading(self, name: TableName) -> Generator[None]:
        """Set a series aside when it is found damaged. Raises NeedsOperator `series_quarantined`."""
        try:
            with reading():
                yield
        except DamagedError as error:
            self._set_aside(name, error.why)
            raise in_quarantine(told(self._root, self._quarantine[name])) from error

    def _set_aside(self, name: TableName, why: str) -> None:
        """At once, so that it is out of the way whatever becomes of this change."""
        record = self._before.series.get(name) or self._writer.series[name]
        self._writer.forget(name)
        self._before = set_aside(self._root, self._before, record, why, time.time_ns() // 1_000_000)
        self._quarantine[name] = self._before.quarantine[name]

    def _register(self, market: MarketId) -> MarketRecord:
        """Fix the anchor and the vault: the last fifth of the market's time, over all its timeframes."""
        records = [one for one in self._writer.series.values() if (one.name.owner, one.name.kind) == (market, CANDLES)]
        anchor = min(record.first for record in records)
        end = max(record.last + timeframe_of(record.name) for record in records)
        last_fifth = anchor + -((anchor - end) * 4 // 5)  # rounded up: the vault is never larger than a fifth
        widest = max(records, key=lambda record: (record.last - record.first, -timeframe_of(record.name)))
        ts: Ints = unpacked(self._writer.rows(widest))["ts"]
        bar = int(np.searchsorted(ts, last_fifth))
        vault_start = int(ts[bar]) if bar < len(ts) else end
        return MarketRecord(anchor, vault_start, self._sessions.get(market, False))


@contextmanager
def change_lake(root: Path, wait_seconds: float = 0.0) -> Generator[FolderChange]:
    """Run one change of the lake at `root`; committed when the block ends, dropped when it raises."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with only_writer(root, wait_seconds):
            change = FolderChange(root, _swept(root, read_catalog(root)))
            try:
                yield change
                change.commit()
            except OSError as error:
                if error.errno in DISK_FULL:  # what was begun must not keep the disk full
                    _swept(root, read_catalog(root))
                raise
    except OSError as error:
        if error.errno in DISK_FULL:
            raise RetryLater("disk_full", f"No space left for {root}.", "Free some space and try again.") from error
        if error.errno in NOT_OURS:
            raise lake_not_usable(root, error) from error
        raise


def _swept(root: Path, catalog: Catalog) -> Catalog:
    """Remove every folder the catalog does not name, and a catalog that was never finished; bring the format up."""
    (root / f"{CATALOG_NAME}.part").unlink(missing_ok=True)
    catalog = recorded(root, catalog)
    named = {record.folder for record in catalog.series.values() if record.folder.startswith(f"{SERIES}/")}
    series = root / SERIES
    found = (
        {f"{SERIES}/{entry.name}" for entry in os.scandir(series) if entry.is_dir()} if series.is_dir() else set[str]()
    )
    if named - found:
        keep_unnamed(root, catalog)
    else:
        for folder in found - named:
            shutil.rmtree(root / folder)
    if catalog.format == 1:
        catalog = carried_over(root, catalog)
        write_catalog(root, catalog)
    else:
        sweep_format_one(root)
    return catalog
