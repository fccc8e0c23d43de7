"""Bollinger mean reversion: against a close far from its recent mean, out when it has come home."""

from __future__ import annotations

from karat.core.model.signals import Signals
from karat.strategies.compiled_signals import band_reversion
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, switch


class BollingerMeanReversion(Strategy):
    """Buys below the lower Bollinger band, sells above the upper one, leaves at the mean."""

    name = "bollinger_mean_reversion"
    family = "mean_reversion"
    hypothesis = Hypothesis(
        behaviour="Forced and impatient orders (liquidations, stops, one large taker) push the price further than "
        "the news behind them, and it comes back once they are done.",
        persistence="Standing against such a move costs nerve and inventory risk, so those who do it are paid for "
        "it; the pay shrinks when many do, but the risk never becomes free.",
        universe="Liquid markets without a strong trend: large perpetuals and spot pairs from 5 minutes to 4 "
        "hours. Not new listings, and not assets that can go to zero.",
        entry="Long when the close is more than entry_deviations standard deviations below the mean of the last "
        "period closes; short when it is as far above, if shorts are on.",
        exit="When the close is back within exit_deviations standard deviations of the mean, or beyond it.",
        sizing="By the policy; confidence grows with the distance from the mean, from 0.5 at the band to 1 at "
        "twice it.",
        constraints="No entry while nothing is traded. Refuted if the average trade does not pay its own costs, or "
        "if the losses come in the few trends that never return.",
    )
    parameters = (
        Parameter("period", 20, 5, 200, 1, "bars", "closes in the mean and in the standard deviation"),
        Parameter("entry_deviations", 2.0, 0.5, 4.0, 0.05, "deviations", "distance from the mean that makes an entry"),
        Parameter("exit_deviations", 0.0, -0.5, 1.0, 0.05, "deviations", "distance left to the mean when leaving"),
        switch("shorts", True, "sell short above the upper band too"),
    )

    def warmup_bars(self, p: Values) -> int:
        return p.period

    def contradiction(self, p: Values) -> str:
        if p.exit_deviations >= p.entry_deviations:
            return "exit_deviations must be below entry_deviations, else a trade ends where it begins"
        return ""

    def signals(self, market: Market, p: Values) -> Signals:
        return Signals(
            *band_reversion(
                market.close,
                market.sma(p.period),
                market.standard_deviation(p.period),
                market.bars_without_trade(),
                p.period,
                p.entry_deviations,
                p.exit_deviations,
                p.shorts,
            )
        )
