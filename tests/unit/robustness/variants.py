"""Variants small enough to know by heart: signals written down, bars written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from tests.unit.research.small_markets import candles, free_policy, market_data

from karat.core.model.candles import Floats
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals, signals
from karat.core.time import DAY_MS
from karat.research.robustness import Variant, variant_of
from karat.strategies import Hypothesis, Market, Strategy, Values, resolve

FEELESS: dict[str, Any] = {"maker_fee": 0.0, "taker_fee": 0.0}


def saying(said: Signals) -> Strategy:
    """A strategy that says what was written down, whatever the market."""

    class Written(Strategy):
        name = "written"
        family = "test"
        hypothesis = Hypothesis(
            behaviour="None.", persistence="None.", universe="Tests.", entry="As written.", exit="As written.",
            sizing="By the policy.", constraints="None.",
        )  # fmt: skip

        def warmup_bars(self, p: Values) -> int:
            return 0

        def signals(self, market: Market, p: Values) -> Signals:
            return said

    return Written()


def written(close: Any, said: Signals, policy: Policy | None = None, step: int = DAY_MS, **changes: Any) -> Variant:
    """What `said` makes of bars that open at the close before, by default without any cost."""
    strategy = saying(said)
    bars = candles(close, step=step)
    if "volume" in changes:
        bars = replace(bars, volume=np.asarray(changes.pop("volume"), np.float64))
    data = market_data(bars, **FEELESS, **changes)
    return variant_of(data, strategy, resolve(strategy), policy or free_policy(), None)


def every_other_bar(bars: int) -> Signals:
    """Long at the close of every second bar, out at the close of the next."""
    bar = np.arange(bars)
    return signals(bars, long=bar % 2 == 0, exit_long=bar % 2 == 1)


def wandering(bars: int, seed: int = 7, drift: float = 0.0) -> Floats:
    """A random walk of closes, 1% a bar."""
    steps = np.random.default_rng(seed).normal(drift, 0.01, bars)
    return 100.0 * np.exp(np.cumsum(steps))
