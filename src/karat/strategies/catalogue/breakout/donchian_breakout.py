"""Donchian breakout: with a close outside the range of the bars before it."""

from __future__ import annotations

from karat.core.model.signals import Signals
from karat.strategies.compiled_signals import channel_breakout
from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, switch


class DonchianBreakout(Strategy):
    """Enters beyond the channel of the previous bars, leaves beyond the other side of a shorter one.

    The channel ends one bar earlier: a close cannot be above a range that holds its own high.
    """

    name = "donchian_breakout"
    family = "breakout"
    hypothesis = Hypothesis(
        behaviour="At a new extreme nobody who sold within the range is in profit; stops and late buyers add to "
        "the move.",
        persistence="Most breakouts fail, and a strategy that loses often and wins rarely is hard to hold on to; "
        "the few long trends pay those who do.",
        universe="Markets with long trends: large crypto perpetuals, indices, commodities, 1 hour to 1 day. Not "
        "markets held in a band.",
        entry="Long when the close is above the highest high of the previous entry_period bars by margin times the "
        "height of that channel; short below the lowest low likewise, if shorts are on.",
        exit="When the close is beyond the opposite side of the channel of the previous exit_period bars.",
        sizing="By the policy; risk per trade suits it, because the distance to the exit varies.",
        constraints="No entry while nothing is traded. Refuted if the largest tenth of its winners does not pay "
        "for the many small losses after costs.",
    )
    parameters = (
        Parameter("entry_period", 20, 5, 400, 1, "bars", "previous bars in the channel that is broken"),
        Parameter("exit_period", 10, 2, 400, 1, "bars", "previous bars in the channel that ends the trade"),
        Parameter("margin", 0.0, 0.0, 1.0, 0.01, "channel heights", "how far beyond the channel the close must be"),
        switch("shorts", True, "sell short below the channel too"),
    )

    def warmup_bars(self, p: Values) -> int:
        return p.entry_period

    def contradiction(self, p: Values) -> str:
        return "" if p.exit_period <= p.entry_period else "exit_period must not be above entry_period"

    def signals(self, market: Market, p: Values) -> Signals:
        entry_channel = market.donchian_previous(p.entry_period)
        exit_channel = market.donchian_previous(p.exit_period)
        return Signals(
            *channel_breakout(
                market.close,
                entry_channel.upper,
                entry_channel.lower,
                exit_channel.upper,
                exit_channel.lower,
                market.bars_without_trade(),
                p.exit_period,
                p.margin,
                p.shorts,
            )
        )
