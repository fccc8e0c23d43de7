"""Buy and hold: what every other strategy has to beat."""

from __future__ import annotations

import numpy as np

from karat.core.model.signals import Signals, signals
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.market import Market
from karat.strategies.parameters import Values


class BuyAndHold(Strategy):
    """Long from the first bar, never out by signal."""

    name = "buy_and_hold"
    family = "baseline"
    hypothesis = Hypothesis(
        behaviour="The asset is held because its holders expect to be paid for bearing its risk.",
        persistence="A risk premium lasts as long as somebody would rather not bear the risk.",
        universe="Assets with a reason to rise over years: broad equity indices, perhaps large coins. On a "
        "perpetual the funding is paid all along.",
        entry="Long at the first bar, and again whenever the policy has closed the position.",
        exit="Never by signal.",
        sizing="By the policy; all of the equity is the plain meaning.",
        constraints="It is the yardstick, not an edge: nothing refutes it, it only gets beaten.",
    )

    def warmup_bars(self, p: Values) -> int:
        return 0

    def signals(self, market: Market, p: Values) -> Signals:
        return signals(len(market), long=np.ones(len(market), np.bool_))
