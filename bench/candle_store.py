"""Candles for the lake's figures: the real ones of shared data, and made ones of symbols at eleven timeframes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from bench.market import SHARED
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import MINUTE_MS, parse_time_ms, timeframe_ms
from karat.lake.resample import resample

TIMEFRAMES_MS = tuple(minutes * MINUTE_MS for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720, 1440))
SYMBOLS = 13
_START = parse_time_ms("2023-01-01")
_DAY_MINUTES = 1_440


def series(candles_about: int, symbols: int = SYMBOLS, *, with_real: bool = True) -> Iterator[Candles]:
    """Real candles, then made ones until there are about so many altogether, in whole days."""
    real = list(_real()) if with_real else []
    yield from real
    per_minute = sum(MINUTE_MS / one for one in TIMEFRAMES_MS)
    left = candles_about - sum(map(len, real))
    days = int(left / symbols / per_minute / _DAY_MINUTES)
    for symbol in range(symbols):
        minutes = made(symbol, days * _DAY_MINUTES)
        yield minutes
        for timeframe in TIMEFRAMES_MS[1:]:
            yield resample(minutes, timeframe)[0]


def made(symbol: int, minutes: int) -> Candles:
    """Bars of a minute along a random path, with prices in cents and volumes in thousandths, as they are quoted."""
    chance = np.random.default_rng(symbol)
    close = np.round(100.0 * np.exp(np.cumsum(chance.normal(0.0, 0.0005, minutes))), 2)
    opens = np.concatenate(([100.0], close[:-1]))
    reach = np.round(np.abs(chance.normal(0.0, 0.05, (2, minutes))), 2)
    return Candles(
        market=MarketId(f"made:S{symbol:03d}"),
        timeframe_ms=MINUTE_MS,
        ts=_START + np.arange(minutes) * MINUTE_MS,
        open=opens,
        high=np.maximum(opens, close) + reach[0],
        low=np.minimum(opens, close) - reach[1],
        close=close,
        volume=np.round(chance.exponential(10.0, minutes), 3),
    )


def _real() -> Iterator[Candles]:
    for path in sorted((SHARED / "data" / "candles").glob("*/*/*.parquet")):
        frame = pl.read_parquet(path)
        columns = {name: frame[name].to_numpy().copy() for name in CANDLE_COLUMNS}
        yield Candles(_market_of(path), timeframe_ms(path.parent.name), **columns)


def _market_of(path: Path) -> MarketId:
    return MarketId(f"{path.parent.parent.name}:{path.stem}")
