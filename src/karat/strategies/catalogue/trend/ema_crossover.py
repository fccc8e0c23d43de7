"""EMA crossover: with the side on which the fast average stands, from the bar where it gets there."""

from __future__ import annotations

from karat.core.model.signals import Signals
from karat.strategies.compiled_signals import average_crossover
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, switch


class EmaCrossover(Strategy):
    """Enters where the fast average clears the slow one by a band, leaves where it is back on the other side."""

    name = "ema_crossover"
    family = "trend"
    hypothesis = Hypothesis(
        behaviour="Prices trend because information, flows and leverage spread over weeks; an average that has "
        "crossed a slower one says that the drift has turned.",
        persistence="Trend following is paid in rare, long moves and costs in all the time between, which few "
        "investors bear; its capacity is large, and still it has never been fully used.",
        universe="Anything liquid that trends, 1 hour to 1 day; best spread over many markets. Not single quiet pairs.",
        entry="Long at the bar where the fast average comes to stand more than band above the slow one; short at "
        "the bar where it comes to stand as far below, if shorts are on.",
        exit="When the fast average is on the other side of the slow one.",
        sizing="By the policy; a volatility target suits it, because trends differ in size.",
        constraints="No entry while nothing is traded. Refuted if neighbouring periods do not earn alike, because "
        "a trend does not know the numbers 20 and 50.",
    )
    parameters = (
        Parameter("fast_period", 20, 2, 200, 1, "bars", "period of the fast average"),
        Parameter("slow_period", 50, 3, 600, 1, "bars", "period of the slow average"),
        Parameter("band", 0.0, 0.0, 0.05, 0.0005, "fraction", "lead over the slow average that makes an entry"),
        switch("shorts", True, "sell short below too"),
    )

    def warmup_bars(self, p: Values) -> int:
        return p.slow_period

    def contradiction(self, p: Values) -> str:
        return "" if p.fast_period < p.slow_period else "fast_period must be below slow_period"

    def signals(self, market: Market, p: Values) -> Signals:
        return Signals(
            *average_crossover(
                market.ema(p.fast_period),
                market.ema(p.slow_period),
                market.bars_without_trade(),
                p.fast_period,
                p.band,
                p.shorts,
            )
        )
