"""Laws that every indicator of the catalogue keeps, on hostile markets, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.indicators.worlds import Columns, Floats, call, cut, walk

from karat.core.errors import InputError
from karat.core.indicators.catalogue import CATALOGUE

NAMES = sorted(CATALOGUE)
FIELD_NAMES = {
    "sma",
    "ema",
    "wma",
    "dema",
    "tema",
    "t3",
    "kama",
    "trix",
    "macd",
    "rsi",
    "cmo",
    "atr",
    "natr",
    "true_range",
    "adx",
    "dx",
    "plus_di",
    "minus_di",
    "stochastic",
    "stochastic_rsi",
    "cci",
    "williams_r",
    "mfi",
    "ultimate_oscillator",
    "aroon",
    "roc",
    "momentum",
    "bollinger",
    "keltner",
    "donchian",
    "donchian_previous",
    "ichimoku",
    "supertrend",
    "sar",
    "obv",
    "ad",
    "adosc",
    "ppo",
    "apo",
    "midprice",
    "midpoint",
    "rolling_max",
    "rolling_min",
    "bop",
    "typical_price",
    "linear_regression",
    "linear_regression_slope",
    "rolling_regression",
    "beta",
    "correlation",
    "vwap_utc_day",
    "vwap_rolling",
    "volume_ratio",
    "log_return",
    "realised_volatility",
    "garman_klass",
    "parkinson",
    "rogers_satchell",
    "atr_ratio",
    "obv_slope",
    "zscore",
    "standard_deviation",
    "variance",
    "ht_trendline",
    "hurst",
    "close_vs_vwap",
    "ema_relative",
}
HURST = {"hurst", "hurst_rescaled_range"}
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SMALL: dict[str, int | float] = {
    "period": 3,
    "fast_period": 2,
    "slow_period": 5,
    "signal_period": 3,
    "rsi_period": 4,
    "atr_period": 4,
    "slow_k_period": 2,
    "slow_d_period": 3,
    "fast_d_period": 2,
    "short_period": 2,
    "middle_period": 3,
    "long_period": 5,
    "tenkan_period": 2,
    "kijun_period": 4,
    "span_b_period": 7,
    "shift": 3,
}


def parameter_sets(name: str) -> list[dict[str, int | float]]:
    """The defaults, and short windows."""
    names = [parameter for parameter, _ in CATALOGUE[name].parameters]
    if name in HURST:
        return [{"period": 64}]
    small = {parameter: SMALL[parameter] for parameter in names if parameter in SMALL}
    return [{}, small] if small else [{}]


def same_bits(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def part(outputs: tuple[Floats, ...], start: int, stop: int) -> tuple[Floats, ...]:
    return tuple(output[start:stop] for output in outputs)


def float_inputs(name: str) -> list[str]:
    return [column for column in CATALOGUE[name].inputs if column != "ts"]


def test_the_catalogue_speaks_the_language_of_the_field() -> None:
    assert set(CATALOGUE) >= FIELD_NAMES
    assert all(name == indicator.name and indicator.meaning for name, indicator in CATALOGUE.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_prefix_gives_the_same_bits_at_every_cut(name: str) -> None:
    market = walk(seed=5, bars=230)
    for parameters in parameter_sets(name):
        full = call(name, market, **parameters)
        for stop in [*range(0, 60, 3), *range(60, 230, 13), 229]:
            shorter = call(name, cut(market, 0, stop), **parameters)
            assert same_bits(shorter, part(full, 0, stop)), f"{name} {parameters} differs when cut at {stop}"


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(data=st.data())
def test_a_prefix_of_a_hostile_market_with_holes_gives_the_same_bits(name: str, data: st.DataObject) -> None:
    bars = data.draw(st.integers(1, 160))
    market = {key: values.copy() for key, values in walk(data.draw(st.integers(0, 2**20)), bars).items()}
    holes = data.draw(st.lists(st.integers(0, bars - 1), max_size=3))
    head = data.draw(st.integers(0, bars // 3))
    for column in float_inputs(name):
        market[column][holes] = np.nan
        market[column][:head] = np.nan
    parameters = data.draw(st.sampled_from(parameter_sets(name)))
    if "period" in parameters and name not in HURST:
        parameters = {**parameters, "period": data.draw(st.integers(2, 40))}
    stop = data.draw(st.integers(0, bars))
    full = call(name, market, **parameters)
    assert same_bits(call(name, cut(market, 0, stop), **parameters), part(full, 0, stop))
    assert not any(np.isinf(output).any() for output in full)


ANY_NUMBER = st.one_of(
    st.floats(-1e6, 1e6, width=32),
    st.sampled_from([0.0, -0.0, 1.0, 1e-12, 1e9, float("nan"), float("inf"), -float("inf")]),
)


@pytest.mark.parametrize("name", [name for name in NAMES if "ts" not in CATALOGUE[name].inputs])
@QUICK
@given(data=st.data())
def test_any_numbers_at_all_give_numbers_or_nan_and_the_same_prefix(name: str, data: st.DataObject) -> None:
    bars = data.draw(st.integers(0, 80))
    market = {
        column: np.array(data.draw(st.lists(ANY_NUMBER, min_size=bars, max_size=bars)), dtype=np.float64)
        for column in float_inputs(name)
    }
    parameters = parameter_sets(name)[-1]
    stop = data.draw(st.integers(0, bars))
    full = call(name, market, **parameters)
    assert not any(np.isinf(output).any() for output in full)
    assert same_bits(call(name, cut(market, 0, stop), **parameters), part(full, 0, stop))


@pytest.mark.parametrize("name", NAMES)
def test_after_a_nan_an_indicator_starts_over_as_if_the_series_began_there(name: str) -> None:
    parameters = parameter_sets(name)[-1]
    market = walk(seed=8, bars=300)
    for column in float_inputs(name):
        for bad in (np.nan, np.inf, -np.inf):
            broken = {key: values.copy() for key, values in market.items()}
            broken[column][150] = bad
            outputs = call(name, broken, **parameters)
            assert same_bits(part(outputs, 0, 150), call(name, cut(market, 0, 150), **parameters))
            assert all(np.isnan(output[150]) for output in outputs)
            assert same_bits(part(outputs, 151, 300), call(name, cut(market, 151, 300), **parameters))


@pytest.mark.parametrize("name", NAMES)
def test_a_head_of_nan_is_skipped(name: str) -> None:
    parameters = parameter_sets(name)[-1]
    market = walk(seed=9, bars=160)
    headed: Columns = {
        key: values if key == "ts" else np.concatenate([np.full(40, np.nan), values[40:]])
        for key, values in market.items()
    }
    outputs = call(name, headed, **parameters)
    assert all(np.isnan(output[:40]).all() for output in outputs)
    assert same_bits(part(outputs, 40, 160), call(name, cut(market, 40, 160), **parameters))


@pytest.mark.parametrize("name", NAMES)
def test_values_start_at_first_valid_and_stay_defined(name: str) -> None:
    market = walk(seed=3, bars=400, hostile=False)
    for parameters in parameter_sets(name):
        first = CATALOGUE[name].first_valid(**parameters)
        outputs = call(name, market, **parameters)
        assert len(outputs) == len(CATALOGUE[name].outputs)
        assert all(np.isfinite(output[first:]).all() for output in outputs)
        if first:
            assert any(np.isnan(output[first - 1]) for output in outputs), "defined before first_valid"


@pytest.mark.parametrize("name", NAMES)
def test_too_few_bars_give_nan_and_no_error(name: str) -> None:
    parameters = parameter_sets(name)[0]
    market = walk(seed=4, bars=300, hostile=False)
    first = CATALOGUE[name].first_valid(**parameters)
    for bars in {0, 1, 2, max(first - 1, 0), first}:
        outputs = call(name, cut(market, 0, bars), **parameters)
        assert all(len(output) == bars for output in outputs)
        last = [np.isnan(output[-1]) for output in outputs if bars]
        assert not bars or any(last) == (bars <= first)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_untouched_and_may_be_read_only_or_strided(name: str) -> None:
    parameters = parameter_sets(name)[-1]
    market = walk(seed=6, bars=120)
    before = {key: values.copy() for key, values in market.items()}
    plain = call(name, market, **parameters)
    assert all(np.array_equal(market[key], before[key]) for key in market)
    strided = {key: np.repeat(values, 2)[::2] for key, values in market.items()}
    for values in market.values():
        values.flags.writeable = False
    assert same_bits(plain, call(name, market, **parameters))
    assert same_bits(plain, call(name, strided, **parameters))


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_out_of_range_is_refused(name: str) -> None:
    market = walk(seed=6, bars=30)
    for parameter, default in CATALOGUE[name].parameters:
        for bad in (-1, 2_000_000_000, float("nan")) if isinstance(default, float) else (-1, 2_000_000, 2.5):
            with pytest.raises(InputError, match=parameter):
                call(name, market, **{parameter: bad})


@pytest.mark.parametrize("name", [name for name in NAMES if len(CATALOGUE[name].inputs) > 1])
def test_columns_of_different_lengths_are_refused(name: str) -> None:
    market = walk(seed=6, bars=30)
    market[CATALOGUE[name].inputs[-1]] = market[CATALOGUE[name].inputs[-1]][:-1]
    with pytest.raises(InputError, match="one length"):
        call(name, market)


@pytest.mark.parametrize("name", ["macd", "apo", "ppo", "adosc", "kama", "atr_ratio"])
def test_a_fast_period_that_is_not_shorter_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="must be less than"):
        call(name, walk(seed=6, bars=30), fast_period=26, slow_period=26)


def test_an_indicator_of_an_indicator_equals_it_on_the_defined_part() -> None:
    close = walk(seed=7, bars=200)["close"]
    strength = CATALOGUE["rsi"].function(close, period=14)
    smoothed = CATALOGUE["ema"].function(strength, period=9)
    assert np.isnan(smoothed[: 14 + 8]).all()
    assert smoothed[22:].tobytes() == CATALOGUE["ema"].function(strength[14:], period=9)[8:].tobytes()
