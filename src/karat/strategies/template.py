"""The file `karat strategies new` writes: a strategy that runs and passes its check, to be changed line by line."""

from __future__ import annotations

import keyword

from karat.core.errors import InputError
from karat.strategies.contract import NAME_PATTERN

_TEMPLATE = '''"""TITLE: say here in one line what it does."""

from __future__ import annotations

from karat.strategies import (
    Hypothesis,
    Market,
    Parameter,
    Signals,
    Strategy,
    Values,
    above,
    below,
    crossed_above,
    signals,
)


class CLASS(Strategy):
    """Buys the end of a dip in a rising market. Replace it by your own idea, one line at a time."""

    name = "NAME"
    family = "custom"
    hypothesis = Hypothesis(
        behaviour="In a rising market short dips are sold by the impatient and bought back soon after.",
        persistence="Those who need to get out pay for it; few want to buy while it falls.",
        universe="Liquid markets that trend: large perpetuals, indices, 1 hour to 1 day.",
        entry="Long when the close comes back above its fast average while it is above the slow one.",
        exit="When the close is below the slow average.",
        sizing="By the policy.",
        constraints="No entry while nothing is traded. Refuted if the dips earn no more than any other bar.",
    )
    # name, default, low, high, step, unit, meaning: a sweep walks the grid from low to high.
    parameters = (
        Parameter("slow_period", 100, 20, 400, 10, "bars", "period of the average that says the market rises"),
        Parameter("fast_period", 10, 3, 50, 1, "bars", "period of the average that a dip falls below"),
    )
    needs = ()  # other series by name, for example ("funding",), then market.series("funding")

    def warmup_bars(self, p: Values) -> int:
        """Bars until every indicator below is defined; before them there is no signal."""
        return max(p.slow_period, p.fast_period)

    def contradiction(self, p: Values) -> str:
        """Why these values make no sense together; empty when they do."""
        return "" if p.fast_period < p.slow_period else "fast_period must be below slow_period"

    def signals(self, market: Market, p: Values) -> Signals:
        """Columns in, columns out, one element per bar. Use only the bar itself and bars before it."""
        slow = market.sma(p.slow_period)
        fast = market.ema(p.fast_period)
        dip_ends = crossed_above(market.close, fast)
        return signals(
            len(market),
            long=dip_ends & above(market.close, slow) & market.awake(p.fast_period),
            exit_long=below(market.close, slow),
        )
'''


def strategy_template(name: str) -> str:
    """Source of a working strategy called `name`. Raises InputError `bad_strategy_name`."""
    if not NAME_PATTERN.fullmatch(name) or keyword.iskeyword(name) or len(name) > 64:
        raise InputError(
            "bad_strategy_name",
            f"'{name}' cannot name a strategy.",
            "Use lower-case words joined by _, for example trend_pullback.",
        )
    words = name.split("_")
    return (
        _TEMPLATE.replace("TITLE", " ".join(words).capitalize())
        .replace("CLASS", "".join(word.capitalize() for word in words))
        .replace("NAME", name)
    )
