"""A market whose prices are a little other than they were."""

from __future__ import annotations

import numpy as np

from karat.core.indicators.volatility import atr
from karat.core.model.candles import Candles, Floats
from karat.research.backtest import MarketData
from karat.stats.belief.random import fill_uniforms
from karat.strategies import Market

_ATR_BARS = 14  # Wilder's period, and the default of a policy's own
_NOISE = 22  # the purpose of these numbers, apart from all others that one seed gives


def noisy_candles(candles: Candles, tick: float, *, seed: int, path: int, share: float) -> Candles:
    """The bars with every close, high and low moved evenly by up to `share` of the ATR either way, on the tick grid.

    An open moves with the close before it, so that no gap opens where there was none. High and low are widened where
    they would lie inside open and close; no price falls below a tick. Bars before the first ATR stay; volume stays.
    """
    assert share >= 0.0, "noise has a size"
    bars = len(candles)
    draws = np.empty(3 * bars)
    fill_uniforms(seed, _NOISE, 0, path, draws)
    width = share * np.nan_to_num(atr(candles.high, candles.low, candles.close, _ATR_BARS))
    of_close, of_high, of_low = (2.0 * draws.reshape(3, bars) - 1.0) * width
    of_open = np.concatenate(([0.0], of_close[:-1]))
    open_, close = _on_grid(candles.open, of_open, tick), _on_grid(candles.close, of_close, tick)
    high = np.maximum(_on_grid(candles.high, of_high, tick), np.maximum(open_, close))
    low = np.minimum(_on_grid(candles.low, of_low, tick), np.minimum(open_, close))
    volume = np.array(candles.volume)
    return Candles(candles.market, candles.timeframe_ms, candles.ts, open_, high, low, close, volume)


def _on_grid(price: Floats, shift: Floats, tick: float) -> Floats:
    """A price that does not move stays as it is, also off the grid (adjusted prices are)."""
    moved = np.maximum(np.round((price + shift) / tick), 1.0) * tick
    return np.where(shift == 0.0, price, moved)


def noisy_market(data: MarketData, *, seed: int, path: int, share: float) -> Market:
    """The market of `data` with noisy candles; funding and other series as they were."""
    market = data.market
    funding = market.funding if "funding" in market.inputs else None
    candles = noisy_candles(market.candles, data.instrument.tick, seed=seed, path=path, share=share)
    return Market(candles, funding, market.raw_series)
