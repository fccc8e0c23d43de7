"""What is measured on: a year of real hourly bars where shared data is, else the demo market; crossing averages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from karat.core.ids import MarketId, market_id
from karat.core.indicators.averages import sma
from karat.core.instruments import find
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.signals import Signals, signals
from karat.core.time import HOUR_MS, MINUTE_MS
from karat.feeds.demo.market import demo_candles
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.ports.lake import LakeEntry, Quality
from karat.research.backtest import MarketData
from karat.strategies import Market

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("KARAT_SHARED", ROOT.parent / "shared"))
YEAR_BARS = 8_760
LONG_BARS = 100_000
START_OF_LONG = 100  # first bar whose crossing counts
MARKET = market_id("binance_perp:BTCUSDT")
PAIRS = ((10, 40), (12, 60), (20, 50), (20, 100), (30, 90), (40, 120), (50, 150), (60, 240))
"""Fast and slow periods of the averages whose crossings are the signals of a sweep's eight sets."""


@dataclass(frozen=True)
class World:
    """Bars and their instrument."""

    candles: Candles
    instrument: Instrument

    @property
    def name(self) -> str:
        return f"{self.candles.market}, {len(self.candles):,} bars of {self.candles.timeframe_ms // MINUTE_MS} m"


def year() -> World:
    """The last 8,760 hourly bars."""
    return _world("1h", HOUR_MS, YEAR_BARS)


def three_years() -> World:
    """The last 26,280 hourly bars."""
    return _world("1h", HOUR_MS, 3 * YEAR_BARS)


def long() -> World:
    """100,000 bars of a quarter of an hour."""
    return _world("15m", 15 * MINUTE_MS, LONG_BARS)


def _world(folder: str, timeframe_ms: int, bars: int) -> World:
    path = candle_file(folder)
    if not path.is_file():
        return World(demo_candles(1, DEMO_SYMBOLS[0], timeframe_ms, bars), demo_instrument(DEMO_SYMBOLS[0]))
    frame = pl.read_parquet(path)[-bars:]
    columns = {name: frame[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    instrument = find(MarketId(MARKET))
    assert instrument is not None, f"{MARKET} is in the instrument table"
    return World(Candles(MARKET, timeframe_ms, **columns), instrument)


def candle_file(folder: str) -> Path:
    """Where shared data keeps the bars of one timeframe."""
    return SHARED / "data" / "candles" / "binance_perp" / folder / "BTCUSDT.parquet"


def data_of(world: World) -> MarketData:
    """The same as the public sweep takes it; the vault begins where the bars end."""
    bars = world.candles
    entry = LakeEntry(
        market=bars.market,
        timeframe_ms=bars.timeframe_ms,
        first_ts=int(bars.ts[0]),
        last_ts=int(bars.ts[-1]),
        rows=len(bars),
        holes=0,
        quality=Quality(),
        hash="",
        anchor_ts=int(bars.ts[0]),
        vault_start_ts=int(bars.ts[-1]) + bars.timeframe_ms,
        sessions=False,
        has_funding=False,
        has_mark=False,
    )
    return MarketData(Market(bars), world.instrument, entry)


def averages(candles: Candles) -> np.ndarray:
    """The averages of `PAIRS`, a row each, fast and slow in turn, zero where undefined."""
    rows = [sma(candles.close, period) for pair in PAIRS for period in pair]
    return np.ascontiguousarray(np.nan_to_num(np.array(rows)))


def crossings(fast: np.ndarray, slow: np.ndarray, begin: int) -> Signals:
    """In where `fast` comes to stand above `slow` after bar `begin - 1`, out where it no longer does."""
    above = fast > slow
    entry, leave = np.zeros((2, len(above)), np.bool_)
    entry[begin:] = above[begin:] & ~above[begin - 1 : -1]
    leave[begin:] = ~above[begin:] & above[begin - 1 : -1]
    return signals(len(above), long=entry, exit_long=leave)


def simple_policy() -> Policy:
    """Stop, take, exit signal, all of the equity, slippage that does not depend on size, takes that close all."""
    return Policy(
        size_value=1.0,
        stop_mode=LevelMode.FRACTION,
        stop_value=0.02,
        take_mode=LevelMode.FRACTION,
        take_value=0.04,
        take_fraction=1.0,
        strict_limit=False,
        half_spread=0.0002,
        slippage_base=0.0004,
        slippage_atr=0.0,
        slippage_volume=0.0,
    )


def default_costs_policy() -> Policy:
    """The same with the default costs: slippage grows with size, volatility and share of volume."""
    return Policy(
        size_value=1.0,
        stop_mode=LevelMode.FRACTION,
        stop_value=0.02,
        take_mode=LevelMode.FRACTION,
        take_value=0.04,
        take_fraction=1.0,
    )


def level_axes(stops: int, takes: int) -> dict[str, tuple[float, ...]]:
    """Axes of a grid: stops from 1 to 5 % and takes from 2 to 10 %."""
    return {
        "stop_value": tuple(np.linspace(0.01, 0.05, stops).tolist()),
        "take_value": tuple(np.linspace(0.02, 0.10, takes).tolist()),
    }


def level_grid(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` stops from 1 to 5 % and takes from 2 to 10 %, no two pairs alike."""
    part = np.arange(count)
    return 0.01 + 0.04 * (part * 0.618_033_988_75 % 1.0), 0.02 + 0.08 * (part + 0.5) / count
