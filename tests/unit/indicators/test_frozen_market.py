"""A market that stands still: values as the reference states them, exactly, and no signal from them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.indicators.worlds import Columns, call, walk

from karat.core.indicators.catalogue import CATALOGUE
from karat.core.indicators.signal_helpers import above, below, crossed_above, crossed_below, market_alive

MOVING = 120
FROZEN = 180


def frozen_market() -> Columns:
    """120 moving bars, then 180 at one price that no binary fraction holds, without volume."""
    market = walk(seed=21, bars=MOVING, hostile=False)
    price = 207.1
    still = {"open": price, "high": price, "low": price, "close": price, "volume": 0.0}
    columns: Columns = {name: np.concatenate([market[name], np.full(FROZEN, value)]) for name, value in still.items()}
    columns["ts"] = np.arange(MOVING + FROZEN, dtype=np.int64) * 3_600_000
    return columns


def settled(name: str) -> list[tuple[str, np.ndarray]]:
    """The outputs over the last bars, where every window of up to 100 bars is frozen."""
    outputs = call(name, frozen_market(), **({"period": 100} if name.startswith("hurst") else {}))
    return [(CATALOGUE[name].outputs[k], output[-60:]) for k, output in enumerate(outputs)]


@pytest.mark.parametrize(
    "name",
    [
        "stochastic",
        "stochastic_rsi",
        "mfi",
        "williams_r",
        "cci",
        "bop",
        "variance",
        "standard_deviation",
        "realised_volatility",
        "garman_klass",
        "parkinson",
        "rogers_satchell",
        "beta",
        "correlation",
        "linear_regression_slope",
        "obv_slope",
        "momentum",
        "roc",
        "apo",
        "ppo",
        "ultimate_oscillator",
        "true_range",
        "log_return",
    ],
)
def test_it_is_exactly_zero(name: str) -> None:
    for output, values in settled(name):
        assert (values == 0.0).all(), output


@pytest.mark.parametrize("name", ["rsi", "cmo", "dx", "plus_di", "minus_di", "obv", "ad"])
def test_it_stays_at_its_last_value_to_the_bit(name: str) -> None:
    (values,) = call(name, frozen_market())
    assert len(np.unique(values[MOVING:])) == 1
    assert np.isfinite(values[-1])


@pytest.mark.parametrize("name", ["zscore", "vwap_utc_day", "close_vs_vwap", "vwap_rolling", "volume_ratio", "hurst"])
def test_it_is_undefined(name: str) -> None:
    for output, values in settled(name):
        assert np.isnan(values).all(), output


@pytest.mark.parametrize(
    "name",
    ["sma", "wma", "linear_regression", "bollinger", "donchian", "donchian_previous", "midprice", "midpoint"],
)
def test_price_levels_are_the_price_itself(name: str) -> None:
    for output, values in settled(name):
        assert (values == 207.1).all(), output


def test_a_market_that_never_moved_has_the_reference_extremes() -> None:
    still = {name: np.full(80, 55.5) for name in ("open", "high", "low", "close")} | {"volume": np.zeros(80)}
    for name in ("rsi", "cmo", "dx", "adx", "plus_di", "minus_di", "stochastic", "mfi", "williams_r", "cci"):
        first = CATALOGUE[name].first_valid()
        assert all((output[first:] == 0.0).all() for output in call(name, still)), name


def test_no_window_without_range_or_volume_is_alive() -> None:
    market = frozen_market()
    alive = market_alive(market["high"], market["low"], market["volume"], 20)
    assert not alive[:19].any()
    assert alive[19:MOVING].all()
    assert not alive[MOVING + 19 :].any()


def test_range_without_volume_is_not_alive() -> None:
    market = walk(seed=2, bars=40, hostile=False)
    assert not market_alive(market["high"], market["low"], np.zeros(40), 5).any()


def test_bands_at_the_price_are_never_crossed() -> None:
    market = frozen_market()
    upper, _, lower = call("bollinger", market)
    for signal in (above, below, crossed_above, crossed_below):
        assert not signal(market["close"], upper)[-100:].any()
        assert not signal(market["close"], lower)[-100:].any()
