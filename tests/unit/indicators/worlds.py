"""Candles for indicator tests, and a way to call an indicator on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from karat.core.indicators.catalogue import CATALOGUE
from karat.core.time import HOUR_MS

Floats = NDArray[np.float64]
Columns = dict[str, NDArray]


def reference_columns(shared: Path, series: str) -> Columns:
    """The candles of a golden series as columns, `ts` in UTC ms."""
    frame = pl.read_parquet(shared / "reference" / "indicators" / f"ohlcv_{series}.parquet")
    columns: Columns = {name: frame[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
    columns["ts"] = frame["time"].dt.epoch("ms").to_numpy()
    return columns


def walk(seed: int, bars: int, hostile: bool = True) -> Columns:
    """A seeded market; hostile: on a coarse grid (ties), with frozen stretches, bars without volume, and jumps."""
    random = np.random.default_rng(seed)
    steps = random.normal(0.0, 0.01, bars)
    if hostile:
        steps[random.random(bars) < 0.02] *= 30.0
        for _ in range(max(1, bars // 80)):
            start = int(random.integers(0, bars))
            steps[start : start + int(random.integers(5, 60))] = 0.0
    close = np.round(100.0 * np.exp(np.cumsum(np.clip(steps, -0.6, 0.6))), 1 if hostile else 4) + 0.1
    open_ = np.concatenate([close[:1], close[:-1]])
    quiet = open_ == close
    up = np.where(quiet, 0.0, np.round(np.abs(random.normal(0.0, 0.5, bars)), 1))
    down = np.where(quiet, 0.0, np.round(np.minimum(np.abs(random.normal(0.0, 0.5, bars)), 0.9 * close), 1))
    high = np.maximum(open_, close) + up
    low = np.maximum(np.minimum(open_, close) - down, 0.05)
    volume = np.round(random.gamma(1.0, 50.0, bars), 1)
    if hostile:
        volume[quiet & (random.random(bars) < 0.9)] = 0.0
    ts = np.arange(bars, dtype=np.int64) * HOUR_MS + 1_700_000_000_000
    return {"ts": ts, "open": open_, "high": high, "low": low, "close": close, "volume": volume}


def call(name: str, columns: Columns, **parameters: float) -> tuple[Floats, ...]:
    """All outputs of a catalogue indicator on its default columns."""
    indicator = CATALOGUE[name]
    result = indicator.function(*(columns[column] for column in indicator.inputs), **parameters)
    return result if isinstance(result, tuple) else (result,)


def cut(columns: Columns, start: int, stop: int) -> Columns:
    """The columns between two bars."""
    return {name: values[start:stop] for name, values in columns.items()}
