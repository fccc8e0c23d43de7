"""Basis: a market against a future or perpetual on the same thing, while the one is dearer than the other."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.signals import Signals
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.legs import LEG, LEG_CLOSES, leg_targets, shared_bars
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, switch


class Basis(Strategy):
    """Buys the first leg and sells the second while second / first - 1, the relative basis, is high: cash and carry
    (Schmeling, Schrimpf and Todorov 2023, "Crypto carry", BIS working paper 1087). Each leg is worth `size` of its half
    of the capital."""

    name = "basis"
    family = "relative_value"
    hypothesis = Hypothesis(
        behaviour="Those who want leverage buy the future and pay more for it than for the thing itself; the basis "
        "goes to nothing at expiry, or is paid as funding.",
        persistence="Earning it takes capital on both sides and margin through every rise, and few may hold both.",
        universe="The first leg a spot market or perpetual, the second a future or perpetual on the same thing, in one "
        "currency.",
        entry="When the basis is above entry_basis; with both_sides also when it is as far below zero, the other way.",
        exit="When the basis is at or below exit_basis.",
        sizing="Each leg is worth size of its half of the pair's capital, and is held as it is.",
        constraints="No decision at a bar that one market lacks. Refuted if what the basis brings does not pay the "
        "costs of four fills and the funding of the legs.",
    )
    parameters = (
        Parameter("entry_basis", 0.005, 0.0005, 0.2, 0.0005, "fraction", "relative basis above which the pair opens"),
        Parameter("exit_basis", 0.001, -0.05, 0.1, 0.0005, "fraction", "relative basis at which it is left"),
        Parameter("size", 0.8, 0.1, 1.0, 0.05, "fraction", "worth of each leg, of half of the pair's capital"),
        switch("both_sides", False, "trade a basis below zero too: sell the first leg, buy the second"),
        LEG,
    )
    needs = LEG_CLOSES

    def warmup_bars(self, p: Values) -> int:
        return 0

    def contradiction(self, p: Values) -> str:
        return "" if p.exit_basis < p.entry_basis else "exit_basis must be below entry_basis"

    def signals(self, market: Market, p: Values) -> Signals:
        shared = shared_bars(market)
        side = _sides(shared.second / shared.first - 1.0, p)
        before = np.concatenate((np.zeros(1, np.int8), side[:-1]))
        first = np.where(side == 0, 0.0, np.where(side != before, p.size * side, np.nan))
        return leg_targets(len(market), shared, first, -first, p.leg)


def _sides(basis: Floats, p: Values) -> np.ndarray:
    """Side of the first leg after each shared bar: -1, 0, 1."""
    sides = np.zeros(len(basis), np.int8)
    side = 0
    for bar, now in enumerate(basis.tolist()):
        if side and side * now <= p.exit_basis:
            side = 0
        if not side and abs(now) > p.entry_basis and (now > 0.0 or p.both_sides):
            side = 1 if now > 0.0 else -1
        sides[bar] = side
    return sides
