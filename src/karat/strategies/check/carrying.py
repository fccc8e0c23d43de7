"""Whether a strategy may be carried: asked for its last rows, bar after bar, it must say what it says of everything.

At every bar of every market of the check, from the first at which it may be asked, the later half of the rows it gives
is compared with the signals over the whole market: all columns, to the bit. The half before is room to look back into.
Together with the removed future (the signals of a prefix are the prefix of the signals) this makes a carried bar equal
to one recomputed from the anchor.

What is not proved is not wrong: a strategy that looks further back is run from the anchor, as it always was.
"""

from __future__ import annotations

from dataclasses import fields

from karat.core.model.signals import Signals
from karat.strategies.carried import ROWS, CarriedStrategy, NotCarriedError, candle_columns
from karat.strategies.check.hostile import hostile_markets
from karat.strategies.check.subject import Case
from karat.strategies.contract import Strategy
from karat.strategies.parameters import Values

BARS_TRIED = 420  # of a hostile market, beyond the warm-up
_SHOWN = ROWS // 2
_COLUMNS = tuple(spec.name for spec in fields(Signals))


def carried_difference(case: Case, full: Signals) -> str:
    """Why `case`, whose signals over all of its market are `full`, cannot be carried; empty when it can."""
    if case.strategy.needs:
        return f"it needs {', '.join(case.strategy.needs)}, and only candles are carried"
    columns = candle_columns(case.market.candles)
    carried = CarriedStrategy(case.strategy, case.values, case.market.market_id, case.market.timeframe_ms)
    for bars in range(carried.first_bars, len(full) + 1):
        try:
            rows = carried.rows(columns, bars)
        except NotCarriedError as error:
            return str(error)
        name = _differing(rows, full, bars)
        if name:
            return f"{name} is another at bar {bars - 1} of '{case.dataset}' with {case.values}"
    return ""


def difference_of(strategy: Strategy, values: Values) -> str:
    """Why `strategy` cannot be carried with these very parameters, on hostile markets; empty when it can. A check tries
    the defaults and the ends of the ranges; a bot may have others. Raises what `evaluate` raises."""
    for name, market in hostile_markets(strategy.warmup_bars(values) + BARS_TRIED, strategy.needs).items():
        case = Case(strategy, values, name, market)
        difference = carried_difference(case, case.run())
        if difference:
            return difference
    return ""


def _differing(rows: Signals, full: Signals, bars: int) -> str:
    """The first column in which the shown rows are not those of `full`."""
    for name in _COLUMNS:
        some, every = getattr(rows, name), getattr(full, name)
        if (some is None) != (every is None):
            return name
        if some is not None and some[-_SHOWN:].tobytes() != every[bars - _SHOWN : bars].tobytes():
            return name
    return ""
