"""Part of a market, traded with signals that had seen the bars before it.

A strategy is causal, so its signals on bars [a, b) of a market are those of the whole market cut there: they are asked
for once, and every window takes its part. What the policy itself measures (ATR, volatility, mean volume) warms up
inside the part, as in any run that begins there.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.signals import Signals
from karat.research.backtest import MarketData
from karat.stats.belief.splits import Range
from karat.strategies import Market, Strategy, Values, evaluate

KEPT_BYTES_MAX = 128 * 2**20  # 1,700 plain signal sets of three years of hours; those beyond are asked for again


class KnownSignals:
    """The signals of one strategy over one market, kept as far as the room goes. Safe to share between threads."""

    def __init__(self, strategy: Strategy, market: Market, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self.strategy = strategy
        self._market = market
        self._room = bytes_max
        self._sure = np.ones(len(market))
        self._sure.flags.writeable = False
        self._kept: dict[Values, Signals] = {}

    def of(self, values: Values) -> Signals:
        """Over the whole market. Raises what `evaluate` raises."""
        found = self._kept.get(values)
        if found is None:
            found = self._light(evaluate(self.strategy, self._market, values))
            taken = sum(column.nbytes for column in _columns(found).values() if column is not self._sure)
            if taken <= self._room:
                self._room -= taken
                self._kept[values] = found
        return found

    def _light(self, signals: Signals) -> Signals:
        """Most strategies are always sure: their confidences are one column, not one each."""
        return replace(signals, confidence=self._sure) if signals.confidence.min() == 1.0 else signals


def part_of(data: MarketData, bars: Range) -> MarketData:
    """The bars [begin, end) of `data` as data of their own; funding and series as they were known at their end."""
    return replace(data, market=data.market[bars[0] : bars[1]])


def seen_before(known: KnownSignals, bars: Range, *, leave_within: int | None = None) -> Strategy:
    """The strategy of `known` on `part_of(data, bars)`, its signals cut out of those of the whole market.

    `leave_within` is the policy's latency where the part must end flat: what is held is sold at the open of the last
    bar, and nothing is entered that could not be sold by then.
    """
    whole = known.strategy

    class SeenBefore(Strategy):
        name = whole.name
        family = whole.family
        hypothesis = whole.hypothesis
        parameters = whole.parameters
        needs = whole.needs

        def warmup_bars(self, p: Values) -> int:
            return 0  # the first bars of the whole market are quiet already

        def signals(self, market: Market, p: Values) -> Signals:
            assert len(market) == bars[1] - bars[0], "the part that these signals are of"
            own = _cut(known.of(p), bars)
            return own if leave_within is None else _left(own, leave_within)

        def contradiction(self, p: Values) -> str:
            return whole.contradiction(p)

    return SeenBefore()


def _columns(signals: Signals) -> dict[str, NDArray[Any]]:
    given = {spec.name: getattr(signals, spec.name) for spec in fields(signals)}
    return {name: column for name, column in given.items() if column is not None}


def _cut(signals: Signals, bars: Range) -> Signals:
    return Signals(**{name: column[bars[0] : bars[1]] for name, column in _columns(signals).items()})


def _left(signals: Signals, latency: int) -> Signals:
    """An exit decided `latency` bars before the last fills at its open; an entry must have filled before that."""
    bars = len(signals)
    leave, quiet = max(bars - 1 - latency, 0), max(bars - 1 - 2 * latency, 0)
    if signals.target is not None:
        target = signals.target.copy()
        target[leave:] = 0.0
        return replace(signals, target=target)
    entry, exit_long, exit_short = signals.entry.copy(), signals.exit_long.copy(), signals.exit_short.copy()
    entry[quiet:] = 0
    exit_long[leave:], exit_short[leave:] = True, True
    return replace(signals, entry=entry, exit_long=exit_long, exit_short=exit_short)
