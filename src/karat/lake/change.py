"""Change the lake: one writer at a time, seen at once or not at all.

1. Take the lock (RetryLater when another process has it); the system drops it when a process dies.
2. Sweep what an earlier, killed change left behind.
3. Write new series beside the old ones, each forced to the disk.
4. Replace the catalog. This is the only step that readers can see.
5. Old versions stay until the next change sweeps them, for readers that have just looked them up.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import RetryLater
from karat.core.ids import MarketId, venue_of
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding
from karat.lake.catalog import CATALOG_NAME, Catalog, MarketRecord, SeriesRecord, read_catalog, write_catalog
from karat.lake.columns import KINDS, Columns, content_hash, open_columns, sync_folder, write_columns
from karat.lake.refusals import NOT_OURS, lake_not_usable
from karat.ports.lake import Quality

_LOCK_NAME = "change.lock"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class FolderChange:
    """A change of a lake folder; satisfies `karat.ports.lake.LakeChange`."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self._root = root
        self._before = catalog
        self._series = dict(catalog.series)
        self._sessions: dict[MarketId, bool] = {}

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        return self._bars("candles", market, timeframe_ms)

    def mark(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        return self._bars("mark", market, timeframe_ms)

    def quality(self, market: MarketId, timeframe_ms: int) -> Quality | None:
        record = self._series.get(("candles", market, timeframe_ms))
        return record.quality if record else None

    def sessions(self, market: MarketId) -> bool | None:
        if market in self._before.markets:
            return self._before.markets[market].sessions
        known = {name: record.sessions for name, record in self._before.markets.items()} | self._sessions
        of_venue = {sessions for name, sessions in known.items() if venue_of(name) == venue_of(market)}
        return of_venue.pop() if len(of_venue) == 1 else None

    def funding(self, market: MarketId) -> Funding | None:
        record = self._series.get(("funding", market, 0))
        if record is None:
            return None
        columns = open_columns(record.folder(self._root), record.kind, record.rows)
        return Funding(columns["ts"], columns["rate"], np.full(record.rows, np.nan))

    def put_candles(self, candles: Candles, quality: Quality, *, sessions: bool = False) -> str:
        self._sessions.setdefault(candles.market, sessions)
        return self._put("candles", candles.market, candles.timeframe_ms, _columns(candles), quality)

    def put_mark(self, candles: Candles, quality: Quality) -> str:
        return self._put("mark", candles.market, candles.timeframe_ms, _columns(candles), quality)

    def put_funding(self, market: MarketId, funding: Funding, quality: Quality) -> str:
        return self._put("funding", market, 0, {"ts": funding.ts, "rate": funding.rate}, quality)

    def commit(self) -> None:
        """Make the change visible. Nothing is written when nothing changed."""
        if self._series == self._before.series:
            return
        markets = dict(self._before.markets)
        for market in {record.market for record in self._series.values() if record.kind == "candles"} - markets.keys():
            markets[market] = self._register(market)
        write_catalog(self._root, Catalog(self._series, markets))

    def _bars(self, kind: str, market: MarketId, timeframe_ms: int) -> Candles | None:
        record = self._series.get((kind, market, timeframe_ms))
        if record is None:
            return None
        columns = open_columns(record.folder(self._root), record.kind, record.rows)
        return Candles(market, timeframe_ms, **columns)

    def _put(self, kind: str, market: MarketId, timeframe_ms: int, columns: Columns, quality: Quality) -> str:
        ts: NDArray[np.int64] = columns["ts"]
        assert len(ts), "a series holds at least one row"
        content = content_hash(columns)
        record = SeriesRecord(kind, market, timeframe_ms, int(ts[0]), int(ts[-1]), len(ts), content, quality)
        folder = record.folder(self._root)
        if not folder.exists():  # the sweep left named folders only, and those are whole and may be mapped by readers
            write_columns(folder, columns, asdict(record))
            for parent in folder.relative_to(self._root).parents:
                sync_folder(self._root / parent)
        self._series[record.key] = record
        return content

    def _register(self, market: MarketId) -> MarketRecord:
        """Fix the anchor and the vault: the last fifth of the market's time, over all its timeframes."""
        records = [record for record in self._series.values() if record.market == market and record.kind == "candles"]
        anchor = min(record.first_ts for record in records)
        end = max(record.last_ts + record.timeframe_ms for record in records)
        last_fifth = anchor + -((anchor - end) * 4 // 5)  # rounded up: the vault is never larger than a fifth
        widest = max(records, key=lambda record: (record.last_ts - record.first_ts, -record.timeframe_ms))
        ts = open_columns(widest.folder(self._root), widest.kind, widest.rows)["ts"]
        bar = int(np.searchsorted(ts, last_fifth))
        vault_start = int(ts[bar]) if bar < len(ts) else end
        return MarketRecord(anchor, vault_start, self._sessions.get(market, False))


@contextmanager
def change_lake(root: Path) -> Generator[FolderChange]:
    """Run one change of the lake at `root`; committed when the block ends, dropped when it raises."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / _LOCK_NAME).open("a") as lock:
            _take(lock.fileno(), root)
            catalog = read_catalog(root)
            _sweep(root, catalog)
            change = FolderChange(root, catalog)
            yield change
            change.commit()
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise RetryLater("disk_full", f"No space left for {root}.", "Free some space and try again.") from error
        if error.errno in NOT_OURS:
            raise lake_not_usable(root, error) from error
        raise


def _take(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"Another process is changing the lake at {root}."
        raise RetryLater("lake_busy", message, "Wait until it has finished and try again.") from error


def _sweep(root: Path, catalog: Catalog) -> None:
    """Remove every data folder the catalog does not name, and a catalog that was never finished."""
    (root / f"{CATALOG_NAME}.part").unlink(missing_ok=True)
    named = {record.folder(root) for record in catalog.series.values()}
    for kind in KINDS:
        for folder in (root / kind).glob("*/*/*/*"):
            if folder not in named:
                shutil.rmtree(folder)


def _columns(candles: Candles) -> Columns:
    return {name: getattr(candles, name) for name in CANDLE_COLUMNS}
