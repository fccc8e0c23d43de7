"""Regimes of markets in which a reader can tell the label, of a known one, and of none that is known in advance."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.research.small_markets import START as SMALL_START
from tests.unit.research.small_markets import candles

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.research.period_figures import (
    largest_regime_share,
    period_figures,
    regimes_positive,
    worst_regime_drawdown,
)
from karat.research.period_regimes import PERIODS, Period, daily_closes, period_regimes
from karat.stats.figure import Undefined

START = parse_time_ms("2020-01-01")


def days_from(count: int) -> np.ndarray:
    return START + DAY_MS * np.arange(count, dtype=np.int64)


def quiet(count: int, size: float = 0.02) -> np.ndarray:
    """Log returns that go up and down in turn and lead nowhere."""
    return size * np.where(np.arange(count) % 2, -1.0, 1.0)


def labelled(*parts: np.ndarray) -> tuple[np.ndarray, list[Period]]:
    """Closes of these log returns one after the other, and the label of each."""
    close = 100.0 * np.exp(np.concatenate(parts).cumsum())
    return close, [PERIODS[k] for k in period_regimes(days_from(len(close)), close).labels]


def test_a_market_that_leads_nowhere_is_a_range():
    _, found = labelled(quiet(400))
    assert set(found) == {Period.RANGE}


def test_a_market_that_rises_is_a_bull_and_one_that_falls_a_bear():
    # A day moves 2%: half of what 90 days do is 9.5%, which a drift of 0.4% a day reaches on its 24th day.
    _, found = labelled(quiet(200), quiet(200) + 0.004, quiet(200) - 0.004)
    assert found[199] is Period.RANGE
    assert found[240:400] == [Period.BULL] * 160
    assert found[500:600] == [Period.BEAR] * 100


def test_a_market_that_moves_three_times_as_far_each_day_is_wild_until_it_calms_down():
    _, found = labelled(quiet(300), quiet(60, 0.06), quiet(200))
    assert set(found[:300]) == {Period.RANGE}
    assert found[320:360] == [Period.HIGH_VOLATILITY] * 40
    assert set(found[400:]) == {Period.RANGE}


def test_a_wild_beginning_has_nothing_to_be_compared_with():
    _, found = labelled(quiet(100, 0.06), quiet(40, 0.18))
    assert Period.HIGH_VOLATILITY not in found


def test_a_crash_runs_from_the_day_after_the_high_to_half_of_the_way_back():
    # From 101 in six days to 62.4, then +1% a day; half of the fall is won back above 81.7, on the 28th day.
    up, down = np.log(1.01), np.log(0.91)
    close, found = labelled(quiet(200, 0.01), np.full(5, down), np.full(60, up))
    half = (close[198] + close[204]) / 2.0
    end = int(np.flatnonzero(close[205:] >= half)[0]) + 205
    assert end == 204 + 28
    crash = [k for k, label in enumerate(found) if label is Period.CRASH_AND_RECOVERY]
    high = 198  # the last close before the swing down that ends the quiet days
    assert crash == list(range(high + 1, end + 1))


def test_a_crash_without_recovery_is_over_45_days_after_its_lowest_close():
    _, found = labelled(quiet(200, 0.01), np.full(5, np.log(0.91)), np.abs(quiet(120, 1e-5)))
    assert found[204 + 45] is Period.CRASH_AND_RECOVERY
    assert found[204 + 46] is not Period.CRASH_AND_RECOVERY


def test_a_fall_of_19_percent_is_no_crash():
    close, found = labelled(quiet(200, 0.01), np.full(5, np.log(0.96)), np.zeros(60))
    assert 0.18 < 1.0 - close[204] / close[198] < 0.2
    assert Period.CRASH_AND_RECOVERY not in found


def test_segments_cover_the_whole_range_and_say_which_regimes_are_lacking():
    close = 100.0 * np.exp(np.concatenate((quiet(200), quiet(200) + 0.004)).cumsum())
    periods = period_regimes(days_from(400), close)
    first, second = periods.segments
    assert (first.period, second.period) == (Period.RANGE, Period.BULL)
    assert first.begin_ts == START and first.end_ts == second.begin_ts and second.end_ts == START + 400 * DAY_MS
    assert first.days + second.days == 400
    assert periods.days_of(Period.BEAR) == 0


def test_the_closes_of_days_are_those_of_their_last_bars():
    day_ts, closes = daily_closes(candles(np.arange(1.0, 61.0)))  # 60 hours: two days and a half
    assert day_ts.tolist() == [SMALL_START + DAY_MS * k for k in range(3)]
    assert closes.tolist() == [24.0, 48.0, 60.0]


def test_too_short_a_record_is_refused():
    with pytest.raises(InputError) as refused:
        period_regimes(days_from(30), np.full(30, 100.0))
    assert refused.value.code == "record_too_short"


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(60, 400), st.floats(0.005, 0.08))
def test_a_label_of_30_days_ago_never_changes(seed, cut, size):
    draw = np.random.default_rng(seed)
    close = np.exp(size * draw.standard_t(4, 450).cumsum())
    whole = period_regimes(days_from(450), close).labels
    before = period_regimes(days_from(cut), close[:cut]).labels
    assert np.array_equal(before[: cut - 30], whole[: cut - 30])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(1e-6, 1e6))
def test_the_unit_of_a_price_is_of_no_matter(seed, unit):
    close = np.exp(0.03 * np.random.default_rng(seed).standard_t(4, 300).cumsum())
    found = period_regimes(days_from(300), close).labels
    assert np.count_nonzero(found != period_regimes(days_from(300), unit * close).labels) <= 1  # rounding at a bound


def test_bitcoin_as_it_is_remembered(shared):
    table = pl.read_parquet(shared / "data/candles/binance_spot/1d/BTCUSDT.parquet")
    periods = period_regimes(table["ts"].to_numpy(), table["close"].to_numpy())

    def share(period: Period, begin: str, end: str) -> float:
        within = (periods.day_ts >= parse_time_ms(begin)) & (periods.day_ts < parse_time_ms(end))
        return float(np.mean(periods.labels[within] == PERIODS.index(period)))

    assert share(Period.BEAR, "2018-02-01", "2018-09-01") > 0.7
    assert share(Period.CRASH_AND_RECOVERY, "2018-11-14", "2019-01-01") == 1.0
    assert share(Period.CRASH_AND_RECOVERY, "2020-03-01", "2020-04-20") == 1.0
    assert share(Period.BULL, "2020-10-20", "2021-01-10") == 1.0
    assert share(Period.RANGE, "2023-07-01", "2023-10-15") == 1.0
    assert all(periods.days_of(period) >= 90 for period in PERIODS)


def test_days_of_hourly_bars_are_those_of_daily_bars(shared):
    hours = pl.read_parquet(shared / "data/candles/binance_spot/1h/BTCUSDT.parquet").tail(24 * 400)
    days = pl.read_parquet(shared / "data/candles/binance_spot/1d/BTCUSDT.parquet").tail(400)
    columns = {name: hours[name].to_numpy() for name in ("ts", "open", "high", "low", "close", "volume")}
    day_ts, closes = daily_closes(Candles(market=MarketId("test:AB"), timeframe_ms=HOUR_MS, **columns))
    assert day_ts.tolist()[-300:] == days["ts"].to_list()[-300:]
    assert closes.tolist()[-300:] == days["close"].to_list()[-300:]


def a_run(gains: list[float]) -> tuple:
    """200 days of a range, then 200 of a bull; the run earns so much a day in each."""
    close = 100.0 * np.exp(np.concatenate((quiet(200), quiet(200) + 0.004)).cumsum())
    periods = period_regimes(days_from(400), close)
    of_day = np.where(periods.labels == PERIODS.index(Period.BULL), gains[1], gains[0])
    marks = 1_000.0 + np.concatenate(([0.0], np.cumsum(of_day)))
    entries = days_from(400)[[3, 350, 360]] + 5 * DAY_MS // 24
    return period_figures(periods, days_from(400), marks, entries)


def test_a_run_is_judged_in_each_regime_apart():
    figures = {one.period: one for one in a_run([-1.0, 2.0])}
    flat, bull = figures[Period.RANGE], figures[Period.BULL]
    assert (flat.trades, bull.trades) == (1, 2)
    assert flat.days + bull.days == 400
    assert flat.total_return == pytest.approx(-flat.days / 1_000.0)
    assert flat.max_drawdown == pytest.approx(flat.days / 1_000.0)
    assert bull.total_return == pytest.approx((1_000.0 - flat.days + 2.0 * bull.days) / (1_000.0 - flat.days) - 1.0)
    assert bull.max_drawdown == 0.0
    assert not flat.is_positive and bull.is_positive
    crash = figures[Period.CRASH_AND_RECOVERY]
    assert isinstance(crash.total_return, Undefined) and "0 days" in crash.total_return.reason
    assert not crash.is_positive


def test_too_few_regimes_are_no_count_but_a_reason():
    figures = a_run([1.0, 1.0])
    found = regimes_positive(figures)
    assert isinstance(found, Undefined) and "only 2 of the five" in found.reason
    assert regimes_positive(figures, needed=2) == 2.0
    assert regimes_positive(a_run([-1.0, 1.0]), needed=2) == 1.0


def test_what_one_regime_earned_of_all():
    figures = a_run([-1.0, 2.0])
    flat, bull = figures[2].days, figures[0].days
    assert largest_regime_share(figures) == pytest.approx(2.0 * bull / (2.0 * bull - flat))
    assert isinstance(largest_regime_share(a_run([-1.0, -1.0])), Undefined)
    assert worst_regime_drawdown(figures) == pytest.approx(flat / 1_000.0)


def test_a_ruined_account_lost_all_in_what_it_did_not_live_to_see():
    figures = a_run([-6.0, 1.0])  # 1,000 are gone on the 167th day of the range
    assert [one.total_return for one in figures if one.is_judged] == [-1.0, -1.0]
    assert regimes_positive(figures, needed=2) == 0.0
    assert worst_regime_drawdown(figures) == 1.0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_days_trades_and_profit_of_the_regimes_add_up_to_the_run(seed):
    draw = np.random.default_rng(seed)
    close = np.exp(0.03 * draw.standard_t(4, 500).cumsum())
    periods = period_regimes(days_from(500), close)
    marks = 1_000.0 * np.exp(np.concatenate(([0.0], 0.01 * draw.normal(size=300).cumsum())))
    entries = np.sort(START + draw.integers(100 * DAY_MS, 400 * DAY_MS, 50))
    figures = period_figures(periods, days_from(500)[100:400], marks, entries)
    assert sum(one.days for one in figures) == 300
    assert sum(one.trades for one in figures) == 50
    assert sum(one.profit for one in figures) == pytest.approx(marks[-1] - marks[0])
