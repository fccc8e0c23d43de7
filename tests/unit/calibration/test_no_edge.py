"""On markets without an edge no strategy of the catalogue earns what it costs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.unit.calibration.real_worlds import real_hours

from karat.research.backtest import MarketData
from karat.research.calibration.markets import PanelSpec, Truth, World, sources_of
from karat.research.calibration.naive import POLICIES
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.strategies import find_strategy

STRATEGIES = ("ema_crossover", "donchian_breakout", "bollinger_mean_reversion", "rsi_macd_momentum")
MARKETS = 12


@cache
def markets(shared: Path, truth: Truth) -> tuple[MarketData, ...]:
    world = World(11, sources_of(real_hours(shared, one) for one in ("BTCUSDT", "SOLUSDT")), {})
    return world.panel(PanelSpec(truth, 0, MARKETS)).markets


def sharpes(shared: Path, truth: Truth, name: str, costs: str) -> np.ndarray:
    """Annual, one a market."""
    found = [
        daily_runs(one, find_strategy(name), SweepGrid({}, {}), POLICIES[costs]).returns[:, 0]
        for one in markets(shared, truth)
    ]
    return np.array([one.mean() / one.std() * np.sqrt(365) for one in found])


@pytest.mark.parametrize("truth", [Truth.SIMULATED, Truth.SHUFFLED])
@pytest.mark.parametrize("name", STRATEGIES)
def test_after_pessimistic_costs_every_strategy_loses(shared: Path, truth: Truth, name: str) -> None:
    found = sharpes(shared, truth, name, "pessimistic_costs")
    assert found.mean() + found.std() / np.sqrt(MARKETS) < 0.0


@pytest.mark.parametrize("name", STRATEGIES)
def test_before_costs_a_simulated_market_gives_and_takes_nothing(shared: Path, name: str) -> None:
    found = sharpes(shared, Truth.SIMULATED, name, "without_costs")
    assert abs(found.mean()) < 3.0 / np.sqrt(3.0 * MARKETS), "the error of a Sharpe ratio over so many years"
