"""What a reader of the lake gets, and what it is told when there is nothing to get."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from tests.unit.lake.bars import MARKET, START, bars

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake


def lake_with(home: Path, *series: Candles) -> FolderLake:
    lake = open_lake(home)
    with lake.change() as change:
        for candles in series:
            change.put_candles(candles, measure(candles, sessions=False))
    return lake


def is_mapped(column: np.ndarray) -> bool:
    """Whether the memory of an array is that of a mapped file, through any number of views."""
    owner: object = column
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner.obj if isinstance(owner, memoryview) else owner, mmap.mmap)


def test_columns_come_back_as_they_went_in(tmp_path: Path) -> None:
    given = bars(100)
    read = lake_with(tmp_path, given).candles(MARKET, HOUR_MS)
    for name in CANDLE_COLUMNS:
        assert np.array_equal(getattr(read, name), getattr(given, name))
        assert getattr(read, name).dtype == getattr(given, name).dtype


def test_columns_are_mapped_not_copied_and_cannot_be_written(tmp_path: Path) -> None:
    read = lake_with(tmp_path, bars(100)).candles(MARKET, HOUR_MS)
    for name in CANDLE_COLUMNS:
        column = getattr(read, name)
        assert is_mapped(column)
        assert type(column) is np.ndarray
        assert not column.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_a_range_is_a_view_of_the_mapping(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(100))
    part = lake.candles_between(MARKET, HOUR_MS, START + 10 * HOUR_MS, START + 20 * HOUR_MS)
    assert part.ts.tolist() == [START + hour * HOUR_MS for hour in range(10, 20)]
    assert is_mapped(part.close)


def test_a_range_open_at_both_ends_is_everything(tmp_path: Path) -> None:
    assert len(lake_with(tmp_path, bars(100)).candles_between(MARKET, HOUR_MS)) == 100


def test_range_without_data_names_the_range_there_is(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        lake_with(tmp_path, bars(24)).candles_between(MARKET, HOUR_MS, START + 2 * DAY_MS, None)
    assert caught.value.code == "range_without_data"
    assert "2024-01-01T00:00:00Z" in caught.value.hint
    assert "2024-01-01T23:00:00Z" in caught.value.hint


@pytest.mark.parametrize("asked", ["binance_perp:BTCUSD", "binance_perp:btcusdt", "bybit_perp:BTCUSDT"])
def test_unknown_market_names_the_nearest(tmp_path: Path, asked: str) -> None:
    with pytest.raises(InputError) as caught:
        lake_with(tmp_path, bars(24)).candles(MarketId(asked), HOUR_MS)
    assert caught.value.code == "market_not_in_lake"
    assert MARKET in caught.value.hint


def test_empty_lake_says_how_to_fill_it(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    assert lake.list() == ()
    with pytest.raises(InputError) as caught:
        lake.candles(MARKET, HOUR_MS)
    assert caught.value.code == "market_not_in_lake"
    assert "karat data import" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeframe", [MINUTE_MS, 90 * MINUTE_MS])
def test_timeframe_the_data_cannot_give_names_those_it_can(tmp_path: Path, timeframe: int) -> None:
    lake = lake_with(tmp_path, bars(48))
    assert not lake.has(MARKET, timeframe)
    with pytest.raises(InputError) as caught:
        lake.candles(MARKET, timeframe)
    assert caught.value.code == "timeframe_not_possible"
    assert "1h" in caught.value.hint


def test_market_with_funding_only_has_no_candles(tmp_path: Path) -> None:
    from karat.core.model.candles import Funding
    from karat.ports.lake import Quality

    lake = open_lake(tmp_path)
    with lake.change() as change:
        funding = Funding(np.array([START]), np.array([0.0001]), np.array([np.nan]))
        change.put_funding(MARKET, funding, Quality())
    with pytest.raises(InputError) as caught:
        lake.candles(MARKET, HOUR_MS)
    assert caught.value.code == "timeframe_not_in_lake"
    assert lake.list() == ()


def test_an_open_lake_sees_what_is_imported_later_and_keeps_what_it_holds(tmp_path: Path) -> None:
    reader = lake_with(tmp_path, bars(24))
    held = reader.candles(MARKET, HOUR_MS)
    lake_with(tmp_path, bars(48))
    lake_with(tmp_path, bars(72))  # sweeps the first version
    assert len(reader.candles(MARKET, HOUR_MS)) == 72
    assert np.array_equal(held.close, bars(24).close)


def test_list_tells_of_every_series(tmp_path: Path) -> None:
    other = MarketId("us:AAPL")
    lake = lake_with(tmp_path, bars(48), bars(10, step=DAY_MS), bars(5, market=other))
    assert [(entry.market, entry.timeframe_ms, entry.rows) for entry in lake.list()] == [
        (MARKET, HOUR_MS, 48),
        (MARKET, DAY_MS, 10),
        (other, HOUR_MS, 5),
    ]
    entry = lake.entry(MARKET, HOUR_MS)
    assert (entry.first_ts, entry.last_ts, entry.holes) == (START, START + 47 * HOUR_MS, 0)
    assert entry.resampled_from_ms is None
