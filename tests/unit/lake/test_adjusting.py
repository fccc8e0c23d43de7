"""Equities are read in the shares of the first bar: by hand, causally, and refused where a split is not explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS, parse_time_ms
from karat.lake.adjust import actions_name, actions_table
from karat.lake.quality import measure
from karat.lake.reading import read_market, stored_bars
from karat.lake.store import FolderLake, open_lake
from karat.ports.history import Action

SHARE = MarketId("us:ABC")
MONDAY = parse_time_ms("2024-01-01")
BELL = 14 * HOUR_MS + 30 * MINUTE_MS


def day(number: int) -> int:
    return MONDAY + number * DAY_MS


def candles(ts: list[int], close: list[float], length: int = DAY_MS, volume: float = 1_000.0) -> Candles:
    price = np.array(close)
    stamps = np.array(ts, np.int64)
    return Candles(SHARE, length, stamps, price, price * 1.01, price * 0.99, price.copy(), np.full(len(price), volume))


def lake_of(home: Path, bars: Candles, *actions: Action, sessions: bool = True) -> FolderLake:
    lake = open_lake(home)
    with lake.change() as change:
        change.put_candles(bars, measure(bars, sessions=sessions), sessions=sessions)
        if actions:
            change.put_table(actions_name(bars.market), actions_table(actions))
    return lake


def refused(lake: FolderLake, *ends: int | None, length: int = DAY_MS) -> InputError:
    with pytest.raises(InputError) as caught:
        read_market(lake, SHARE, length, *ends)
    return caught.value


def test_prices_after_a_split_and_a_dividend_can_be_checked_by_hand(tmp_path: Path) -> None:
    bars = candles([day(n) for n in range(5)], [100.0, 102.0, 51.0, 50.0, 52.0])
    lake = lake_of(tmp_path, bars, Action(day(2), "split", 2.0), Action(day(4), "dividend", 1.0))
    read = read_market(lake, SHARE, DAY_MS)
    assert read.candles.close.tolist() == [100.0, 102.0, 102.0, 100.0, 52.0 * 2.0 * 50.0 / 49.0]
    assert read.candles.volume.tolist() == [1_000.0, 1_000.0, 500.0, 500.0, 500.0]
    assert (read.instrument.lot, read.instrument.tick, read.instrument.min_quantity) == (0.5, 0.01, 0.5)
    held, cash = 1 * 2, 1 * 2 * 1.0  # one share bought on the first day, and what its two halves were paid
    worth = held * 52.0 + cash / 49.0 * 52.0  # the cash bought shares at the price without the dividend
    assert read.candles.close[-1] == pytest.approx(worth)


def test_of_one_day_the_split_comes_before_the_dividend(tmp_path: Path) -> None:
    bars = candles([day(n) for n in range(3)], [100.0, 100.0, 49.0])
    lake = lake_of(tmp_path, bars, Action(day(2), "dividend", 1.0), Action(day(2), "split", 2.0))
    assert read_market(lake, SHARE, DAY_MS).candles.close[-1] == pytest.approx(100.0)


def test_the_first_bar_read_says_in_whose_shares(tmp_path: Path) -> None:
    bars = candles([day(n) for n in range(4)], [100.0, 50.0, 25.0, 26.0])
    lake = lake_of(tmp_path, bars, Action(day(1), "split", 2.0), Action(day(2), "split", 2.0))
    assert read_market(lake, SHARE, DAY_MS).candles.close.tolist() == [100.0, 100.0, 100.0, 104.0]
    assert read_market(lake, SHARE, DAY_MS, day(1)).candles.close.tolist() == [50.0, 50.0, 52.0]
    assert read_market(lake, SHARE, DAY_MS, day(2)).adjustment is not None
    assert read_market(lake, SHARE, DAY_MS, day(2)).candles.close.tolist() == [25.0, 26.0]


def test_a_range_that_ends_later_begins_with_the_same_bits(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    bars = candles([day(n) for n in range(60)], (100.0 * np.exp(np.cumsum(dice.normal(0, 0.01, 60)))).tolist())
    actions = [Action(day(n), "dividend", 0.37) for n in range(3, 60, 7)]
    lake = lake_of(tmp_path, bars, *actions)
    whole = read_market(lake, SHARE, DAY_MS).candles
    for end in range(1, 60):
        part = read_market(lake, SHARE, DAY_MS, None, day(end)).candles
        assert all(np.array_equal(getattr(part, name), getattr(whole, name)[:end]) for name in CANDLE_COLUMNS), end


def test_a_reverse_split_makes_the_tick_finer_and_leaves_the_lot(tmp_path: Path) -> None:
    bars = candles([day(n) for n in range(3)], [1.0, 1.0, 10.0])
    read = read_market(lake_of(tmp_path, bars, Action(day(2), "split", 0.1)), SHARE, DAY_MS)
    assert read.candles.close.tolist() == [1.0, 1.0, 1.0]
    assert (read.instrument.tick, read.instrument.lot) == (0.001, 1.0)


def test_late_trading_after_midnight_belongs_to_the_evening_before(tmp_path: Path) -> None:
    """In winter New York trades until 01:00 UTC; the new shares come in the morning."""
    late = [day(2) + minutes * MINUTE_MS for minutes in (-30, 0, 30)]
    ts = [day(1) + BELL, *late, day(2) + 9 * HOUR_MS, day(2) + BELL]
    bars = candles(ts, [100.0, 100.0, 100.0, 100.0, 25.0, 25.0], 30 * MINUTE_MS)
    read = read_market(lake_of(tmp_path, bars, Action(day(2), "split", 4.0)), SHARE, 30 * MINUTE_MS)
    assert read.candles.close.tolist() == [100.0] * 6
    until_late = read_market(open_lake(tmp_path), SHARE, 30 * MINUTE_MS, None, day(2) + HOUR_MS)
    assert until_late.candles.close.tolist() == [100.0] * 4, "known without the morning"


def test_coarse_bars_are_built_from_one_kind_of_share(tmp_path: Path) -> None:
    ts = [day(n) + BELL - 30 * MINUTE_MS + hour * HOUR_MS for n in range(9) for hour in range(7)]
    bars = candles(ts, [100.0] * 7 * 4 + [50.0] * 7 * 5, HOUR_MS)
    lake = lake_of(tmp_path, bars, Action(day(4), "split", 2.0))
    weeks = read_market(lake, SHARE, 2 * DAY_MS).candles
    assert weeks.high.max() == 101.0
    assert set(weeks.close.tolist()) == {100.0}
    assert set(read_market(lake, SHARE, DAY_MS, day(5)).candles.close.tolist()) == {50.0}


def test_a_stored_week_that_holds_a_split_is_refused(tmp_path: Path) -> None:
    week = 7 * DAY_MS
    bars = candles([MONDAY + n * week for n in range(3)], [100.0, 70.0, 50.0], week)
    lake = lake_of(tmp_path, bars, Action(MONDAY + week + 2 * DAY_MS, "split", 2.0))
    assert refused(lake, length=week).code == "bar_spans_action"
    assert read_market(lake, SHARE, week, MONDAY + 2 * week).candles.close.tolist() == [50.0]


@pytest.mark.parametrize(("kind", "value"), [("dividend", 100.0), ("split", 0.0), ("dividend", -1.0)])
def test_an_action_that_cannot_be_is_refused(tmp_path: Path, kind: str, value: float) -> None:
    lake = lake_of(tmp_path, candles([day(n) for n in range(3)], [100.0, 100.0, 50.0]), Action(day(2), kind, value))
    assert refused(lake).code == "action_impossible"


def fallen(by: float) -> Candles:
    dice = np.random.default_rng(5)
    price = 100.0 * np.exp(np.cumsum(dice.normal(0, 0.01, 60)))
    price[30:] /= by
    return candles([day(n) for n in range(60)], price.tolist())


def test_a_fall_that_looks_like_an_unknown_split_is_refused_by_its_date(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, fallen(by=4.0))
    error = refused(lake)
    assert error.code == "split_unexplained"
    assert "4:1 split on 2024-01-31" in error.message
    assert len(read_market(lake, SHARE, DAY_MS, day(30)).candles) == 30, "behind it there is nothing to explain"


def test_a_wrong_ratio_explains_nothing(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, fallen(by=4.0), Action(day(30), "split", 2.0))
    assert "2:1 split" in refused(lake).message


def test_a_split_of_one_says_that_the_fall_was_real(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, fallen(by=4.0), Action(day(30), "split", 1.0))
    read = read_market(lake, SHARE, DAY_MS)
    assert np.array_equal(read.candles.close, fallen(by=4.0).close)


def test_a_market_that_never_closes_is_read_as_it_lies(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, fallen(by=4.0), sessions=False)
    read = read_market(lake, SHARE, DAY_MS)
    assert read.adjustment is None
    assert np.array_equal(read.candles.close, stored_bars(lake, SHARE, DAY_MS).close)
