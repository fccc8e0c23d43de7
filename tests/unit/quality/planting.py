"""Real bars, and one defect of each kind planted into them at a given place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding

PRICES = ("open", "high", "low", "close")


def real_candles(shared: Path, place: str, timeframe_ms: int, market: str, bars: slice = slice(None)) -> Candles:
    """Bars of a file of the shared data, as it is."""
    frame = pl.read_parquet(shared / "data" / place)
    columns: dict[str, Any] = {name: frame[name].to_numpy()[bars].copy() for name in CANDLE_COLUMNS}
    return Candles(MarketId(market), timeframe_ms, **columns)


def real_funding(shared: Path, place: str) -> Funding:
    frame = pl.read_parquet(shared / "data" / place)
    ts, rate = frame["ts"].to_numpy() // 60_000 * 60_000, frame["funding_rate"].to_numpy()
    return Funding(ts.astype(np.int64), rate.copy(), np.full(len(ts), np.nan))


def changed(candles: Candles, **columns: Any) -> Candles:
    kept = {name: getattr(candles, name) for name in CANDLE_COLUMNS} | columns
    return Candles(candles.market, candles.timeframe_ms, **kept)


def without(candles: Candles, start: int, stop: int) -> Candles:
    """The bars but `[start, stop)`."""
    kept = np.r_[0:start, stop : len(candles)]
    return Candles(candles.market, candles.timeframe_ms, *(getattr(candles, name)[kept] for name in CANDLE_COLUMNS))


def scaled(candles: Candles, bars: slice, factor: float, names: tuple[str, ...] = PRICES) -> Candles:
    columns = {name: getattr(candles, name).copy() for name in names}
    for column in columns.values():
        column[bars] *= factor
    return changed(candles, **columns)


@dataclass(frozen=True)
class Plant:
    """A defect: how it is planted at a bar with a size in 0 to 1, and the name under which it must be found."""

    name: str
    at: Callable[[Candles, int, float], Candles]


def _duplicate(candles: Candles, bar: int, _: float) -> Candles:
    again = np.sort(np.append(np.arange(len(candles)), bar))
    return changed(candles, **{name: getattr(candles, name)[again] for name in CANDLE_COLUMNS})


def _unordered(candles: Candles, bar: int, _: float) -> Candles:
    order = np.arange(len(candles))
    order[[bar - 1, bar]] = order[[bar, bar - 1]]
    return changed(candles, **{name: getattr(candles, name)[order] for name in CANDLE_COLUMNS})


def _off_grid(candles: Candles, bar: int, size: float) -> Candles:
    ts = candles.ts.copy()
    ts[bar] += 1 + round(size * (candles.timeframe_ms // 2))
    return changed(candles, ts=ts)


def _bad_price(candles: Candles, bar: int, size: float) -> Candles:
    low = candles.low.copy()
    low[bar] = np.nan if size < 0.3 else 0.0 if size < 0.6 else -low[bar]
    return changed(candles, low=low)


def _violation(candles: Candles, bar: int, size: float) -> Candles:
    high = candles.high.copy()
    high[bar] = min(candles.open[bar], candles.close[bar]) * (0.999 - 0.1 * size)
    return changed(candles, high=high)


def _negative_volume(candles: Candles, bar: int, _: float) -> Candles:
    return scaled(candles, slice(bar, bar + 1), -1.0, ("volume",))


def _idle(candles: Candles, bar: int, _: float) -> Candles:
    return scaled(candles, slice(bar, bar + 1), 0.0, ("volume",))


def _stale(candles: Candles, bar: int, size: float) -> Candles:
    columns = {name: getattr(candles, name).copy() for name in (*PRICES, "volume")}
    for column in columns.values():
        column[bar : bar + 3 + round(20 * size)] = column[bar - 1]
    return changed(candles, **columns)


def _filled(candles: Candles, bar: int, size: float) -> Candles:
    """As feeds fill what they do not have: flat at the last close, without volume."""
    stop = bar + 3 + round(20 * size)
    columns = {name: getattr(candles, name).copy() for name in (*PRICES, "volume")}
    for name, column in columns.items():
        column[bar:stop] = 0.0 if name == "volume" else candles.close[bar - 1]
    return changed(candles, **columns)


def _jump(candles: Candles, bar: int, size: float) -> Candles:
    return scaled(candles, slice(bar, bar + 1), (1.6 + 2 * size) ** (1 if bar % 2 else -1))


def _high(candles: Candles, bar: int, size: float) -> Candles:
    return scaled(candles, slice(bar, bar + 1), 1.8 + 3 * size, ("high",))


def _low(candles: Candles, bar: int, size: float) -> Candles:
    return scaled(candles, slice(bar, bar + 1), 1 / (1.8 + 3 * size), ("low",))


def _split(candles: Candles, bar: int, size: float) -> Candles:
    ratio = (2, 3, 4, 5, 7, 1.5, 0.5, 0.25)[min(7, int(size * 8))]
    rest = slice(bar, len(candles))
    return scaled(scaled(candles, rest, 1 / ratio), rest, ratio, ("volume",))


def _price_scale(candles: Candles, bar: int, size: float) -> Candles:
    return scaled(candles, slice(bar, len(candles)), (10.0, 100.0, 1e-3, 0.1)[min(3, int(size * 4))])


def _volume_unit(candles: Candles, bar: int, _: float) -> Candles:
    volume = candles.volume.copy()
    volume[bar:] *= candles.close[bar:]
    return changed(candles, volume=volume)


PLANTS = (
    Plant("hole_unexplained", lambda candles, bar, size: without(candles, bar, bar + 1 + round(40 * size))),
    Plant("duplicate", _duplicate),
    Plant("unordered", _unordered),
    Plant("off_grid", _off_grid),
    Plant("bad_price", _bad_price),
    Plant("high_low_violation", _violation),
    Plant("negative_volume", _negative_volume),
    Plant("zero_volume", _idle),
    Plant("stale_run", _stale),
    Plant("stale_run", _filled),
    Plant("jump", _jump),
    Plant("wick", _high),
    Plant("wick", _low),
    Plant("split", _split),
    Plant("price_scale", _price_scale),
    Plant("volume_unit", _volume_unit),
)
