"""Markets for the tests of the strategies room."""

from __future__ import annotations

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Series
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.strategies import Market
from karat.strategies.check.hostile import noise

START = parse_time_ms("2024-01-01")


def candles(close: Floats, *, volume: Floats | None = None, spread: float = 0.5) -> Candles:
    """Hourly bars around a close, from 2024-01-01."""
    close = np.asarray(close, np.float64)
    open_ = np.concatenate((close[:1], close[:-1]))
    return Candles(
        market=MarketId("test:WALK"),
        timeframe_ms=HOUR_MS,
        ts=START + HOUR_MS * np.arange(len(close), dtype=np.int64),
        open=open_,
        high=np.maximum(open_, close) + spread,
        low=np.minimum(open_, close) - spread,
        close=close.copy(),
        volume=np.ones(len(close)) if volume is None else np.asarray(volume, np.float64),
    )


def walk(bars: int, seed: int = 1) -> Candles:
    """A random walk near 100."""
    return candles(100.0 * np.exp(np.cumsum(0.01 * noise(seed, bars))))


def market(bars: int = 300, seed: int = 1) -> Market:
    """A market over `walk`."""
    return Market(walk(bars, seed))


def daily(values: list[float], *, delay_ms: int = DAY_MS) -> Series:
    """One value a day from 2024-01-01, known `delay_ms` after its date."""
    ts = START + DAY_MS * np.arange(len(values), dtype=np.int64)
    return Series("mood", ts, ts + delay_ms, np.array(values))
