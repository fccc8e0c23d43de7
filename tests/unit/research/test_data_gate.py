"""Data that misses too many bars is refused before anything is computed, unless the user says otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import START, candles

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake
from karat.quality import COVERAGE_MIN, coverage_of
from karat.research.backtest_market import market_data
from karat.research.data_gate import pass_gate, quality_json

MARKET = MarketId("test:AB")
END = START + 1_000 * HOUR_MS


def holed(*gone: slice, bars: int = 1_000) -> Candles:
    whole = candles(100.0 + np.sin(np.arange(bars)))
    kept = np.ones(bars, np.bool_)
    for span in gone:
        kept[span] = False
    return Candles(MARKET, HOUR_MS, *(getattr(whole, name)[kept] for name in CANDLE_COLUMNS))


def lake_of(bars: Candles, *, sessions: bool = False) -> FolderLake:
    lake = open_lake()
    with lake.change() as change:
        change.put_candles(bars, measure(bars, sessions=sessions), sessions=sessions)
    return lake


def test_a_whole_series_passes_and_says_so() -> None:
    gate = pass_gate(lake_of(holed()), MARKET, HOUR_MS, None, None)
    assert (gate.coverage.share, gate.bound, gate.told) == (1.0, COVERAGE_MIN, False)


def test_one_bar_in_a_hundred_may_be_missing_and_not_one_more() -> None:
    lake = lake_of(holed(slice(500, 510)))
    assert pass_gate(lake, MARKET, HOUR_MS, START, END).coverage.share == 0.99
    with pytest.raises(InputError) as refusal:
        pass_gate(lake, MARKET, HOUR_MS, START + HOUR_MS, END)
    assert refusal.value.code == "thin_data"


def test_the_refusal_names_the_widest_gap_and_a_bound_that_would_do() -> None:
    lake = lake_of(holed(slice(100, 101), slice(500, 550)))
    with pytest.raises(InputError) as refusal:
        market_data(lake, MARKET, HOUR_MS)
    assert "51 of 1,000 are missing" in refusal.value.message
    assert "The widest gap: 50 from 2024-01-21T20:00:00Z to 2024-01-23T22:00:00Z" in refusal.value.message
    bound = float(refusal.value.hint.split()[-1].rstrip("."))
    assert market_data(lake, MARKET, HOUR_MS, coverage_min=bound).gate is not None


def test_a_range_that_begins_before_the_data_or_ends_after_it_is_thin() -> None:
    lake = lake_of(holed())
    for ends in ((START - 20 * HOUR_MS, None), (None, END + 20 * HOUR_MS)):
        with pytest.raises(InputError, match=r"98\.04%"):
            pass_gate(lake, MARKET, HOUR_MS, *ends)


def test_coarse_bars_built_from_few_fine_ones_do_not_hide_the_hole() -> None:
    lake = lake_of(holed(slice(25, 47)))
    assert len(lake.candles(MARKET, DAY_MS)) == 41
    with pytest.raises(InputError, match=r"22 of 1,000 are missing"):
        market_data(lake, MARKET, DAY_MS)


def test_what_was_let_through_is_kept_with_the_result() -> None:
    lake = lake_of(holed(slice(500, 550)))
    data = market_data(lake, MARKET, HOUR_MS, coverage_min=0.5)
    told = quality_json(data.candles, data.entry.quality, data.gate, sessions=False)
    assert told["coverage"] == {
        "share": 0.95, "present": 950, "expected": 1_000, "from": START, "to": END, "counted": "1h", "bound": 0.5,
        "bound_by_user": True,
    }  # fmt: skip
    assert [(one["name"], one["bars"]) for one in told["reasons"]] == [("hole_unexplained", 50)]
    assert told["score"] == 60.0


def test_the_same_bars_have_the_same_score_whatever_else_the_lake_holds() -> None:
    bars = holed(slice(500, 505))
    lake = lake_of(bars)
    alone = quality_json(bars, lake.entry(MARKET, HOUR_MS).quality, None, sessions=False)
    other = candles(100.0 + np.sin(np.arange(1_000)), market="test:CD")
    with lake.change() as change:
        change.put_candles(other, measure(other, sessions=False), sessions=False)
    assert quality_json(bars, lake.entry(MARKET, HOUR_MS).quality, None, sessions=False) == alone


def test_a_score_is_worked_out_once_for_its_bars_and_never_told_of_others(home: Path) -> None:
    bars = holed(slice(500, 505))
    lake = lake_of(bars)
    quality = lake.entry(MARKET, HOUR_MS).quality
    first = quality_json(bars, quality, None, sessions=False)
    (kept,) = (home / "checks" / "bars").iterdir()
    changed = kept.read_text().replace(f'"score": {first["score"]}', '"score": 1.5')
    kept.write_text(changed)
    assert quality_json(bars, quality, None, sessions=False)["score"] == 1.5, "it is read"
    assert quality_json(bars[:-1], quality, None, sessions=False)["score"] != 1.5, "other bars are other data"
    kept.write_text("{ torn")
    assert quality_json(bars, quality, None, sessions=False) == first


def test_nights_and_holidays_are_not_missing_but_a_broken_month_is() -> None:
    hours = np.arange(14, 21)
    days = [day for day in range(200) if day % 7 < 5]
    ts = START + np.array([day * DAY_MS + hour * HOUR_MS for day in days for hour in hours], np.int64)
    price = np.full(len(ts), 100.0)
    bars = Candles(MARKET, HOUR_MS, ts, price, price, price, price, price)
    assert coverage_of(bars, sessions=True).share == 1.0
    month = (ts < START + 60 * DAY_MS) | (ts >= START + 91 * DAY_MS)
    broken = Candles(MARKET, HOUR_MS, *(getattr(bars, name)[month] for name in CANDLE_COLUMNS))
    gone = coverage_of(broken, sessions=True)
    assert (gone.missing, gone.expected) == (int(np.count_nonzero(~month)), len(ts))


@pytest.mark.parametrize("bound", [-0.1, 1.5, float("nan")])
def test_a_bound_is_a_share(bound: float) -> None:
    with pytest.raises(InputError, match="cannot be"):
        pass_gate(lake_of(holed()), MARKET, HOUR_MS, None, None, bound)
