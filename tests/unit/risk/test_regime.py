"""The regime of a bar: points that can be counted by hand, and the past alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from karat.risk.entry_filter import Regime
from karat.risk.regime import BARS, BARS_MIN, Readings, regime_of, scored


def bars(close: list[float], half: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bars around their closes, each `2 * half` wide."""
    values = np.array(close, float)
    return values + half, values - half, values


@pytest.mark.parametrize(
    ("readings", "trend", "volatility", "regime"),
    [
        (Readings(19.9, 0.9, 1, 1.2, 0.7), 0, 0, Regime.RANGING),
        (Readings(20.0, 0.9, 1, 1.2, 0.7), 1, 0, Regime.RANGING),
        (Readings(20.0, 1.0, 1, 1.2, 0.7), 2, 0, Regime.TRENDING),
        (Readings(25.0, 0.0, 1, 1.25, 0.75), 2, 2, Regime.TRENDING),
        (Readings(30.0, 2.0, -1, 1.5, 0.75), 3, 3, Regime.HIGH_VOLATILITY),
        (Readings(30.0, 2.0, -1, 1.25, 0.75, funding_rate=-0.0005), 3, 3, Regime.HIGH_VOLATILITY),
        (Readings(10.0, 1.0, -1, 1.0, 0.5, imbalance=-0.5), 2, 0, Regime.TRENDING),
        (Readings(10.0, 1.0, -1, 1.0, 0.5, imbalance=0.9), 1, 0, Regime.RANGING),
    ],
)
def test_points_make_the_regime(readings: Readings, trend: int, volatility: int, regime: Regime) -> None:
    said = scored(readings)
    assert (said.trend, said.volatility, said.regime) == (trend, volatility, regime)


def test_a_straight_rise_is_a_trend() -> None:
    # Each bar one higher, one wide: true range 1.5, all movement up so ADX 100; an EMA of 21 lags a line by 10 bars.
    said = regime_of(*bars([100.0 + i for i in range(200)]))
    assert said.readings is not None
    assert said.readings.adx == pytest.approx(100.0)
    assert said.readings.distance == pytest.approx(10.0 / 1.5, rel=1e-6)
    assert said.readings.atr_ratio == pytest.approx(1.0)
    assert said.regime is Regime.TRENDING and (said.trend, said.readings.side) == (3, 1)


def test_up_and_down_by_the_same_ranges() -> None:
    said = regime_of(*bars([100.0 + i % 2 for i in range(200)]))
    assert said.readings is not None and said.readings.adx < 20.0 and said.readings.distance < 1.0
    assert said.regime is Regime.RANGING


def test_a_sudden_storm_is_high_volatility() -> None:
    calm = [100.0 + i % 2 for i in range(180)]
    said = regime_of(*bars([*calm, *(100.0 + 10.0 * (i % 2) for i in range(20))]))
    assert said.readings is not None and said.readings.volatility_rank == 1.0 and said.readings.atr_ratio > 1.5
    assert said.regime is Regime.HIGH_VOLATILITY


@pytest.mark.parametrize(
    ("close", "half", "given", "reason"),
    [
        ([100.0] * (BARS_MIN - 1), 0.5, {}, "there are 119 bars"),
        ([100.0] * BARS_MIN, 0.0, {}, "does not move"),
        ([100.0] * (BARS_MIN - 1) + [float("nan")], 0.5, {}, "no number"),
        ([100.0 + i % 2 for i in range(BARS_MIN)], 0.5, {"funding_rate": float("nan")}, "funding rate"),
        ([100.0 + i % 2 for i in range(BARS_MIN)], 0.5, {"imbalance": float("inf")}, "imbalance"),
    ],
)
def test_what_cannot_be_told_is_no_regime(
    close: list[float], half: float, given: dict[str, float], reason: str
) -> None:
    said = regime_of(*bars(close, half), **given)
    assert said.regime is None and reason in said.reason


def test_on_real_bars_the_future_and_the_far_past_change_nothing(shared: Path) -> None:
    table = pq.read_table(shared / "data/candles/binance_perp/1h/BTCUSDT.parquet").slice(0, 3_000)
    high, low, close = (table.column(name).to_numpy().astype(float) for name in ("high", "low", "close"))
    seen = set()
    for end in range(BARS_MIN, 3_000, 97):
        said = regime_of(high[:end], low[:end], close[:end])
        first = max(end - BARS, 0)
        longer = high.copy()
        longer[end:] = 1e9
        assert said == regime_of(longer[:end], low[:end], close[:end])
        assert said == regime_of(high[first:end], low[first:end], close[first:end])
        seen.add(said.regime)
    assert seen == set(Regime)
