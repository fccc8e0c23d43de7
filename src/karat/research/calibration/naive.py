"""Rules that look strict and are not: the best of a small sweep, accepted by what is usually looked at.

1. The sweep is of the periods of `ema_crossover`, 96 pairs, before the vault. The best is the one with the highest
   Sharpe ratio, as everywhere where the best of a search is shown.
2. `SHARPE_AND_REGIMES`: its annual Sharpe ratio is above 1, and it earned in at least four of the five regimes.
3. `PROBABILISTIC`: the probability that its true Sharpe ratio is above 0 is at least 95%, the search forgotten.
4. `DEFLATED_AND_SUPERIOR`: its deflated Sharpe ratio, with the effective number of the 96 trials, is at least 95%, and
   the test of superior ability against holding the market has a p-value of at most 5%.

What has no figure is not accepted. Each rule is asked at the pessimistic costs and at none: without costs is how most
searches are looked at, and how a rule is known for what it lets through by luck alone.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import CostLevel, Policy, SizeMode
from karat.core.time import DAY_MS
from karat.research.backtest import MarketData
from karat.research.ledger.account import effective_number
from karat.research.period_figures import period_figures, regimes_positive
from karat.research.period_regimes import daily_closes, period_regimes
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.cross_validation import mean_block
from karat.research.validation.daily import DailyRuns, daily_runs
from karat.research.validation.holding import holding_returns
from karat.stats.belief.deflated import Moments, deflated_sharpe, moments, probabilistic_sharpe
from karat.stats.belief.superior import superior_ability
from karat.stats.figure import Undefined, is_defined
from karat.strategies import find_strategy

FAST = (5, 8, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50)
SLOW = (60, 80, 100, 120, 160, 200, 300, 400)
GRID = SweepGrid({"fast_period": FAST, "slow_period": SLOW}, {})
BELIEF = 0.95
P_VALUE_MAX = 0.05
_REGIMES = 4.0
_RESAMPLES = 500
_FREE = {"half_spread": 0.0, "slippage_base": 0.0, "slippage_atr": 0.0, "slippage_volume": 0.0, "taker_fee": 0.0}
_SIZED = Policy(size_mode=SizeMode.VOLATILITY, size_value=0.2)
POLICIES = {"without_costs": replace(_SIZED, **_FREE), "pessimistic_costs": _SIZED.with_costs(CostLevel.PESSIMISTIC)}


class Naive(StrEnum):
    """A rule."""

    SHARPE_AND_REGIMES = "sharpe_and_regimes"
    PROBABILISTIC = "probabilistic_sharpe"
    DEFLATED_AND_SUPERIOR = "deflated_sharpe_and_spa"


def accepted(data: MarketData) -> dict[str, list[str]]:
    """Which rules accept a market, by the name of the costs in `POLICIES`. The vault of `data` is not read."""
    bars = int(np.searchsorted(data.candles.ts, data.entry.vault_start_ts))
    early = replace(data, market=data.market[slice(0, bars)])
    return {costs: [rule.value for rule in _accepting(early, policy)] for costs, policy in POLICIES.items()}


def _accepting(data: MarketData, policy: Policy) -> list[Naive]:
    runs = daily_runs(data, find_strategy("ema_crossover"), GRID, policy)
    returns = runs.returns
    found = [moments(np.ascontiguousarray(column)) for column in returns.T]
    known = {place: one for place, one in enumerate(found) if not isinstance(one, Undefined)}
    if not known:
        return []
    best = max(known, key=lambda place: known[place].sharpe)
    is_probable = _at_least(probabilistic_sharpe(known[best]), BELIEF)
    held = {
        Naive.SHARPE_AND_REGIMES: _is_steady(data, runs, best, known[best]),
        Naive.PROBABILISTIC: is_probable,
        Naive.DEFLATED_AND_SUPERIOR: is_probable  # deflated it is lower, and takes longer to say
        and _is_deflated(data, runs, policy, known, best)
        and _is_superior(data, policy, returns),
    }
    return [rule for rule, holds in held.items() if holds]


def _at_least(figure: float | Undefined, least: float) -> bool:
    return is_defined(figure) and figure >= least


def _is_steady(data: MarketData, runs: DailyRuns, best: int, of: Moments) -> bool:
    if of.sharpe * np.sqrt(runs.days_per_year) <= 1.0:
        return False
    periods = period_regimes(*daily_closes(data.candles))
    nothing: Ints = np.zeros(0, np.int64)
    figures = period_figures(periods, runs.days * DAY_MS, runs.daily[best], nothing)
    return _at_least(regimes_positive(figures), _REGIMES)


def _is_deflated(data: MarketData, runs: DailyRuns, policy: Policy, known: dict[int, Moments], best: int) -> bool:
    tried = runs.tried(data, policy)
    spread = float(np.var([one.sharpe for one in known.values()], ddof=1)) if len(known) > 1 else 0.0
    trials = max(1.0, effective_number(tried.count, tried.sketch))
    return _at_least(deflated_sharpe(known[best], max(spread, 1.0 / len(runs.days)), trials), BELIEF)


def _is_superior(data: MarketData, policy: Policy, returns: Floats) -> bool:
    excess = returns - holding_returns(data, policy)[:, None]
    block = mean_block(excess)
    if isinstance(block, Undefined):
        return False
    found = superior_ability(excess, seed=0, mean_block=block, resamples=_RESAMPLES)
    return not isinstance(found, Undefined) and found.p_consistent <= P_VALUE_MAX
