"""The lake in a folder of this machine; satisfies `karat.ports.lake.Lake`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Funding, Ints, no_funding
from karat.core.model.table import Table, TableName
from karat.lake.catalog import read_catalog
from karat.lake.change import FolderChange, change_lake
from karat.lake.columns import unpacked
from karat.lake.damage import DamagedError, in_quarantine, reading
from karat.lake.names import CANDLES, FUNDING, MARK, OF_MARKETS, series_name, timeframe_of
from karat.lake.proof import order_of, prove, rows_of_series
from karat.lake.quality import measure
from karat.lake.quarantine import told
from karat.lake.records import Catalog, SeriesRecord
from karat.lake.refusals import market_not_in_lake, range_without_data, table_not_in_lake, timeframe_not_there
from karat.lake.repair import repair
from karat.lake.resample import resample
from karat.lake.settling import settle
from karat.ports.lake import LakeEntry, Quality, Quarantined, Repaired, TableEntry

T = TypeVar("T")


class _MetError(Exception):
    """Damage that was met while the rows of a series were read."""

    def __init__(self, record: SeriesRecord, why: str) -> None:
        super().__init__(why)
        self.record, self.why = record, why


def open_lake(home: Path | None = None) -> FolderLake:
    """The lake under a Karat home (default: KARAT_HOME). Nothing is created until something is imported."""
    return FolderLake((home or karat_home()) / "lake")


class FolderLake:
    """Reads look at the catalog each time, so that a lake held open sees what others import."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self) -> tuple[LakeEntry, ...]:
        catalog = read_catalog(self._root)
        records = [record for name, record in catalog.series.items() if name.kind == CANDLES]
        return tuple(
            _entry(catalog, record)
            for record in sorted(records, key=lambda one: (one.name.owner, timeframe_of(one.name)))
        )

    def has(self, market: MarketId, timeframe_ms: int) -> bool:
        catalog = read_catalog(self._root)
        return _built_from(catalog, market, timeframe_ms) in catalog.series

    def entry(self, market: MarketId, timeframe_ms: int) -> LakeEntry:
        return self._with_columns(lambda catalog: self._load(catalog, market, timeframe_ms)[0])

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles:
        return self._with_columns(lambda catalog: self._load(catalog, market, timeframe_ms)[1])

    def candles_between(
        self, market: MarketId, timeframe_ms: int, from_ms: int | None = None, to_ms: int | None = None
    ) -> Candles:
        entry, candles = self._with_columns(lambda catalog: self._load(catalog, market, timeframe_ms))
        start = 0 if from_ms is None else int(np.searchsorted(candles.ts, from_ms))
        stop = len(candles) if to_ms is None else int(np.searchsorted(candles.ts, to_ms))
        if start >= stop:
            raise range_without_data(entry, from_ms, to_ms)
        return candles[start:stop]

    def funding(self, market: MarketId) -> Funding:
        return self._with_columns(lambda catalog: self._load_funding(catalog, market))

    def mark(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        def load(catalog: Catalog) -> Candles | None:
            name = series_name(MARK, market, timeframe_ms)
            self._refuse_quarantined(catalog, (name,))
            record = catalog.series.get(name)
            return self._bars(record) if record else None

        return self._with_columns(load)

    def beside_candles(self) -> tuple[TableEntry, ...]:
        catalog = read_catalog(self._root)
        kinds = (FUNDING, MARK)
        return tuple(_table_entry(record) for name, record in sorted(catalog.series.items()) if name.kind in kinds)

    def tables(self) -> tuple[TableEntry, ...]:
        catalog = read_catalog(self._root)
        return tuple(
            _table_entry(record) for name, record in sorted(catalog.series.items()) if name.kind not in OF_MARKETS
        )

    def table(self, name: TableName, begin: int | None = None, end: int | None = None) -> Table:
        return self._with_columns(lambda catalog: self._load_table(catalog, name, begin, end))

    def quarantined(self) -> tuple[Quarantined, ...]:
        catalog = read_catalog(self._root)
        return tuple(told(self._root, catalog.quarantine[name]) for name in sorted(catalog.quarantine))

    def prove(self, owner: str | None = None) -> tuple[Quarantined, ...]:
        series = read_catalog(self._root).series
        chosen = [name for name in sorted(series) if owner in (None, name.owner)]
        damaged = [name for name in chosen if not self._is_true(series[name])]
        quarantine = read_catalog(self._root).quarantine
        return tuple(told(self._root, quarantine[name]) for name in damaged if name in quarantine)

    def _is_true(self, record: SeriesRecord) -> bool:
        """Whether the rows of a series are what was written, or were replaced meanwhile; else it is set aside."""
        try:
            prove(self._root, record)
        except DamagedError as error:
            return settle(self._root, record, error.why) is None
        return True

    def repair(self, owner: str | None = None) -> tuple[Repaired, ...]:
        return repair(self._root, owner)

    def change(self, wait_seconds: float = 0.0) -> AbstractContextManager[FolderChange]:
        return change_lake(self._root, wait_seconds)

    def _with_columns(self, load: Callable[[Catalog], T]) -> T:
        """Look up and map; look up again when a change swept the version found, which a reader must never notice.

        A series that is damaged is set aside. Raises NeedsOperator `series_quarantined` or `lake_damaged`.
        """
        while True:
            try:
                return load(read_catalog(self._root))
            except _MetError as met:
                damaged = settle(self._root, met.record, met.why)
                if damaged is not None:
                    raise damaged from met

    def _columns(self, record: SeriesRecord, begin: int = 0, end: int | None = None) -> dict[str, NDArray[Any]]:
        try:
            with reading():
                return unpacked(rows_of_series(self._root, record, begin, end))
        except DamagedError as error:
            raise _MetError(record, error.why) from error

    def _refuse_quarantined(self, catalog: Catalog, names: Iterable[TableName]) -> None:
        for name in names:
            if name in catalog.quarantine:
                raise in_quarantine(told(self._root, catalog.quarantine[name]))

    def _bars(self, record: SeriesRecord) -> Candles:
        return Candles(MarketId(record.name.owner), timeframe_of(record.name), **self._columns(record))

    def _load_table(self, catalog: Catalog, name: TableName, begin: int | None, end: int | None) -> Table:
        self._refuse_quarantined(catalog, (name,))
        record = catalog.series.get(name)
        if record is None or name.kind in OF_MARKETS:
            raise table_not_in_lake(name, (one for one in catalog.series if one.kind not in OF_MARKETS))
        try:
            order = order_of(self._root, record)
        except DamagedError as error:
            raise _MetError(record, error.why) from error
        start = 0 if begin is None else int(np.searchsorted(order, begin))
        stop = record.rows if end is None else int(np.searchsorted(order, end))
        return Table(record.schema, self._columns(record, start, max(start, stop)))

    def _load(self, catalog: Catalog, market: MarketId, timeframe_ms: int) -> tuple[LakeEntry, Candles]:
        record = catalog.series.get(series_name(CANDLES, market, timeframe_ms))
        if record is not None:
            return _entry(catalog, record), self._bars(record)
        known = [one.name for one in catalog.of_owner.get(market, ())]
        known += [name for name in catalog.quarantine if name.owner == market]
        if not any(name.kind in OF_MARKETS for name in known):
            raise market_not_in_lake(market, catalog.markets)
        name = _built_from(catalog, market, timeframe_ms)
        if name is None:
            raise timeframe_not_there(market, timeframe_ms, _stored_timeframes(catalog, market))
        self._refuse_quarantined(catalog, (name,))
        source = catalog.series[name]
        return _resampled(catalog, source, self._bars(source), timeframe_ms)

    def _load_funding(self, catalog: Catalog, market: MarketId) -> Funding:
        lost = (name for name in catalog.quarantine if name.owner == market)
        self._refuse_quarantined(catalog, (name for name in lost if name.kind in (FUNDING, MARK)))
        record = catalog.series.get(series_name(FUNDING, market))
        if record is None:
            return no_funding()
        columns = self._columns(record)
        marks = [series for series in catalog.of_owner[market] if series.name.kind == MARK]
        price = np.full(record.rows, np.nan)
        for series in sorted(marks, key=lambda item: -timeframe_of(item.name)):  # the finest last, so that it wins
            mark = self._columns(series)
            _join_opens(price, columns["ts"], mark["ts"], mark["open"])
        price.flags.writeable = False
        return Funding(columns["ts"], columns["rate"], price)


def _join_opens(price: Floats, stamps: Ints, ts: Ints, opens: Floats) -> None:
    """Write the open of the bar that opens exactly at a stamp: the mark price at that moment."""
    bar = np.minimum(np.searchsorted(ts, stamps), len(ts) - 1)
    same = ts[bar] == stamps
    price[same] = opens[bar[same]]


def _built_from(catalog: Catalog, market: MarketId, timeframe_ms: int) -> TableName | None:
    """The coarsest series of candles that divides a timeframe.

    One in quarantine counts: until it is mended bars are not quietly built from another.
    """
    names = [record.name for record in catalog.of_owner.get(market, ())]
    names += [name for name in catalog.quarantine if name.owner == market]
    able = [name for name in names if name.kind == CANDLES and timeframe_ms % timeframe_of(name) == 0]
    return max(able, key=timeframe_of, default=None)


def _stored_timeframes(catalog: Catalog, market: MarketId) -> list[int]:
    return [timeframe_of(record.name) for record in catalog.of_owner.get(market, ()) if record.name.kind == CANDLES]


def _entry(catalog: Catalog, record: SeriesRecord) -> LakeEntry:
    owner, quality = MarketId(record.name.owner), record.quality or Quality()
    market = catalog.markets[owner]
    kinds = {one.name.kind for one in catalog.of_owner[owner]}
    kinds |= {name.kind for name in catalog.quarantine if name.owner == owner}
    return LakeEntry(
        market=owner,
        timeframe_ms=timeframe_of(record.name),
        first_ts=record.first,
        last_ts=record.last,
        rows=record.rows,
        holes=quality.holes,
        quality=quality,
        hash=record.hash,
        anchor_ts=market.anchor_ts,
        vault_start_ts=market.vault_start_ts,
        sessions=market.sessions,
        has_funding=FUNDING in kinds,
        has_mark=MARK in kinds,
    )


def _table_entry(record: SeriesRecord) -> TableEntry:
    return TableEntry(
        name=record.name,
        schema=record.schema,
        first=record.first,
        last=record.last,
        rows=record.rows,
        hash=record.hash,
        written_at_ms=record.written_at_ms,
        notes=record.notes,
    )


def _resampled(
    catalog: Catalog, source: SeriesRecord, candles: Candles, timeframe_ms: int
) -> tuple[LakeEntry, Candles]:
    built, thin = resample(candles, timeframe_ms)
    stored = _entry(catalog, source)
    measured = measure(built, sessions=stored.sessions)
    holes = measured.holes + (0 if stored.sessions else thin)
    quality = replace(
        measured,
        holes=holes,
        accepted=stored.quality.accepted,
        repairs=stored.quality.repairs,
        sources=stored.quality.sources,
        simulated=stored.quality.simulated,
    )
    entry = replace(
        stored,
        timeframe_ms=timeframe_ms,
        first_ts=int(built.ts[0]),
        last_ts=int(built.ts[-1]),
        rows=len(built),
        holes=holes,
        quality=quality,
        hash=hashlib.sha256(f"{source.hash}:{timeframe_ms}".encode()).hexdigest(),
        resampled_from_ms=stored.timeframe_ms,
    )
    return entry, built
