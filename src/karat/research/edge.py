"""The cost at which the edge dies: the price of a fill, in basis points, at which the Sharpe ratio reaches zero.

1. Spread, slippage and both fees are replaced by one number: every fill, maker or taker, pays `c` of its notional, one
   way. Latency, funding, borrow, signals and the rest of the policy stay. Liquidations pay nothing, as in rule 17.
2. It is taken as a fee, so fill prices, stops and takes do not move with `c`; sizes follow equity.
3. The cost is doubled until the Sharpe is no longer above zero, then the bracket is halved down to 0.1 basis points. An
   account that is ruined has no Sharpe and counts as below zero.

Compare it with `LevelRun.paid_bp`, what the fills of a level paid on average in the same unit.
"""

from __future__ import annotations

from dataclasses import replace

from karat.core.model.candles import Ints
from karat.core.time import YEAR_DAYS
from karat.kernel.engine import Inputs, run
from karat.stats import Figure, Undefined, daily_returns, is_defined, sharpe
from karat.stats.figure import BANKRUPT, NO_TRADES
from karat.stats.returns import SESSION_DAYS

CEILING_BP = 2_000.0
PRECISION_BP = 0.1
_FIRST_BP = 8.0
_BP = 1e-4

NO_EDGE = Undefined("no edge even at zero cost")
ABOVE_CEILING = Undefined(f"the Sharpe is still above zero at {CEILING_BP:g} bp a fill")


def sharpe_at(inputs: Inputs, close_ts: Ints, keys: Ints | None, cost_bp: float) -> Figure:
    """Sharpe of the run when every fill pays `cost_bp` of its notional and nothing else; undefined without a fill."""
    cost = cost_bp * _BP
    rules = inputs.rules._replace(
        half_spread=0.0, slippage_base=0.0, slippage_atr=0.0, slippage_volume=0.0, maker_fee=cost, taker_fee=cost
    )
    record = run(replace(inputs, rules=rules))
    if not len(record.fills["ts"]):
        return NO_TRADES
    start = float(rules.capital)
    _, daily = daily_returns(close_ts, record.equity, start, sessions=keys is not None, session_keys=keys)
    return sharpe(daily, YEAR_DAYS if keys is None else SESSION_DAYS)


def edge_dies_at_bp(inputs: Inputs, close_ts: Ints, keys: Ints | None = None) -> Figure:
    """Cost of a fill in basis points, within `PRECISION_BP`, at which the Sharpe of prepared inputs reaches zero.

    Undefined without a fill, without a Sharpe, when the Sharpe is not above zero even at no cost, and when it is still
    above zero at `CEILING_BP`. `close_ts` and `keys` as in `karat.stats.daily_returns`.
    """

    def alive(cost_bp: float) -> bool:
        figure = sharpe_at(inputs, close_ts, keys, cost_bp)
        return is_defined(figure) and figure > 0.0

    free = sharpe_at(inputs, close_ts, keys, 0.0)
    if not is_defined(free):
        return NO_EDGE if free is BANKRUPT else free
    if not free > 0.0:
        return NO_EDGE
    low, high = 0.0, _FIRST_BP
    while alive(high):
        if high >= CEILING_BP:
            return ABOVE_CEILING
        low, high = high, min(2.0 * high, CEILING_BP)
    while high - low > PRECISION_BP:
        middle = (low + high) / 2.0
        low, high = (middle, high) if alive(middle) else (low, middle)
    return round((low + high) / 2.0, 2)
