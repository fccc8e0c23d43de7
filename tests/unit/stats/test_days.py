"""Days (simulation.md, rule 33), worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.stats.worlds import DAY, HOUR, MIDNIGHT, closes

from karat.stats import cagr, daily_marks, daily_returns, rolling_cagr, total_return
from karat.stats.figure import BANKRUPT, ONE_DAY, TOO_LARGE


def test_a_close_at_midnight_ends_the_day_before_it():
    # 12-hour bars from midnight: closes at 12:00, 24:00, 12:00. 100 -> 110 on day one, 110 -> 99 on day two.
    day_ts, found = daily_returns(closes(3, 12 * HOUR), np.array([105.0, 110.0, 99.0]), 100.0)
    assert list(day_ts) == [MIDNIGHT, MIDNIGHT + DAY]
    assert found == pytest.approx([0.10, -0.10])


def test_a_run_that_begins_in_mid_day_counts_its_first_return_from_the_start():
    first_open = MIDNIGHT + 20 * HOUR  # closes at 22:00, 24:00, 02:00
    _, found = daily_returns(closes(3, 2 * HOUR, first_open), np.array([101.0, 102.0, 204.0]), 100.0)
    assert found == pytest.approx([0.02, 1.0])


def test_days_without_bars_are_zero():
    close_ts = np.array([MIDNIGHT + DAY, MIDNIGHT + 3 * DAY + HOUR], dtype=np.int64)
    day_ts, found = daily_returns(close_ts, np.array([110.0, 121.0]), 100.0)
    assert list((day_ts - MIDNIGHT) // DAY) == [0, 1, 2, 3]
    assert found == pytest.approx([0.10, 0.0, 0.0, 0.10])


def test_a_gap_over_midnight_takes_the_last_equity_before_it():
    close_ts = MIDNIGHT + HOUR * np.array([10, 20, 30], dtype=np.int64)
    _, found = daily_returns(close_ts, np.array([101.0, 110.0, 121.0]), 100.0)
    assert found == pytest.approx([0.10, 0.10])


def test_sessions_count_only_days_that_occur():
    # Friday and Monday in New York; the Friday's last bar closes at 01:00 UTC on Saturday and is still Friday's.
    friday = MIDNIGHT + 4 * DAY
    close_ts = np.array([friday + 21 * HOUR, friday + 25 * HOUR, friday + 3 * DAY + 15 * HOUR], dtype=np.int64)
    keys = np.array([friday, friday, friday + 3 * DAY], dtype=np.int64) // DAY
    equity = np.array([101.0, 110.0, 99.0])
    day_ts, found = daily_returns(close_ts, equity, 100.0, sessions=True, session_keys=keys)
    assert list(day_ts) == [friday, friday + 3 * DAY]
    assert found == pytest.approx([0.10, -0.10])
    assert len(daily_returns(close_ts, equity, 100.0)[1]) == 4  # by the calendar: Friday to Monday


def test_a_day_that_begins_without_equity_has_no_return():
    _, found = daily_returns(closes(3), np.array([0.0, -5.0, 10.0]), 100.0)
    assert found[0] == -1.0
    assert np.isnan(found[1:]).all()


def test_no_bars_are_no_days():
    day_ts, marks = daily_marks(np.empty(0, np.int64), np.empty(0), 100.0)
    assert len(day_ts) == 0
    assert list(marks) == [100.0]


@pytest.mark.parametrize(
    ("close_ts", "equity"),
    [
        ([2 * DAY, DAY], [1.0, 1.0]),
        ([DAY, DAY], [1.0, 1.0]),
        ([DAY, 9 * DAY, 2 * DAY], [1.0, 1.0, 1.0]),
        ([DAY, 2 * DAY], [1.0, np.nan]),
        ([DAY, 2 * DAY], [np.inf, 1.0]),
        ([DAY], [1.0, 1.0]),
    ],
    ids=["falling", "twice", "falling late", "NaN equity", "infinite equity", "lengths"],
)
def test_broken_columns_are_assertions(close_ts, equity):
    with pytest.raises(AssertionError):
        daily_returns(np.array(close_ts, dtype=np.int64), np.array(equity), 100.0)


def test_session_keys_of_another_calendar_are_assertions():
    ordinals = np.array([738886, 738887], dtype=np.int64)  # date.toordinal(), days since year 1
    with pytest.raises(AssertionError):
        daily_returns(closes(2), np.array([1.0, 1.0]), 1.0, sessions=True, session_keys=ordinals)
    falling = np.array([MIDNIGHT // DAY + 1, MIDNIGHT // DAY], dtype=np.int64)
    with pytest.raises(AssertionError):
        daily_returns(closes(2), np.array([1.0, 1.0]), 1.0, sessions=True, session_keys=falling)


def test_growth_is_annualised_over_days():
    assert total_return(100.0, 150.0) == 0.5
    assert cagr(100.0, 121.0, 730) == pytest.approx(0.10)
    assert cagr(100.0, 121.0, 504, 252) == pytest.approx(0.10)
    assert cagr(100.0, 121.0, 1) == ONE_DAY
    assert cagr(100.0, 0.0, 100) == BANKRUPT
    assert cagr(100.0, -1.0, 100) == BANKRUPT
    assert cagr(1.0, 1e6, 2) == TOO_LARGE  # 1e6 ** 182.5


def test_rolling_windows_span_their_days_and_break_where_equity_was_lost():
    marks = np.array([1.0, 2.0, 4.0, 0.0, 1.0, 2.0, 3.0])
    found = rolling_cagr(marks, 2, 2.0)  # two days to the year: a window's growth is its CAGR
    assert found == pytest.approx([3.0, np.nan, np.nan, np.nan, 2.0], nan_ok=True)
    assert len(rolling_cagr(marks, 7, 365.0)) == 0
