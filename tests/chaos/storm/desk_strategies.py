"""Strategies that trade often, by the time of day and the last move: the storm wants orders, not profits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karat.core.model.signals import Signals, signals
from karat.strategies import Hypothesis, Market, Parameter, Strategy, Values, switch

_WHY = Hypothesis(
    behaviour="None: it trades by the clock.", persistence="Nothing is claimed.", universe="The storm.",
    entry="Every few bars, with or against the last move.", exit="A few bars later.", sizing="By the policy.",
    constraints="Only for trying the runtime.",
)  # fmt: skip


class WithTheMove(Strategy):
    """In at every fifth bar in the direction of the last move, out three bars later."""

    name = "storm_with_the_move"
    family = "storm"
    hypothesis = _WHY

    def warmup_bars(self, p: Values) -> int:
        return 1

    def signals(self, market: Market, p: Values) -> Signals:
        return _by_the_clock(market, 5, 0, 3, 1)


class AgainstTheMove(Strategy):
    """In at every fourth bar against the last move; what is still there after two more goes."""

    name = "storm_against_the_move"
    family = "storm"
    hypothesis = _WHY

    def warmup_bars(self, p: Values) -> int:
        return 1

    def signals(self, market: Market, p: Values) -> Signals:
        return _by_the_clock(market, 4, 1, 3, -1)


class EitherWay(Strategy):
    """In at bar `enters` of `every`, in the direction of the last move or, `turned`, against it; out two later, unless
    that is when it enters again."""

    name = "storm_either_way"
    family = "storm"
    hypothesis = _WHY
    parameters = (
        Parameter("every", 4, 1, 6, 1, "bars", "how often it enters"),
        Parameter("enters", 0, 0, 5, 1, "bars", "in which of them"),
        switch("turned", False, "whether it goes against the last move"),
        switch("moves", False, "whether its take lies elsewhere after each bar"),
        switch("wavers", False, "whether it is less sure at three bars of six"),
    )

    def contradiction(self, p: Values) -> str | None:
        return None if p.enters < p.every else "it would never enter"

    def warmup_bars(self, p: Values) -> int:
        return 1

    def signals(self, market: Market, p: Values) -> Signals:
        leaves = (p.enters + 2) % p.every if p.every > 2 else -1
        made = _by_the_clock(market, p.every, p.enters, leaves, -1 if p.turned else 1, moves=bool(p.moves))
        sure = np.where(market.ts // 20_000 % 6 < 3, 0.7, 1.0)
        return replace(made, confidence=sure) if p.wavers else made


class OtherWay(EitherWay):
    """The same under another name: bots of two strategies may stand against each other, those of one may not."""

    name = "storm_other_way"


def _by_the_clock(
    market: Market, every: int, enters: int, leaves: int, direction: int, *, moves: bool = False
) -> Signals:
    count = market.ts // 20_000 % every
    up = np.zeros(len(market), np.bool_)
    up[1:] = market.close[1:] >= market.close[:-1]
    long = (count == enters) & (up if direction > 0 else ~up)
    short = (count == enters) & ~long
    long[0] = short[0] = False
    out = count == leaves
    take = market.close * np.where(market.ts // 20_000 % 2 == 0, 0.001, 0.0015) if moves else None
    return signals(len(market), long=long, short=short, exit_long=out, exit_short=out, take=take)


STRATEGIES = {one.name: one for one in (WithTheMove(), AgainstTheMove(), EitherWay(), OtherWay())}
