"""Real series to take after, and worlds of markets made from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS, parse_time_ms
from karat.research.calibration.markets import Source, sources_of

COLUMNS = ("ts", "open", "high", "low", "close", "volume")


def real_hours(shared: Path, symbol: str) -> Candles:
    """The first four fifths of a real series of hours."""
    frame = pl.read_parquet(shared / "data" / "candles" / "binance_perp" / "1h" / f"{symbol}.parquet")
    early = frame.head(len(frame) * 4 // 5)
    return Candles(MarketId(f"binance_perp:{symbol}"), HOUR_MS, *[early[name].to_numpy().copy() for name in COLUMNS])


def rough_hours(days: int = 400, seed: int = 3, market: str = "test:ROUGH") -> Candles:
    """Hours of a market with calm and stormy weeks, for tests that need no real one."""
    generator = np.random.default_rng(seed)
    bars = 24 * days
    storm = np.repeat(generator.normal(0.0, 0.5, days // 5 + 1), 120)[:bars]
    volatility = 0.006 * np.exp(storm)
    close = 100.0 * np.exp(np.cumsum(volatility * generator.standard_normal(bars)))
    opens = np.concatenate(([100.0], close[:-1]))
    wick = 1.0 + volatility * np.abs(generator.standard_normal(bars))
    return Candles(
        market=MarketId(market),
        timeframe_ms=HOUR_MS,
        ts=parse_time_ms("2022-03-01") + HOUR_MS * np.arange(bars, dtype=np.int64),
        open=opens,
        high=np.maximum(opens, close) * wick,
        low=np.minimum(opens, close) / wick,
        close=close,
        volume=1e4 * volatility / 0.006 * np.exp(generator.normal(0.0, 0.3, bars)),
    )


def rough_sources(count: int = 2) -> tuple[Source, ...]:
    return sources_of(rough_hours(seed=k, market=f"test:ROUGH{k}") for k in range(count))
