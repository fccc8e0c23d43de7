"""What holding a market earns each day: the benchmark that the best of many must beat.

On a spot market it is buying once. On a perpetual the funding would eat the capital of a position that is left alone
while its size stays, so that after some years of a bull market a debt would be compared with. Here it is paid out of
the position: whenever that differs from all the equity by more than a twentieth, it is brought back, at the policy's
costs.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.policy import Costs, Policy
from karat.core.model.signals import Signals, signals
from karat.research.backtest import MarketData
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.strategies import Hypothesis, Market, Strategy, Values

_COSTS = (*(spec.name for spec in fields(Costs)), "maker_fee", "taker_fee", "capital", "atr_period")
_BAND = 0.05


class AllIn(Strategy):
    """All of the equity in the market, always."""

    name = "all_in"
    family = "baseline"
    hypothesis = Hypothesis(
        behaviour="Holders expect to be paid for bearing the market's risk.",
        persistence="As long as somebody would rather not bear it.",
        universe="Any market; it is a yardstick.",
        entry="Long at the first bar.",
        exit="Never.",
        sizing="All of the equity, kept so.",
        constraints="Nothing refutes it, it only gets beaten.",
    )

    def warmup_bars(self, p: Values) -> int:
        return 0

    def signals(self, market: Market, p: Values) -> Signals:
        return signals(len(market), target=np.ones(len(market)))


def holding_returns(data: MarketData, policy: Policy) -> Floats:
    """Daily returns of all the equity in the market from the first bar to the last, at the costs of `policy`."""
    held = Policy(**{name: getattr(policy, name) for name in _COSTS}, rebalance_band=_BAND)
    return daily_runs(data, AllIn(), SweepGrid({}, {}), held).returns[:, 0]
