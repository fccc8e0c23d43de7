"""RSI/MACD momentum: with a move that has just turned, when its strength agrees."""

from __future__ import annotations

from karat.core.model.signals import Signals
from karat.strategies.compiled_signals import strength_momentum
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, switch


class RsiMacdMomentum(Strategy):
    """Enters when the MACD histogram changes sign and RSI confirms, leaves when the histogram changes back."""

    name = "rsi_macd_momentum"
    family = "momentum"
    hypothesis = Hypothesis(
        behaviour="News is taken in slowly and positions are built in pieces, so a move that has begun to speed up "
        "tends to go on for some bars.",
        persistence="Large holders cannot trade at once, and many who could arbitrage the drift are bound by "
        "limits on risk and by benchmarks.",
        universe="Liquid markets with bouts of trend: large perpetuals and indices, 15 minutes to 1 day. Not "
        "pegged or range-bound pairs.",
        entry="Long at the bar where the MACD histogram turns positive while RSI is above rsi_level; short at the "
        "bar where it turns negative while RSI is below 100 - rsi_level, if shorts are on.",
        exit="When the histogram has the other sign.",
        sizing="By the policy; confidence grows with the distance of RSI from 50.",
        constraints="No entry while nothing is traded. Refuted if entries a bar later earn as much without the RSI "
        "condition, or if the profit sits in one trend only.",
    )
    parameters = (
        Parameter("rsi_period", 14, 3, 100, 1, "bars", "period of RSI"),
        Parameter("rsi_level", 55.0, 50.0, 90.0, 0.5, "points", "RSI a long needs; a short needs 100 minus it"),
        Parameter("fast_period", 12, 2, 100, 1, "bars", "period of the fast average in MACD"),
        Parameter("slow_period", 26, 3, 300, 1, "bars", "period of the slow average in MACD"),
        Parameter("signal_period", 9, 2, 100, 1, "bars", "period of the average of MACD itself"),
        switch("shorts", True, "sell short too"),
    )

    def warmup_bars(self, p: Values) -> int:
        return max(p.rsi_period, p.slow_period + p.signal_period - 1)

    def contradiction(self, p: Values) -> str:
        return "" if p.fast_period < p.slow_period else "fast_period must be below slow_period"

    def signals(self, market: Market, p: Values) -> Signals:
        return Signals(
            *strength_momentum(
                market.rsi(p.rsi_period),
                market.macd(p.fast_period, p.slow_period, p.signal_period).histogram,
                market.bars_without_trade(),
                p.rsi_period,
                p.rsi_level,
                p.shorts,
            )
        )
