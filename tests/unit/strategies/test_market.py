"""What a strategy sees: read-only, cached, joined as of, and cut without a trace of the future."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies.markets import START, candles, daily, market, walk

from karat.core.errors import InputError
from karat.core.indicators.catalogue import CATALOGUE
from karat.core.model.candles import Funding, Series
from karat.core.time import DAY_MS, HOUR_MS
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.strategies.joins import as_of


def test_columns_and_indicators_cannot_be_written_to() -> None:
    one = market()
    for array in (one.ts, one.close, one.ema(20), one.bollinger().upper, one.awake(5), one.bars_without_trade()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_an_indicator_is_computed_once_per_argument_set_however_it_is_spelled() -> None:
    one = market()
    first = one.ema(20)
    assert one.indicator("ema", period=20) is first
    assert one.indicator("ema", period=20.0) is first
    assert one.indicator("ema", of=one.close, period=20) is not one.ema(21)
    assert one.macd() is one.macd(12, 26, 9)
    assert one.bollinger(20, 2) is one.bollinger(20, 2.0)


def test_every_indicator_of_the_catalogue_can_be_asked_for_with_its_defaults() -> None:
    one = market(400)
    for name, spec in CATALOGUE.items():
        result = one.indicator(name)
        columns = result if len(spec.outputs) > 1 else (result,)
        assert len(columns) == len(spec.outputs)
        assert all(column.shape == (400,) and not column.flags.writeable for column in columns), name
        if len(spec.outputs) > 1:
            assert result._fields == spec.outputs


def test_an_indicator_of_an_indicator_is_cached_by_where_its_input_came_from() -> None:
    one = market()
    smooth = one.sma(10, of=one.rsi(14))
    assert one.sma(10, of=one.rsi(14)) is smooth
    assert one.sma(10, of=one.rsi(15)) is not smooth
    assert not np.array_equal(smooth, one.sma(10), equal_nan=True)


def test_an_indicator_of_ones_own_array_is_cached_by_its_content() -> None:
    one = market()
    first = one.sma(10, of=one.close - one.open)
    assert one.sma(10, of=one.close - one.open) is first
    assert one.sma(10, of=one.close - one.low) is not first


def test_an_indicator_with_several_inputs_takes_a_tuple() -> None:
    one = market()
    swapped = one.indicator("correlation", of=(one.low, one.high), period=10)
    assert np.allclose(swapped, one.indicator("correlation", period=10), equal_nan=True)
    with pytest.raises(InputError, match="reads high, low"):
        one.indicator("correlation", of=one.close)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    one = market()
    with pytest.raises(InputError, match="Did you mean bollinger"):
        one.indicator("bolinger")
    with pytest.raises(InputError, match="It has period"):
        one.indicator("ema", length=3)
    with pytest.raises(InputError) as refused:
        one.series("mood")
    assert refused.value.code == "input_missing"


def test_an_array_of_another_length_is_refused() -> None:
    one = market()
    with pytest.raises(ValueError, match="one value per bar"):
        one.sma(5, of=one.close[1:])


def test_the_cache_is_bounded_and_forgets_the_oldest_first() -> None:
    bars = 100
    one = Market(walk(bars), cache_bytes_max=5 * bars * 8)
    held = [one.ema(period) for period in range(2, 30)]
    assert len(one._cache) == 5
    assert one.ema(29) is held[-1]
    again = one.ema(2)
    assert again is not held[0] and np.array_equal(again, held[0], equal_nan=True)
    assert np.array_equal(one.sma(3, of=held[0]), one.sma(3, of=again), equal_nan=True)


def test_threads_share_one_result_per_argument_set() -> None:
    one = market(2_000)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: (k % 20, one.ema(2 + k % 20)), range(400)))
    for period, array in found:
        assert array is one.ema(2 + period)


def test_a_slice_is_a_new_market_with_an_empty_cache() -> None:
    whole = market()
    whole.ema(20)
    part = whole[:120]
    assert len(part) == 120 and len(part._cache) == 0
    assert np.array_equal(part.ema(20), whole.ema(20)[:120], equal_nan=True)
    with pytest.raises(ValueError, match="without a step"):
        whole[::2]


def test_a_slice_holds_no_observation_that_came_later() -> None:
    whole = Market(walk(24 * 10), series=[daily([1.0, 2.0, 3.0, 4.0, 5.0], delay_ms=DAY_MS + HOUR_MS)])
    part = whole[: 24 * 2 + 1]  # its last decision is at 01:00 of the third day: two days are out
    assert part.observations("mood").value.tolist() == [1.0, 2.0]
    assert part[:1].observations("mood").value.tolist() == []
    assert whole.observations("mood").value.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_funding_is_cut_and_joined_like_any_series() -> None:
    stamps = START + 8 * HOUR_MS * np.arange(4, dtype=np.int64)
    one = Market(walk(24), Funding(stamps, np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, np.nan)))
    rate = one.series("funding")
    assert rate[6] == 1.0 and rate[7] == 2.0 and rate[14] == 2.0 and rate[15] == 3.0
    assert len(one[:7].funding.ts) == 1 and len(one[:8].funding.ts) == 2
    assert one.inputs == ("funding",) and market().inputs == ()


def test_a_series_is_joined_by_when_it_was_known_and_not_by_its_date() -> None:
    one = Market(walk(24 * 4), series=[daily([1.0, 2.0, 3.0], delay_ms=DAY_MS + 9 * HOUR_MS)])
    joined = one.series("mood")
    assert np.isnan(joined[:32]).all()
    assert (joined[32 : 32 + 24] == 1.0).all() and (joined[56:80] == 2.0).all() and (joined[80:] == 3.0).all()


def test_a_late_correction_of_an_old_date_does_not_displace_a_newer_value() -> None:
    ts = np.array([0, 10, 0], np.int64)
    series = Series("mood", ts, np.array([5, 15, 20], np.int64), np.array([1.0, 2.0, 9.0]))
    assert as_of(series, np.array([4, 5, 15, 25], np.int64)).tolist()[1:] == [1.0, 2.0, 2.0]


def test_a_correction_of_the_newest_date_takes_its_place() -> None:
    ts = np.array([0, 10, 10], np.int64)
    series = Series("mood", ts, np.array([5, 15, 20], np.int64), np.array([1.0, 2.0, 9.0]))
    assert as_of(series, np.array([15, 19, 20], np.int64)).tolist() == [2.0, 2.0, 9.0]


observation = st.tuples(st.integers(0, 40), st.integers(0, 20), st.floats(-5, 5))


@given(st.lists(observation, max_size=12))
@settings(max_examples=150, deadline=None)
def test_as_of_join_equals_looking_for_the_newest_known_one_by_one(rows: list[tuple[int, int, float]]) -> None:
    ts = np.array([row[0] for row in rows], np.int64)
    available = np.array([row[0] + row[1] for row in rows], np.int64)
    series = Series("any", ts, available, np.array([row[2] for row in rows]))
    decisions = np.arange(0, 70, 3, dtype=np.int64)
    joined = as_of(series, decisions)
    for time, value in zip(decisions, joined, strict=True):
        known = [(ts[k], available[k], k) for k in range(len(rows)) if available[k] <= time]
        if not known:
            assert np.isnan(value)
            continue
        newest = max(known)
        equal = [series.value[k] for date, at, k in known if (date, at) == newest[:2]]
        assert value in equal


def test_the_same_bars_are_the_same_market_whether_cut_or_made_anew() -> None:
    mood = daily([1.0, 2.0, 3.0, 4.0, 5.0])
    cut = Market(walk(24 * 10), series=[mood])[:50]
    made = Market(walk(24 * 10)[:50], series=[mood])
    assert cut.observations("mood").value.tolist() == made.observations("mood").value.tolist() == [1.0, 2.0]
    assert mood.value.flags.writeable  # the caller's own array keeps its flags


def test_funding_under_the_name_of_a_series_is_refused() -> None:
    with pytest.raises(ValueError, match="given as Funding"):
        Market(walk(10), series=[Series("funding", *(daily([1.0]).ts,) * 2, np.ones(1))])


def test_a_market_without_bars_knows_nothing() -> None:
    nothing = Market(walk(24 * 3), series=[daily([1.0])])[:0]
    assert len(nothing) == 0 and len(nothing.observations("mood").ts) == 0 and len(nothing.series("mood")) == 0
    hold = find_strategy("buy_and_hold")
    assert len(evaluate(hold, nothing, resolve(hold))) == 0


def test_bars_without_trade_counts_frozen_and_silent_bars() -> None:
    close = np.array([10.0, 10.0, 10.0, 11.0, 11.0, 12.0, 13.0])
    volume = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    bars = candles(close, volume=volume, spread=0.0)
    one = Market(bars)
    assert one.bars_without_trade().tolist() == [1, 2, 3, 0, 1, 2, 0]
    assert one.awake(3).tolist() == [True, True, False, True, True, True, True]


def test_a_market_that_never_shows_volume_is_judged_by_its_prices() -> None:
    one = Market(candles(np.arange(10.0, 20.0), volume=np.zeros(10)))
    assert one.bars_without_trade().max() == 0
