"""Real strategies on real and simulated bars: what they say is asked anew, and no figure is without value or reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.unit.quality.planting import real_candles
from tests.unit.research.small_markets import market_data
from tests.unit.robustness.variants import wandering, written

from karat.core.model.instrument import Kind
from karat.core.model.policy import Policy
from karat.core.model.signals import signals
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.robustness import Trials, json_of, noisy_prices, resample_days, robustness, variant_of
from karat.strategies import find_strategy, resolve

FEW = Trials(paths=200, runs=10, random_runs=20)
A_YEAR = slice(11_500, 11_500 + 8_760)  # of 2021, before any vault


@pytest.mark.parametrize("name", ["donchian_breakout", "ema_crossover"])
def test_a_real_year_of_hours(shared: Path, name: str) -> None:
    bars = real_candles(shared, "candles/binance_perp/1h/BTCUSDT.parquet", HOUR_MS, "test:AB", A_YEAR)
    strategy = find_strategy(name)
    variant = variant_of(market_data(bars), strategy, resolve(strategy), Policy())
    found = robustness(variant, FEW)
    assert "undefined_runs" in json.dumps(json_of(found), allow_nan=False)
    assert found.costs.outcome.total_return < found.real.total_return
    assert found.worse.total_return.at(99) <= found.real.total_return
    # Some of what was missed makes room for a breakout that a position stood in the way of.
    assert 0.85 * found.real.trades < found.missed.trades.at(50) < found.real.trades
    assert found.noisy.trades.at(1) < found.noisy.trades.at(99)  # the strategy was asked anew
    assert found.timing.trades.at(50) == pytest.approx(found.timing.trades_real, rel=0.05)
    assert 1 / 21 <= found.random.p_value <= 1.0
    assert found.random.trades.at(50) == pytest.approx(found.random.trades_real, rel=0.2)
    # Paths as long as the record lie about it.
    assert found.record.total_return.at(1) < found.real.total_return < found.record.total_return.at(99)


def test_a_simulated_market_is_read_as_a_real_one() -> None:
    strategy = find_strategy("bollinger_mean_reversion")
    bars = demo_candles(3, DEMO_SYMBOLS[0], HOUR_MS, 2_000)
    variant = variant_of(market_data(bars), strategy, resolve(strategy), Policy())
    still = noisy_prices(variant, seed=1, share=0.0, runs=2)
    assert still.sharpe.at(50) == variant.run.metrics["sharpe"]


def test_a_year_of_shares_has_252_days() -> None:
    close = wandering(300)
    variant = written(close, signals(300, long=np.arange(300) == 0), step=DAY_MS, kind=Kind.EQUITY)
    assert variant.days_per_year == 252
    found = resample_days(variant, seed=1, paths=20)
    assert (found.horizon_days, found.record_days) == (252, 300)
