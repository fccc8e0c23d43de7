"""Candles made by hand for the tests of the lake."""

from __future__ import annotations

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS, parse_time_ms

MARKET = MarketId("binance_perp:BTCUSDT")
START = parse_time_ms("2024-01-01")


def bars(count: int, *, start: int = START, step: int = HOUR_MS, market: MarketId = MARKET, first: int = 0) -> Candles:
    """Bars of a price that climbs and falls in a saw; `first` numbers the first bar, so that pieces fit together."""
    number = np.arange(first, first + count)
    opens = 100.0 + number % 17
    closes = 100.0 + (number + 1) % 17
    return Candles(
        market=market,
        timeframe_ms=step,
        ts=(start + number * step).astype(np.int64),
        open=opens,
        high=np.maximum(opens, closes) + 0.5,
        low=np.minimum(opens, closes) - 0.5,
        close=closes,
        volume=1.0 + number % 5,
    )


def without(candles: Candles, *missing: int) -> Candles:
    """The same candles without some bars."""
    keep = np.ones(len(candles), np.bool_)
    keep[list(missing)] = False
    columns = {name: getattr(candles, name)[keep] for name in ("ts", "open", "high", "low", "close", "volume")}
    return Candles(candles.market, candles.timeframe_ms, **columns)
