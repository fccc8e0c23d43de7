"""The monthly table, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from tests.unit.stats.worlds import DAY, HOUR

from karat.stats import monthly_table
from karat.stats.figure import BANKRUPT


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def times(*moments: int) -> np.ndarray:
    return np.array(moments, dtype=np.int64)


def test_months_outside_the_run_are_none_and_idle_months_inside_are_zero():
    close_ts = times(at(2023, 11, 20), at(2023, 12, 10), at(2024, 3, 5), at(2024, 4, 2))
    first, second = monthly_table(close_ts, np.array([110.0, 99.0, 99.0, 198.0]), 100.0)
    assert (first.year, second.year) == (2023, 2024)
    assert first.months[:10] == (None,) * 10
    assert first.months[10:] == pytest.approx((0.10, -0.10))
    assert second.months[:3] == (0.0, 0.0, 0.0)  # January and February without bars, March without a change
    assert second.months[3] == pytest.approx(1.0)
    assert second.months[4:] == (None,) * 8
    assert first.total == pytest.approx(-0.01)
    assert second.total == pytest.approx(1.0)


def test_a_close_at_midnight_of_the_first_belongs_to_the_month_before():
    close_ts = times(at(2024, 2, 29, 12), at(2024, 3, 1), at(2024, 3, 1, 1))
    (row,) = monthly_table(close_ts, np.array([105.0, 110.0, 121.0]), 100.0)
    assert row.months[1] == pytest.approx(0.10)
    assert row.months[2] == pytest.approx(0.10)
    assert row.total == pytest.approx(0.21)


def test_a_session_belongs_to_the_month_of_its_new_york_date():
    close_ts = times(at(2024, 5, 31, 21), at(2024, 6, 1, 0) + HOUR, at(2024, 6, 3, 15))  # 01:00 UTC is still 31 May
    keys = times(at(2024, 5, 31), at(2024, 5, 31), at(2024, 6, 3)) // DAY
    equity = np.array([105.0, 110.0, 121.0])
    (row,) = monthly_table(close_ts, equity, 100.0, sessions=True, session_keys=keys)
    assert row.months[4] == pytest.approx(0.10)
    assert row.months[5] == pytest.approx(0.10)
    (by_calendar,) = monthly_table(close_ts, equity, 100.0)
    assert by_calendar.months[4] == pytest.approx(0.05)


def test_months_of_every_year_compound_to_its_total():
    days = np.arange(1, 900, dtype=np.int64)
    equity = 100.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0, 0.02, len(days))))
    rows = monthly_table(at(2021, 12, 30) + DAY * days, equity, 100.0)
    assert [row.year for row in rows] == [2021, 2022, 2023, 2024]
    for row in rows:
        growth = np.prod([1.0 + month for month in row.months if month is not None])
        assert growth - 1.0 == pytest.approx(row.total)
    assert np.prod([1.0 + row.total for row in rows]) == pytest.approx(equity[-1] / 100.0)


def test_a_month_that_began_without_equity_is_undefined():
    close_ts = times(at(2023, 12, 5), at(2024, 1, 5), at(2024, 2, 5))
    first, second = monthly_table(close_ts, np.array([50.0, -10.0, 10.0]), 100.0)
    assert first.months[11] == -0.5
    assert second.months[0] == pytest.approx(-1.2)
    assert second.months[1] == BANKRUPT
    assert second.total == pytest.approx(-0.8)


def test_times_before_1970_fall_into_their_year():
    (row,) = monthly_table(times(at(1969, 7, 20)), np.array([110.0]), 100.0)
    assert row.year == 1969
    assert row.months[6] == pytest.approx(0.10)


def test_no_bars_no_rows():
    assert monthly_table(times(), np.empty(0), 100.0) == ()
