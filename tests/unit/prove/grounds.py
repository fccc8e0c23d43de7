"""Markets with and without an edge, in memory, whose last fifth is the vault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.unit.research.small_markets import candles, market_data

from karat.core.ids import MarketId, market_id
from karat.core.model.candles import Floats
from karat.core.time import HOUR_MS
from karat.research.backtest import MarketData
from karat.research.ledger.trials import TrialLedger
from karat.research.prove.calibrated import PanelGround
from karat.research.prove.ground import Book
from karat.research.prove.settings import Effort

STEP = HOUR_MS
BARS = 24 * 365 * 2
SMALL = Effort.small()


def closes(seed: int, drift: float) -> Floats:
    """A price that wanders, and drifts up and down for some 100 bars at a time; volatility comes in waves."""
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.random(BARS) < 0.01) % 2
    waves = np.exp(0.6 * np.sin(np.arange(BARS) / 1600.0 + rng.random() * 6.0))
    steps = 0.006 * waves * (rng.normal(0.0, 1.0, BARS) + drift * (2 * turns - 1))
    return 100.0 * np.exp(np.cumsum(steps - steps.mean()))


class InMemory(PanelGround):
    """Markets by name."""


def drifting(count: int, drift: float, seed: int = 0) -> InMemory:
    """`count` markets test:M0, test:M1, ... that drift by so many deviations of a bar."""
    found: dict[MarketId, MarketData] = {}
    for k in range(count):
        data = market_data(candles(closes(100 * seed + k, drift), step=STEP, market=f"test:M{k}"))
        vault = int(data.candles.ts[BARS * 4 // 5])
        found[market_id(f"test:M{k}")] = replace(data, entry=replace(data.entry, vault_start_ts=vault))
    return InMemory(found)


def book(home: Path) -> Book:
    """A ledger of its own."""
    return Book(TrialLedger(home), lambda: 0)
