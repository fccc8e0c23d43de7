"""The lake at size, and the same candles in other stores: written, catalogued, sliced, scanned, added to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.candle_store import series
from bench.clocks import best_cpu, best_wall, wall
from bench.other_stores import Arrays, Store, other_stores
from bench.rows import Row
from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import MINUTE_MS
from karat.lake.store import FolderLake, open_lake
from karat.ports.lake import LakeEntry, Quality

CANDLES, CANDLES_LARGE = 20_800_000, 340_000_000
SLICE_BARS = 500_000
SLICED = MarketId("made:S000")
_ROW_BYTES = 8 * len(CANDLE_COLUMNS)
_SYMBOLS_LARGE = 213  # each as long as those of the smaller lake


def lake(quick: bool) -> list[Row]:
    """The lake beside other stores."""
    count = CANDLES // 20 if quick else CANDLES
    bars = SLICE_BARS // 20 if quick else SLICE_BARS
    home, folder = open_lake(), karat_home() / "others"
    folder.mkdir(parents=True)
    stores, given = other_stores(folder), list(series(count, with_real=not quick))
    size = sum(map(len, given)) * _ROW_BYTES
    written = _written(home, given)
    others = {store.name: wall(lambda store=store: _write_all(store, given)) for store in stores}
    number = next(at for at, one in enumerate(given) if (one.market, one.timeframe_ms) == (SLICED, MINUTE_MS))
    rows = [
        _write_row(given, written, others),
        Row("lake, on the disk", _megabytes(karat_home() / "lake"), "MB", beside=_sizes(folder)),
        _slice_row(home, stores, number, bars),
        _scan_row(home, stores, size),
        _catalog_row(home),
        _append_row(home, stores, number),
    ]
    shutil.rmtree(karat_home())
    return rows


def lake_large(quick: bool) -> list[Row]:
    """The lake alone at 340 million candles of 213 symbols: about 16 GB of disk, removed afterwards."""
    symbols = _SYMBOLS_LARGE // 20 if quick else _SYMBOLS_LARGE
    count = CANDLES_LARGE * symbols // _SYMBOLS_LARGE
    home = open_lake()
    written = _written_by_market(home, series(count, symbols, with_real=False))
    rows = sum(entry.rows for entry in home.list())
    note = f"{rows:,} candles, {len(home.list()):,} series; on the disk {_megabytes(karat_home() / 'lake'):,.0f} MB"
    found = [
        Row("large lake, written", written, "s", note=f"{note}; a change a market, hashed and forced to the disk"),
        _slice_row(home, [], 0, SLICE_BARS),
        _catalog_row(home),
        _append_row(home, [], 0),
    ]
    shutil.rmtree(karat_home())
    return [Row(f"large {one.what}" if one.what.startswith("lake") else one.what, *_rest(one)) for one in found]


def _rest(row: Row) -> tuple[float, str, float | None, bool, tuple[tuple[str, float], ...], str]:
    return row.value, row.unit, row.target, row.at_most, row.beside, row.note


def _written(home: FolderLake, given: Iterable[Candles]) -> float:
    def work() -> None:
        with home.change() as change:
            for candles in given:
                change.put_candles(candles, Quality())

    return wall(work)


def _written_by_market(home: FolderLake, given: Iterable[Candles]) -> float:
    """Seconds in the lake alone: making the candles does not count."""
    seconds, of_market = 0.0, list[Candles]()
    for candles in given:
        if of_market and of_market[0].market != candles.market:
            seconds += _written(home, of_market)
            of_market = []
        of_market.append(candles)
    return seconds + _written(home, of_market)


def _write_all(store: Store, given: list[Candles]) -> None:
    for number, candles in enumerate(given):
        store.write(number, candles)
    store.finish()


def _write_row(given: list[Candles], written: float, others: dict[str, float]) -> Row:
    rows = sum(map(len, given))
    note = f"{rows:,} candles, {len(given)} series, one change, hashed and forced to the disk"
    return Row("lake, written", written, "s", beside=tuple(others.items()), note=note)


def _slice_row(home: FolderLake, stores: list[Store], number: int, bars: int) -> Row:
    begin = home.entry(SLICED, MINUTE_MS).first_ts + bars // 2 * MINUTE_MS
    end = begin + bars * MINUTE_MS

    def mapped() -> Arrays:
        candles = home.candles_between(SLICED, MINUTE_MS, begin, end)
        return [getattr(candles, name) for name in CANDLE_COLUMNS]

    expected = mapped()
    assert len(expected[0]) == bars, "the slice lies within the series"
    beside = [("mapped, not copied", _best_ms(mapped, 50))]
    for store in stores:
        found = store.between(number, begin, end)
        assert all(map(np.array_equal, found, expected)), f"{store.name} gives the same bars"
        beside.append((store.name, _best_ms(lambda store=store: store.between(number, begin, end), 7)))
    value = _best_ms(lambda: [column.copy() for column in mapped()], 50)
    note = f"{bars:,} bars of six columns, warm; catalog looked at, files mapped and searched each time"
    return Row("lake, a slice into arrays", value, "ms", 5.0, beside=tuple(beside), note=note)


def _scan_row(home: FolderLake, stores: list[Store], size: int) -> Row:
    entries, cores = home.list(), os.cpu_count() or 1

    def of(entry: LakeEntry) -> float:
        candles = home.candles(entry.market, entry.timeframe_ms)
        return sum(float(np.sum(getattr(candles, name))) for name in CANDLE_COLUMNS)

    def scan() -> float:
        return sum(map(of, entries))

    def on_all_cores() -> float:
        with ThreadPoolExecutor(cores) as pool:
            return sum(pool.map(of, entries))

    copied = _copy_speed(size)
    total = scan()
    beside = [("plain copy", copied), ("wall, all cores: lake", _speed(size, best_wall(on_all_cores, 5)))]
    for store in stores:
        assert np.isclose(store.total(), total, rtol=1e-9), f"{store.name} holds the same numbers"
        beside.append((store.name, _speed(size, best_wall(store.total, 1))))
    value = _speed(size, best_cpu(scan, 9))
    note = f"{size / 1e9:.2f} GB, every number summed; lake and copy CPU time of one thread, others wall, their threads"
    return Row(
        "lake, a full scan", value, "GB/s", min(15.0, copied / 2), at_most=False, beside=tuple(beside), note=note
    )


def _copy_speed(size: int) -> float:
    source, target = np.ones(size // 8), np.ones(size // 8)
    return _speed(size, best_cpu(lambda: np.copyto(target, source), 9))


def _catalog_row(home: FolderLake) -> Row:
    entries = len(home.list())
    return Row("lake, what there is", _best_ms(home.list, 20), "ms", note=f"{entries:,} series, without a look at them")


def _append_row(home: FolderLake, stores: list[Store], number: int) -> Row:
    """Bars added one by one after the last of a series, each on the disk when the call returns."""
    last = home.candles(SLICED, MINUTE_MS)[-1:]
    columns = {name: getattr(last, name).copy() for name in CANDLE_COLUMNS}

    def add(at: int) -> None:
        with home.change() as change:
            bar = {**columns, "ts": last.ts + at * MINUTE_MS}
            change.append_candles(Candles(SLICED, MINUTE_MS, **bar))

    def add_to(store: Store) -> Callable[[int], None]:
        bar = [float(columns[name][0]) for name in CANDLE_COLUMNS[1:]]
        return lambda at: store.append(number, [int(last.ts[0]) + at * MINUTE_MS, *bar])

    able = [store for store in stores if store.name not in ("ipc", "parquet")]
    beside = tuple((store.name, _each_ms(add_to(store))) for store in able)
    note = "the least of 100 changes of one bar each, on the disk when the call returns"
    return Row("lake, a bar added", _each_ms(add), "ms", beside=beside, note=note)


def _each_ms(work: Callable[[int], None]) -> float:
    return min(wall(lambda at=at: work(at)) for at in range(1, 101)) * 1e3


def _best_ms(work: Callable[[], object], times: int) -> float:
    return best_wall(work, times) * 1e3


def _speed(size: int, seconds: float) -> float:
    return size / seconds / 1e9


def _sizes(folder: Path) -> tuple[tuple[str, float], ...]:
    return tuple((one.name, _megabytes(one)) for one in sorted(folder.iterdir()))


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
