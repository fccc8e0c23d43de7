"""Strategies of two legs: one pure function of both markets, within the contract of every strategy.

1. A strategy of two legs declares the closes of both markets, `LEG_CLOSES`, and the parameter `LEG`: the leg whose
   targets are wanted. Asked for either leg it is given the same two columns, so both legs rest on one computation.
2. A close is known when its bar has closed. A decision is taken on closes that both markets have of the same bar;
   where one of them has no bar there is no decision.
3. Between an entry and its exit a target says NaN, no change: what was entered is held as it is, the ratio of the legs
   included, and a leg that is gone is not opened again by a target that merely stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from karat.core.model.candles import Candles, Floats, Ints, Series
from karat.core.model.signals import Signals, signals
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter

if TYPE_CHECKING:
    from karat.strategies.contract import Strategy

FIRST_CLOSE, SECOND_CLOSE = "first_close", "second_close"
LEG_CLOSES = (FIRST_CLOSE, SECOND_CLOSE)
LEG = Parameter("leg", 1, 1, 2, 1, "leg", "the leg of the pair whose targets are given, 1 or 2; a fleet sets it")


def is_two_legged(strategy: Strategy) -> bool:
    """Whether a strategy needs a second market."""
    return set(LEG_CLOSES) <= set(strategy.needs)


def leg_closes(first: Candles, second: Candles) -> tuple[Series, Series]:
    """The closes of both legs as series, each known from the close of its bar on."""
    return (
        Series(FIRST_CLOSE, first.ts, first.ts + first.timeframe_ms, first.close),
        Series(SECOND_CLOSE, second.ts, second.ts + second.timeframe_ms, second.close),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The bars that both legs have, oldest first: their place among the bars of the market asked, and both closes,
    finite and above 0. Each column of shape (shared bars,)."""

    place: Ints
    first: Floats
    second: Floats


def shared_bars(market: Market) -> Shared:
    """The bars of a market at whose close both legs have closed a bar. Raises InputError `input_missing`."""
    legs = [market.observations(name) for name in LEG_CLOSES]
    decided = market.ts + market.timeframe_ms
    common = np.intersect1d(legs[0].available_at, legs[1].available_at)
    place = np.searchsorted(decided, common)
    there = place < len(decided)
    there[there] = decided[place[there]] == common[there]
    common, place = common[there], place[there]
    first, second = (one.value[np.searchsorted(one.available_at, common)] for one in legs)
    known = np.isfinite(first) & np.isfinite(second) & (first > 0.0) & (second > 0.0)
    return Shared(place[known].astype(np.int64), first[known], second[known])


def leg_targets(bars: int, shared: Shared, first: Floats, second: Floats, leg: int) -> Signals:
    """Signals of `bars` bars from what is wanted of both legs at the shared ones, each a fraction of half of the pair's
    capital (NaN: no change). At every other bar nothing is decided."""
    target = np.full(bars, np.nan)
    target[shared.place] = first if leg == 1 else second
    return signals(bars, target=target)
