"""Another future for the same past: what comes after a cut is replaced in the raw series, before any join."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karat.core.model.candles import Candles, Floats, Funding, Series
from karat.strategies.check.hostile import noise
from karat.strategies.market import Market


def with_other_future(market: Market, cut: int) -> Market:
    """A new market, its cache empty: bars `0..cut-1` and all that was available at their end are the same; every later
    price is mirrored and shaken, every later volume, funding rate and observation is another."""
    candles = market.candles
    decided = int(candles.ts[cut - 1]) + candles.timeframe_ms
    funding = _other_funding(market.funding, decided) if "funding" in market.inputs else None
    series = [_other_series(one, decided) for one in market.raw_series]
    return Market(_other_candles(candles, cut), funding, series)


def _other_candles(candles: Candles, cut: int) -> Candles:
    later = len(candles) - cut
    pivot = candles.close[cut - 1]
    shaken = np.exp(np.cumsum(0.03 * noise(cut, later)))

    def mirrored(prices: Floats, of: Floats) -> Floats:
        return np.concatenate((prices[:cut], pivot / of[cut:] * pivot * shaken))

    volume = np.concatenate((candles.volume[:cut], 3.0 * candles.volume[cut:] + 1.0))
    return replace(
        candles,
        open=mirrored(candles.open, candles.open),
        high=mirrored(candles.high, candles.low),
        low=mirrored(candles.low, candles.high),
        close=mirrored(candles.close, candles.close),
        volume=volume,
    )


def _other_funding(funding: Funding, decided: int) -> Funding:
    return replace(funding, rate=np.where(funding.ts > decided, 0.001 - 2.0 * funding.rate, funding.rate))


def _other_series(series: Series, decided: int) -> Series:
    other = np.where(np.isnan(series.value), 7.0, -2.0 * series.value - 1.0)
    return replace(series, value=np.where(series.available_at > decided, other, series.value))
