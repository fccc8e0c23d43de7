"""What a vendor lacks is asked for less and less often, and forgotten when it comes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.core.ids import MarketId
from karat.core.time import DAY_MS
from karat.ingest.lacking import Lack, LackFile, left_alone, remembered

NOW_MS = 1_700_000_000_000


@pytest.mark.parametrize(("times", "days"), [(1, 1), (2, 7), (3, 49), (4, 343), (5, 365), (50, 365)])
def test_the_pause_grows_from_a_day_to_a_year(times: int, days: int) -> None:
    assert Lack(0, 10, NOW_MS, times).again_ms == NOW_MS + days * DAY_MS


@pytest.mark.parametrize(
    ("now_ms", "alone"), [(NOW_MS, 3), (NOW_MS + DAY_MS - 1, 3), (NOW_MS + DAY_MS, 0), (NOW_MS - 1, 0)]
)
def test_a_stretch_is_left_alone_until_its_pause_has_passed(now_ms: int, alone: int) -> None:
    ts = np.arange(0, 10, dtype=np.int64)
    assert left_alone(ts, [Lack(4, 7, NOW_MS, 1)], now_ms).sum() == alone


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_every_missing_bar_is_remembered_as_often_as_it_was_asked_for(
    one: set[int], two: set[int], asked: set[int]
) -> None:
    within = (0, 31)
    first, second = (np.array(sorted(bars), np.int64) for bars in (one, two))
    before = remembered(first, np.ones(len(first), np.bool_), 1, [], within, NOW_MS)
    after = remembered(second, np.isin(second, sorted(asked)), 1, before, within, NOW_MS + 5)
    told = {ts: (lack.times, lack.asked_ms) for lack in after for ts in range(lack.from_ms, lack.to_ms)}
    expected = {ts: ((ts in one) + (ts in asked), NOW_MS + 5 * (ts in asked)) for ts in two if ts in one or ts in asked}
    assert told == expected


def test_what_lies_outside_the_range_that_was_looked_at_stays(tmp_path: Path) -> None:
    before = [Lack(0, 10, NOW_MS, 2), Lack(20, 30, NOW_MS, 1)]
    nothing = np.empty(0, np.int64)
    assert remembered(nothing, np.empty(0, np.bool_), 1, before, (5, 25), NOW_MS) == [
        Lack(0, 5, NOW_MS, 2),
        Lack(25, 30, NOW_MS, 1),
    ]


def test_a_file_keeps_them_and_one_that_is_torn_counts_as_none(tmp_path: Path) -> None:
    file = LackFile(tmp_path, MarketId("binance_perp:BTCUSDT"), "mark 1h")
    assert file.read() == []
    file.write([Lack(0, 10, NOW_MS, 2)])
    assert file.read() == [Lack(0, 10, NOW_MS, 2)]
    [path] = tmp_path.rglob("*.json")
    path.write_text("[[0, 10")
    assert file.read() == []
    file.write([])
    assert list(tmp_path.rglob("*.json")) == []
