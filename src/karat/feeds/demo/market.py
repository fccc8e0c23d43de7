"""Candles and funding of the demo market.

1. `path.py` gives the steps of five minutes; here they meet the tick grid, volumes and the clock.
2. A bar is made of whole steps: open of the first, highest high, lowest low, close of the last, sum of volumes. So bars
   of every timeframe of one seed are the same market.
3. Volume rises with volatility and the size of the move, over the day (two humps) and falls at the weekend.
4. Funding every eight hours from 2024-01-01T08:00Z: `P + clamp(0.01% - P, -0.05%, 0.05%)`, the formula perpetual venues
   publish, with P the mean premium of the eight hours before. The premium follows the recent return and wanders.

Everything is simulated and says so: the venue of every market is `simulated`, the source of every instrument too.
"""

from __future__ import annotations

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats, Funding, Ints
from karat.core.time import HOUR_MS, timeframe_text
from karat.feeds.demo.path import Path, simulate
from karat.feeds.demo.streams import Purpose, decayed_sum, half_life_decay, stream, wandering
from karat.feeds.demo.symbols import (
    DEMO_START_MS,
    STEP_MS,
    STEPS_PER_DAY,
    STEPS_PER_YEAR,
    character_of,
    demo_instrument,
)

FUNDING_EVERY_MS = 8 * HOUR_MS
FUNDING_INTEREST = 0.0001  # per eight hours
FUNDING_BAND = 0.0005  # the interest may differ from the premium by this much
FUNDING_MAX = 0.003

PREMIUM_WANDER = 0.0004  # deviation of the wandering part
PREMIUM_FOLLOWS = 0.02  # share of the decayed return of the last hours
_PREMIUM_HALF_LIFE_STEPS = 12.0 * 6.0

_VOLUME_NOISE = 0.45
_VOLUME_WANDER = 0.35
_WEEKEND_FACTOR = 0.6


def demo_candles(seed: int, symbol: MarketId, timeframe_ms: int, bars: int) -> Candles:
    """The first `bars` bars from 2024-01-01T00:00Z. Prices on the tick grid, volume in whole lots, no gaps, no NaN.

    The same arguments give the same bits; fewer bars are the prefix of more. Raises InputError `bad_market`,
    `bad_timeframe` (not a multiple of five minutes), `bad_range` (no bars), `bad_seed`.
    """
    steps_per_bar = _steps_per_bar(timeframe_ms, bars)
    path = simulate(seed, symbol, bars * steps_per_bar)
    instrument = demo_instrument(symbol)
    shape = (bars, steps_per_bar)
    lots = _volume_lots(seed, symbol, path, instrument.lot).reshape(shape)
    return Candles(
        market=symbol,
        timeframe_ms=timeframe_ms,
        ts=DEMO_START_MS + timeframe_ms * np.arange(bars, dtype=np.int64),
        open=_on_tick(path.open.reshape(shape)[:, 0], instrument.tick),
        high=_on_tick(path.high.reshape(shape).max(axis=1), instrument.tick),
        low=_on_tick(path.low.reshape(shape).min(axis=1), instrument.tick),
        close=_on_tick(path.close.reshape(shape)[:, -1], instrument.tick),
        volume=lots.sum(axis=1) / round(1.0 / instrument.lot),
    )


def demo_funding(seed: int, symbol: MarketId, timeframe_ms: int, bars: int) -> Funding:
    """Funding of the same market, at every stamp up to the close of the last bar; `mark` is the price at the stamp.

    A rate uses the path before its stamp only. Raises as `demo_candles`.
    """
    steps = bars * _steps_per_bar(timeframe_ms, bars)
    path = simulate(seed, symbol, steps)
    per_interval = FUNDING_EVERY_MS // STEP_MS
    stamps = steps // per_interval
    premium = _premium(seed, symbol, path)[: stamps * per_interval].reshape(stamps, per_interval).mean(axis=1)
    rate = premium + np.clip(FUNDING_INTEREST - premium, -FUNDING_BAND, FUNDING_BAND)
    return Funding(
        ts=DEMO_START_MS + FUNDING_EVERY_MS * np.arange(1, stamps + 1, dtype=np.int64),
        rate=np.round(np.clip(rate, -FUNDING_MAX, FUNDING_MAX), 8),
        mark=_on_tick(
            path.close[per_interval - 1 : stamps * per_interval : per_interval], demo_instrument(symbol).tick
        ),
    )


def _steps_per_bar(timeframe_ms: int, bars: int) -> int:
    if timeframe_ms <= 0 or timeframe_ms % STEP_MS != 0:
        message = f"The demo market has no bars of {timeframe_ms} ms."
        raise InputError("bad_timeframe", message, f"Use {timeframe_text(STEP_MS)} or a multiple of it.")
    if bars <= 0:
        raise InputError("bad_range", f"{bars} bars is no market.", "Ask for one bar or more.")
    return timeframe_ms // STEP_MS


def _on_tick(log_prices: Floats, tick: float) -> Floats:
    """Prices rounded to the nearest tick, one at least. Ticks are 1 / whole, so dividing gives the exact decimal."""
    return np.maximum(np.round(np.exp(log_prices) / tick), 1.0) / round(1.0 / tick)


def _volume_lots(seed: int, symbol: MarketId, path: Path, lot: float) -> Ints:
    """Whole lots traded in each step."""
    character = character_of(symbol)
    steps = len(path.close)
    noise = stream(seed, symbol, Purpose.VOLUME).standard_normal((steps, 2))
    ordinary = character.volatility / np.sqrt(STEPS_PER_YEAR)
    activity = np.log(path.volatility / ordinary) + 0.25 * np.abs(path.close - path.open) / path.volatility
    wander = _VOLUME_WANDER * wandering(noise[:, 1].copy(), STEPS_PER_DAY / 4.0)
    turnover = character.turnover_per_step * _season(steps) * np.exp(activity + wander + _VOLUME_NOISE * noise[:, 0])
    return np.maximum(np.round(turnover / np.exp(path.close) / lot), 1.0).astype(np.int64)


def _season(steps: int) -> Floats:
    """Activity by time of day (UTC), highest at 08:00 and 15:00, and by day of week; the first step is a Monday's."""
    step = np.arange(steps)
    hour = step % STEPS_PER_DAY * (24.0 / STEPS_PER_DAY)
    humps = 0.6 + 0.5 * np.exp(-(((hour - 8.0) / 2.5) ** 2)) + 1.0 * np.exp(-(((hour - 15.0) / 3.0) ** 2))
    weekend = step // STEPS_PER_DAY % 7 >= 5
    return np.where(weekend, _WEEKEND_FACTOR, 1.0) * humps


def _premium(seed: int, symbol: MarketId, path: Path) -> Floats:
    """Premium of the perpetual over its index at the end of each step, a fraction of price."""
    normals = stream(seed, symbol, Purpose.PREMIUM).standard_normal(len(path.close))
    moves = np.diff(path.close, prepend=path.open[0])
    recent = decayed_sum(moves, half_life_decay(_PREMIUM_HALF_LIFE_STEPS))
    return PREMIUM_WANDER * wandering(normals, STEPS_PER_DAY) + PREMIUM_FOLLOWS * recent
