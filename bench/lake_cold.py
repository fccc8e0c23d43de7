"""The cold form at size: what it takes on the disk, how fast it is read, what a push, a pull and a query take."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl

from bench.candle_store import series
from bench.clocks import best_process_cpu, wall
from bench.rows import Row
from karat.core.home import karat_home
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.lake.cold import read_cold
from karat.lake.remote.catalog import RemoteSeries, part_key, read_remote
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.pull import pull
from karat.lake.remote.push import push
from karat.lake.sql import answered
from karat.lake.sql_sources import ColdSource, HotSource, SqlSource
from karat.lake.store import FolderLake, open_lake
from karat.ports.lake import Quality

CANDLES = 20_800_000
_QUERY = "select timeframe, count(*), max(high), min(low), sum(volume) from candles group by all"
_READERS = 2


def lake_cold(quick: bool) -> list[Row]:
    """Push the candles of the section `lake` to a folder, and read them back in every way there is."""
    home, place, again = karat_home(), FolderObjects(karat_home() / "cold"), karat_home() / "again"
    with open_lake(home).change() as change:
        for candles in series(CANDLES // 20 if quick else CANDLES, with_real=not quick):
            change.put_candles(_quoted(candles), Quality())
    rows = sum(entry.rows for entry in open_lake(home).list())
    hot_mb, note = rows * 48 / 1e6, f"{rows:,} candles, {len(open_lake(home).list())} series"
    pushed = wall(lambda: push(home / "lake", place, tell=str))
    remote, _ = read_remote(place)
    found = [
        Row("cold lake, on the disk", sum(place.sizes().values()) / 1e6, "MB", _mb_max(rows), beside=(
            ("hot", hot_mb), ("Parquet as Polars writes it, zstd", _plain_parquet_mb(home)),
        ), note=note),
        _read_row(place.root, list(remote.series.values()), hot_mb),
        Row("cold lake, pushed to a folder", pushed, "s", note="rows proven, encoded, forced to the disk"),
        Row("cold lake, pulled from a folder", wall(lambda: pull(again, place, home / "incoming", tell=str)), "s",
            note="objects proven, decoded twice, the lake written and forced to the disk"),
        Row("lake in SQL, a group over all", _query_seconds(HotSource(home / "lake")), "s",
            beside=(("cold", _query_seconds(ColdSource(place.root))),), note=_QUERY),
    ]  # fmt: skip
    assert FolderLake(again).list() == open_lake(home).list(), "all came back"
    for folder in (home / "lake", place.root, again):
        shutil.rmtree(folder)
    return found


def _mb_max(rows: int) -> float:
    return 300.0 * rows / CANDLES


def _quoted(candles: Candles) -> Candles:
    """Made candles as an exchange quotes them: their sums and differences back on the grid of cents and thousandths."""
    if not candles.market.startswith("made:"):
        return candles
    places = {name: 3 if name == "volume" else 2 for name in CANDLE_COLUMNS if name != "ts"}
    columns = {name: np.round(getattr(candles, name), digits) for name, digits in places.items()}
    return Candles(candles.market, candles.timeframe_ms, ts=candles.ts, **columns)


def _read_row(folder: Path, held: list[RemoteSeries], hot_mb: float) -> Row:
    def read(one: RemoteSeries) -> int:
        parts = [(folder / part_key(one.name, part.sha256)).read_bytes() for part in one.parts]
        return len(read_cold(parts, one.schema, one.rows))

    def on_all_cores() -> int:
        with ThreadPoolExecutor(_READERS) as readers:
            return sum(readers.map(read, held))

    one_by_one = min(wall(lambda: [read(one) for one in held]) for _ in range(5))
    together = min(wall(on_all_cores) for _ in range(5))
    speed = hot_mb / 1e3 / min(one_by_one, together)
    of_processor = hot_mb / 1e3 / best_process_cpu(lambda: [read(one) for one in held], 3)
    beside = (
        ("one series after another", hot_mb / 1e3 / one_by_one),
        ("two at once", hot_mb / 1e3 / together),
        ("by processor time of all threads", of_processor),
    )
    note = "of the hot bytes it becomes, files warm, into arrays; Polars' threads are left to it"
    return Row("cold lake, read", speed, "GB/s", 1.0, at_most=False, beside=beside, note=note)


def _plain_parquet_mb(home: Path) -> float:
    total, lake = 0, open_lake(home)
    path = home / "plain.parquet"
    for entry in lake.list():
        candles = lake.candles(entry.market, entry.timeframe_ms)
        pl.DataFrame({name: getattr(candles, name) for name in CANDLE_COLUMNS}).write_parquet(path, compression="zstd")
        total += path.stat().st_size
    path.unlink()
    return total / 1e6


def _query_seconds(source: SqlSource) -> float:
    def ask() -> None:
        with answered(source, _QUERY) as answer:
            assert len(list(answer.rows)) > 0

    return min(wall(ask) for _ in range(3))
