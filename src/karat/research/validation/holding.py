"""What holding a market earns each day: the benchmark that the best of many must beat.

It is held in the size that the policy gives: a strategy that is sized to a fifth of volatility is not compared with all
of the equity in a market that moves three times as much. A size by the risk to a stop, which holding has not, is all of
the equity.

On a spot market that is buying once. On a perpetual the funding would eat the capital of a position that is left alone
while its size stays, so that after some years of a bull market a debt would be compared with. Here it is paid out of
the position: whenever that differs from its size by more than a twentieth, it is brought back, at the policy's
costs.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.policy import Costs, Policy, SizeMode
from karat.core.model.signals import Signals, signals
from karat.research.backtest import MarketData
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.strategies import Hypothesis, Market, Strategy, Values

_COSTS = (*(spec.name for spec in fields(Costs)), "maker_fee", "taker_fee", "capital", "atr_period")
_SIZE = ("size_mode", "size_value", "leverage", "volatility_period")
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
    """Daily returns of being in the market from the first bar to the last, at the costs and in the size of `policy`."""
    names = _COSTS if policy.size_mode == SizeMode.RISK else (*_COSTS, *_SIZE)
    held = Policy(**{name: getattr(policy, name) for name in names}, rebalance_band=_BAND)
    return daily_runs(data, AllIn(), SweepGrid({}, {}), held).returns[:, 0]
