"""The lake in a folder of this machine; satisfies `karat.ports.lake.Lake`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Funding, Ints, no_funding
from karat.lake.catalog import Catalog, SeriesRecord, read_catalog
from karat.lake.change import FolderChange, change_lake
from karat.lake.columns import Columns, open_columns
from karat.lake.quality import measure
from karat.lake.refusals import market_not_in_lake, range_without_data, timeframe_not_there
from karat.lake.resample import resample
from karat.ports.lake import LakeEntry

_READS_BEFORE_GIVING_UP = 5  # each retry needs a whole change to commit, and the next to sweep, in between

T = TypeVar("T")


def open_lake(home: Path | None = None) -> FolderLake:
    """The lake under a Karat home (default: KARAT_HOME). Nothing is created until something is imported."""
    return FolderLake((home or karat_home()) / "lake")


class FolderLake:
    """Reads look at the catalog each time, so that a lake held open sees what others import."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self) -> tuple[LakeEntry, ...]:
        catalog = read_catalog(self._root)
        return tuple(_entry(catalog, record) for key, record in sorted(catalog.series.items()) if key[0] == "candles")

    def has(self, market: MarketId, timeframe_ms: int) -> bool:
        return any(timeframe_ms % stored == 0 for stored in _stored_timeframes(read_catalog(self._root), market))

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
            record = catalog.series.get(("mark", market, timeframe_ms))
            return Candles(market, timeframe_ms, **self._columns(record)) if record else None

        return self._with_columns(load)

    def change(self) -> AbstractContextManager[FolderChange]:
        return change_lake(self._root)

    def _with_columns(self, load: Callable[[Catalog], T]) -> T:
        """Look up and map; look up again when a change swept the version found, which a reader must never notice."""
        for _ in range(_READS_BEFORE_GIVING_UP - 1):
            try:
                return load(read_catalog(self._root))
            except FileNotFoundError:
                continue
        return load(read_catalog(self._root))

    def _columns(self, record: SeriesRecord) -> Columns:
        return open_columns(record.folder(self._root), record.kind, record.rows)

    def _load(self, catalog: Catalog, market: MarketId, timeframe_ms: int) -> tuple[LakeEntry, Candles]:
        record = catalog.series.get(("candles", market, timeframe_ms))
        if record is not None:
            return _entry(catalog, record), Candles(market, timeframe_ms, **self._columns(record))
        if not any(name == market for _, name, _ in catalog.series):
            raise market_not_in_lake(market, catalog.markets)
        stored = _stored_timeframes(catalog, market)
        coarsest = max((item for item in stored if timeframe_ms % item == 0), default=None)
        if coarsest is None:
            raise timeframe_not_there(market, timeframe_ms, stored)
        source = catalog.series[("candles", market, coarsest)]
        return _resampled(catalog, source, Candles(market, coarsest, **self._columns(source)), timeframe_ms)

    def _load_funding(self, catalog: Catalog, market: MarketId) -> Funding:
        record = catalog.series.get(("funding", market, 0))
        if record is None:
            return no_funding()
        columns = self._columns(record)
        marks = [series for key, series in catalog.series.items() if key[:2] == ("mark", market)]
        price = np.full(record.rows, np.nan)
        for series in sorted(marks, key=lambda item: -item.timeframe_ms):  # the finest last, so that it wins
            mark = self._columns(series)
            _join_opens(price, columns["ts"], mark["ts"], mark["open"])
        price.flags.writeable = False
        return Funding(columns["ts"], columns["rate"], price)


def _join_opens(price: Floats, stamps: Ints, ts: Ints, opens: Floats) -> None:
    """Write the open of the bar that opens exactly at a stamp: the mark price at that moment."""
    bar = np.minimum(np.searchsorted(ts, stamps), len(ts) - 1)
    same = ts[bar] == stamps
    price[same] = opens[bar[same]]


def _stored_timeframes(catalog: Catalog, market: MarketId) -> list[int]:
    return [timeframe for kind, name, timeframe in catalog.series if kind == "candles" and name == market]


def _entry(catalog: Catalog, record: SeriesRecord) -> LakeEntry:
    market = catalog.markets[record.market]
    return LakeEntry(
        market=record.market,
        timeframe_ms=record.timeframe_ms,
        first_ts=record.first_ts,
        last_ts=record.last_ts,
        rows=record.rows,
        holes=record.quality.holes,
        quality=record.quality,
        hash=record.hash,
        anchor_ts=market.anchor_ts,
        vault_start_ts=market.vault_start_ts,
        sessions=market.sessions,
        has_funding=("funding", record.market, 0) in catalog.series,
        has_mark=any(kind == "mark" and name == record.market for kind, name, _ in catalog.series),
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
        accepted=source.quality.accepted,
        repairs=source.quality.repairs,
        sources=source.quality.sources,
        simulated=source.quality.simulated,
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
        resampled_from_ms=source.timeframe_ms,
    )
    return entry, built
