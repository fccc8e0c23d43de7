"""Sweeps small enough to know by heart, kept and read back for a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.research.small_markets import market_data

from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.sweep_report.story import SweepStory, story_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.store import SweepFolder
from karat.strategies import find_strategy

EMA = find_strategy("ema_crossover")
STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02)
OFF = float("nan")
GRID = SweepGrid(
    {"fast_period": (5, 8, 12), "slow_period": (40,)},
    {"stop_value": (0.01, 0.02, 0.03, 0.04, 0.05), "time_exit": (24, 48), "allow_short": (True, False)},
)


def simulated_data(seed: int = 7, bars: int = 1_500) -> MarketData:
    data = market_data(demo_candles(seed, DEMO_SYMBOLS[0], HOUR_MS, bars))
    return replace(data, entry=replace(data.entry, quality=replace(data.entry.quality, simulated=True)))


def kept(home: Path, choice: Choice | None = None, grid: SweepGrid = GRID, seed: int = 7) -> SweepFolder:
    return kept_sweep(simulated_data(seed), EMA, grid, STOPPED, choice or Choice(), home=home)[1]


def kept_story(home: Path, choice: Choice | None = None, grid: SweepGrid = GRID) -> SweepStory:
    """What the page shows of a sweep of 60 variants of a simulated market."""
    choice = choice or Choice()
    return story_of(kept(home, choice, grid), choice.by)
