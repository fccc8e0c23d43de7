"""Stored bars against the same bars built from finer ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS
from karat.ingest.compare import Comparison, compare_stored
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.quality import measure
from karat.lake.resample import resample
from karat.lake.store import FolderLake, open_lake

MARKET = MarketId("venue:ABC")


def hours(count: int) -> Candles:
    """Bars of an hour whose volumes are decimal numbers that no float holds."""
    close = 100 + np.arange(count) % 7 * 0.1
    ts = np.arange(count, dtype=np.int64) * HOUR_MS
    return Candles(MARKET, HOUR_MS, ts, close - 0.1, close + 0.3, close - 0.3, close, np.full(count, 0.1))


def compared(home: Path, *series: Candles) -> list[Comparison]:
    lake = open_lake(home)
    with lake.change() as change:
        for candles in series:
            change.put_candles(candles, measure(candles, sessions=False))
    return compare_stored(lake, MARKET)


def test_what_was_built_from_the_same_bars_is_equal(home: Path) -> None:
    fine = hours(80)
    [found] = compared(home, fine, resample(fine, 4 * HOUR_MS)[0])
    assert (found.common, found.only_native, found.only_built, found.differences) == (20, 0, 0, ())


def test_a_volume_may_differ_by_the_rounding_of_its_sum_alone(home: Path) -> None:
    fine = hours(80)
    coarse = replace(resample(fine, 4 * HOUR_MS)[0], volume=np.full(20, 0.4))
    assert compared(home, fine, coarse)[0].differences == ()


def test_every_number_that_differs_is_listed(home: Path) -> None:
    fine = hours(80)
    coarse = resample(fine, 4 * HOUR_MS)[0]
    high = coarse.high.copy()
    high[3] += 0.1
    [found] = compared(home, fine, replace(coarse, high=high))
    [one] = found.differences
    assert (one.ts, one.column, one.native, one.built) == (12 * HOUR_MS, "high", high[3], coarse.high[3])
    assert found.bars_that_differ == 1


def test_bars_that_only_one_side_has_are_counted(home: Path) -> None:
    fine = hours(80)
    coarse = resample(fine, 4 * HOUR_MS)[0]
    kept = np.arange(20) != 5
    columns = {name: getattr(coarse, name)[kept] for name in ("ts", "open", "high", "low", "close", "volume")}
    [found] = compared(home, fine, Candles(MARKET, 4 * HOUR_MS, **columns))
    assert (found.common, found.only_native, found.only_built) == (19, 0, 1)


def test_one_timeframe_alone_cannot_be_compared(home: Path) -> None:
    with pytest.raises(InputError) as caught:
        compared(home, hours(10))
    assert caught.value.code == "nothing_to_compare"


def test_real_bars_differ_where_they_are_known_to(home: Path, shared: Path) -> None:
    folder = shared / "data" / "candles" / "binance_perp"
    lake: FolderLake = open_lake(home)
    import_paths(lake, [folder / "1h" / "BTCUSDT.parquet", folder / "4h" / "BTCUSDT.parquet"], ImportOptions())
    [found] = compare_stored(lake, MarketId("binance_perp:BTCUSDT"))
    assert (found.common, found.bars_that_differ) == (6_576, 2)  # data/README.md: the two bars named in the row
