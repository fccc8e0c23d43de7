"""Coarser bars from finer ones: full buckets of the UTC grid, and never a bar that later data would change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.lake.bars import MARKET, START, bars, without
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import InputError
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.lake.resample import resample

FOUR_HOURS = 4 * HOUR_MS


def test_four_bars_make_one(tmp_path: Path) -> None:
    candles = Candles(
        market=MARKET,
        timeframe_ms=HOUR_MS,
        ts=START + np.arange(4) * HOUR_MS,
        open=np.array([10.0, 11.0, 12.0, 13.0]),
        high=np.array([11.5, 14.0, 12.5, 13.5]),
        low=np.array([9.5, 10.5, 8.0, 12.5]),
        close=np.array([11.0, 12.0, 13.0, 12.75]),
        volume=np.array([1.0, 2.0, 3.0, 4.0]),
    )
    lake = lake_with(tmp_path, candles)
    built = lake.candles(MARKET, FOUR_HOURS)
    row = [getattr(built, name).tolist() for name in CANDLE_COLUMNS]
    assert row == [[START], [10.0], [14.0], [8.0], [12.75], [10.0]]
    entry = lake.entry(MARKET, FOUR_HOURS)
    assert (entry.rows, entry.holes, entry.resampled_from_ms) == (1, 0, HOUR_MS)
    assert entry.hash != lake.entry(MARKET, HOUR_MS).hash
    assert lake.has(MARKET, FOUR_HOURS)


def test_buckets_lie_on_the_utc_grid_and_partial_edges_are_dropped() -> None:
    built, thin = resample(bars(20, first=2), FOUR_HOURS)  # 02:00 to 21:00
    assert built.ts.tolist() == [START + hour * HOUR_MS for hour in (4, 8, 12, 16)]
    assert thin == 0


def test_a_bucket_with_missing_bars_inside_is_kept_and_counted_as_a_hole(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, without(bars(24), 5, 6))
    built = lake.candles(MARKET, FOUR_HOURS)
    assert built.ts.tolist() == [START + hour * HOUR_MS for hour in (0, 4, 8, 12, 16, 20)]
    assert built.open[1] == bars(24).open[4]
    assert built.close[1] == bars(24).close[7]
    assert lake.entry(MARKET, FOUR_HOURS).holes == 1


def test_an_empty_bucket_is_a_hole_too(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, without(bars(24), 4, 5, 6, 7))
    assert lake.entry(MARKET, FOUR_HOURS).holes == 1
    assert len(lake.candles(MARKET, FOUR_HOURS)) == 5


def test_weeks_begin_on_monday() -> None:
    built, _ = resample(bars(30, step=DAY_MS), 7 * DAY_MS)  # 2024-01-01 was a Monday
    assert built.ts.tolist() == [parse_time_ms(f"2024-01-{day:02}") for day in (1, 8, 15, 22)]


def test_no_full_bucket_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        resample(bars(5, first=1), FOUR_HOURS)
    assert caught.value.code == "range_without_data"


def test_the_coarsest_stored_timeframe_that_divides_is_used(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(96, step=HOUR_MS), bars(24, step=FOUR_HOURS))
    assert lake.entry(MARKET, 8 * HOUR_MS).resampled_from_ms == FOUR_HOURS
    assert lake.entry(MARKET, 6 * HOUR_MS).resampled_from_ms == HOUR_MS


@given(
    first=st.integers(0, 30),
    missing=st.sets(st.integers(1, 98), max_size=60),
    cut=st.integers(1, 99),
    multiple=st.sampled_from([2, 3, 4, 24]),
    volumes=st.lists(st.floats(0, 1e9), min_size=100, max_size=100),
)
def test_more_history_never_changes_a_bar(
    first: int, missing: set[int], cut: int, multiple: int, volumes: list[float]
) -> None:
    whole = bars(100, first=first)
    whole = Candles(MARKET, HOUR_MS, whole.ts, whole.open, whole.high, whole.low, whole.close, np.array(volumes))
    whole = without(whole, *missing)
    early = whole[: max(1, min(cut, len(whole)))]
    timeframe = multiple * HOUR_MS
    try:
        before, _ = resample(early, timeframe)
    except InputError:
        return  # nothing was known, so nothing can change
    after, _ = resample(whole, timeframe)
    for name in CANDLE_COLUMNS:
        assert np.array_equal(getattr(before, name), getattr(after, name)[: len(before)])
    known_from = before.ts[-1] + timeframe
    assert known_from <= early.ts[-1] + HOUR_MS, "a bucket was given before it had ended"
