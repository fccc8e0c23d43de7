"""Values against the definitions written out slowly, and against the published vectors."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.unit.indicators.worlds import walk

from karat.core.errors import InputError
from karat.core.indicators import averages, bands, hurst, price, regression, volatility, volume
from karat.core.indicators.volatility import bars_per_year, yearly
from karat.core.time import timeframe_ms


def exact_moments(window: np.ndarray) -> tuple[float, float]:
    values = [Fraction(float(value)) for value in window]
    mean = sum(values) / len(values)
    return float(mean), float(sum((value - mean) ** 2 for value in values) / len(values))


@pytest.mark.parametrize("period", [2, 3, 7, 20, 61])
def test_a_variance_keeps_its_digits_when_the_price_is_a_hundred_million_times_its_moves(period: int) -> None:
    random = np.random.default_rng(4)
    values = 1e6 + random.normal(0.0, 0.01, 300)
    actual = bands.variance(values, period)
    for bar in range(period - 1, 300, 17):
        mean, variance = exact_moments(values[bar - period + 1 : bar + 1])
        assert actual[bar] == pytest.approx(variance, rel=1e-11)
        assert averages.sma(values, period)[bar] == pytest.approx(mean, rel=1e-15)


@pytest.mark.parametrize("period", [2, 5, 14, 50])
def test_rolling_regression_equals_least_squares_on_each_window(period: int) -> None:
    values = walk(seed=31, bars=150, hostile=False)["close"]
    slope, intercept, endpoint, r_squared = regression.rolling_regression(values, period)
    place = np.arange(period, dtype=np.float64)
    for bar in range(period - 1, 150, 11):
        window = values[bar - period + 1 : bar + 1]
        expected_slope, expected_intercept = np.polyfit(place, window, 1)
        assert slope[bar] == pytest.approx(expected_slope, rel=1e-7, abs=1e-10)
        assert intercept[bar] == pytest.approx(expected_intercept, rel=1e-10)
        assert endpoint[bar] == pytest.approx(expected_intercept + (period - 1) * expected_slope, rel=1e-10)
        assert r_squared[bar] == pytest.approx(np.corrcoef(place, window)[0, 1] ** 2, rel=1e-7, abs=1e-12)


def test_r_squared_is_undefined_where_nothing_moves_and_one_on_a_line() -> None:
    assert np.isnan(regression.rolling_regression(np.full(30, 7.7), 10)[3][9:]).all()
    assert regression.rolling_regression(np.arange(30.0), 10)[3][9:] == pytest.approx(np.ones(21), rel=1e-14)


@pytest.mark.parametrize("period", [1, 2, 3, 8, 31, 64, 65])
def test_extremes_equal_the_window_searched(period: int) -> None:
    values = walk(seed=12, bars=140)["close"]
    highest, lowest = price.rolling_max(values, period), price.rolling_min(values, period)
    for bar in range(period - 1, 140):
        assert highest[bar] == values[bar - period + 1 : bar + 1].max()
        assert lowest[bar] == values[bar - period + 1 : bar + 1].min()


def test_weighted_average_of_one_bar_is_the_bar() -> None:
    values = walk(seed=12, bars=20)["close"]
    assert averages.wma(values, 1).tobytes() == values.tobytes()


def test_an_exponential_average_is_its_recursion() -> None:
    values = walk(seed=13, bars=400, hostile=False)["close"]
    actual = averages.ema(values, 10)
    level = float(np.mean(values[:10]))
    for bar in range(10, 400):
        level += 2.0 / 11.0 * (values[bar] - level)
        assert actual[bar] == pytest.approx(level, rel=1e-14)


def test_a_day_of_vwap_starts_at_midnight_utc() -> None:
    ts = np.array([timeframe_ms("1d") - timeframe_ms("1h"), timeframe_ms("1d"), timeframe_ms("1d") + 1], dtype=np.int64)
    tens = np.array([10.0, 20.0, 40.0])
    traded = np.array([3.0, 1.0, 3.0])
    assert volume.vwap_utc_day(ts, tens, tens, tens, traded).tolist() == [10.0, 20.0, 35.0]


def test_a_price_that_is_not_positive_has_no_logarithm_and_starts_it_over() -> None:
    close = np.array([1.0, 2.0, 0.0, 2.0, 4.0])
    actual = volatility.log_return(close)
    assert np.isnan(actual[[0, 2, 3]]).all()
    assert actual[[1, 4]] == pytest.approx(math.log(2.0))


def test_yearly_volatility_counts_bars_of_365_days() -> None:
    assert bars_per_year(timeframe_ms("1h")) == 8760.0
    assert yearly(np.array([0.01, np.nan]), timeframe_ms("1d"))[0] == pytest.approx(0.01 * math.sqrt(365.0))
    with pytest.raises(InputError, match="not possible"):
        bars_per_year(0)


@pytest.mark.parametrize("vector", ["hurst_0.3", "hurst_0.5", "hurst_0.7", "hurst_0.85"])
def test_hurst_equals_the_vector(shared: Path, vector: str) -> None:
    vectors = json.loads((shared / "reference" / "validation_vectors.json").read_text())["vectors"]
    (case,) = (entry for entry in vectors if entry["id"] == vector)
    increments = np.load(shared / "reference" / "validation_vectors_data.npz")[case["inputs"]["increments"]["npz"]]
    sizes, expected, within = case["inputs"]["window_sizes"], case["expected"], case["tolerance"]["abs_same_windows"]
    for method, key in (
        ("rescaled_range", "rs"),
        ("rescaled_range_corrected", "rs_anis_lloyd"),
        ("detrended_fluctuation", "dfa1"),
    ):
        assert hurst.hurst_exponent(increments, sizes, method) == pytest.approx(expected[key], abs=within)


def test_hurst_of_short_noise_spreads_as_the_vector_says(shared: Path) -> None:
    vectors = json.loads((shared / "reference" / "validation_vectors.json").read_text())["vectors"]
    (case,) = (entry for entry in vectors if entry["id"] == "hurst_short_window_noise")
    bars = case["inputs"]["n"]
    random = np.random.default_rng(2026)
    draws = [random.normal(size=bars) for _ in range(400)]
    for method, key in (("detrended_fluctuation", "dfa"), ("rescaled_range", "rs")):
        found = [hurst.hurst_exponent(draw, hurst.default_sizes(bars), method) for draw in draws]
        assert np.mean(found) == pytest.approx(case["expected"][f"{key}_mean"], abs=case["tolerance"]["abs"])
        assert np.std(found) == pytest.approx(case["expected"][f"{key}_std"], abs=case["tolerance"]["abs"])


def test_rolling_hurst_is_the_estimate_of_its_window() -> None:
    close = walk(seed=40, bars=260, hostile=False)["close"]
    returns = volatility.log_return(close)
    for function, method in (
        (hurst.hurst, "detrended_fluctuation"),
        (hurst.hurst_rescaled_range, "rescaled_range_corrected"),
    ):
        actual = function(close, 200)
        for bar in (200, 231, 259):
            window = returns[bar - 199 : bar + 1]
            expected = hurst.hurst_exponent(window, hurst.default_sizes(200), method)
            assert actual[bar] == pytest.approx(expected, rel=1e-9)


def test_hurst_of_a_constant_drift_is_undefined() -> None:
    assert np.isnan(hurst.hurst(100.0 * 1.001 ** np.arange(120.0), 64)).all()


@pytest.mark.parametrize(
    ("sizes", "method", "words"),
    [([8, 16], "wavelet", "not a method"), ([8], "rescaled_range", "two or more"), ([8, 999], "rescaled_range", "two")],
)
def test_hurst_refuses_what_it_cannot_do(sizes: list[int], method: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        hurst.hurst_exponent(np.arange(100.0), sizes, method)
