"""Regimes of the demo market: a Markov chain over days of calm, advance, decline and storm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import MarketId
from karat.core.model.candles import Floats
from karat.feeds.demo.streams import Purpose, stream
from karat.feeds.demo.symbols import STEPS_PER_DAY


@dataclass(frozen=True, slots=True)
class Regime:
    """Drift is yearly, in log price; volatility multiplies the symbol's; `next_weights` follow the order of REGIMES."""

    name: str
    drift: float
    volatility: float
    mean_days: float
    next_weights: tuple[float, ...]


REGIMES = (
    Regime("calm", 0.10, 0.55, 12.0, (0.0, 0.5, 0.3, 0.2)),
    Regime("advance", 0.70, 0.85, 9.0, (0.5, 0.0, 0.3, 0.2)),
    Regime("decline", -0.70, 1.20, 7.0, (0.3, 0.3, 0.0, 0.4)),
    Regime("storm", -0.30, 2.10, 2.5, (0.3, 0.3, 0.4, 0.0)),
)


def regime_path(seed: int, symbol: MarketId, steps: int) -> NDArray[np.int64]:
    """The index into REGIMES at each of `steps` steps, calm first. One loop turn per stay, not per step."""
    generator = stream(seed, symbol, Purpose.REGIME)
    stays: list[tuple[int, int]] = []
    covered, current = 0, 0
    while covered < steps:
        length = int(generator.geometric(1.0 / (REGIMES[current].mean_days * STEPS_PER_DAY)))
        stays.append((current, min(length, steps - covered)))
        covered += length
        reached = np.cumsum(REGIMES[current].next_weights)
        current = int(np.searchsorted(reached, generator.random() * reached[-1], side="right"))
    return np.repeat([regime for regime, _ in stays], [length for _, length in stays]).astype(np.int64)


def drift_per_step(regimes: NDArray[np.int64], steps_per_year: int) -> Floats:
    """Log drift of each step."""
    return np.array([regime.drift for regime in REGIMES])[regimes] / steps_per_year


def volatility_factor(regimes: NDArray[np.int64]) -> Floats:
    """The factor on the symbol's volatility at each step."""
    return np.array([regime.volatility for regime in REGIMES])[regimes]
