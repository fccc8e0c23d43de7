"""Stage 4: does a market need parameters of its own, and do they earn more than the freedom of choosing them costs?

The best plateau centre around the common parameters, found on this market alone, is taken only if its Sharpe ratio is
higher than that of the common ones by more than the luck of the search: the expected largest of so many independent
draws, in standard errors of a difference of two Sharpe ratios of correlated records (Memmel 2003). Whatever is taken
must have a Sharpe ratio above zero after that charge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Floats
from karat.research.backtest import MarketData
from karat.research.json_form import settings_json
from karat.research.ledger.account import effective_number
from karat.research.plateau import Plateau
from karat.research.prove.region import AROUND, Refined
from karat.research.prove.search import Searched, Searcher
from karat.research.prove.space import around, number_of
from karat.research.prove.stage import Stage, StageResult, above
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.stats.belief.deflated import sharpe_of_luck
from karat.stats.figure import Figure, Undefined, is_defined, to_json
from karat.stats.ratios import sharpe


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What this market is traded with from here on; `is_own` when it differs from what all markets have in common."""

    settings: dict[str, Any]
    plateau: Plateau
    searched: Searched
    is_own: bool
    result: StageResult


def own_parameters(searcher: Searcher, market: MarketId, data: MarketData, refined: Refined) -> Own:
    """Stage 4 of one market."""
    effort, common = searcher.settings.effort, refined.settings
    grid = around(searcher.strategy, refined.grid, common, AROUND, effort.own_variants)
    searched = searcher.search({market: data}, grid, effort.own_variants)
    centres = searched.centres(1)
    own = searched.settings(centres[0]) if centres else common
    returns = [_returns(searcher, data, grid, settings) for settings in (common, own)]
    year = searched.pool.days_per_year
    before, after = (sharpe(one, year) for one in returns)
    sketch = searched.by_market[market].sketch
    assert sketch is not None and refined.centre is not None, "a sketched sweep around a centre"
    trials = effective_number(searched.by_market[market].trials, sketch)
    charge = luck(*returns, trials) * math.sqrt(year)
    is_own = is_defined(before) and is_defined(after) and own != common and after - before > charge
    left: Figure = after - charge if is_own and is_defined(after) else before
    numbers = {
        "variants": searched.by_market[market].trials, "effective_trials": trials,
        "common": settings_json(common), "own": settings_json(own), "common_sharpe": to_json(before),
        "own_sharpe": to_json(after),
        "charge": charge, "taken": "own" if is_own else "common",
    }  # fmt: skip
    result = StageResult(Stage.OWN_PARAMETERS, (above("sharpe_after_charge", left, 0.0),), numbers)
    return Own(own if is_own else common, centres[0] if is_own else refined.centre, searched, is_own, result)


def luck(common: Floats, own: Floats, trials: float) -> float:
    """How much better per day the best of `trials` independent searches looks than the common parameters, by luck.

    common, own: daily returns of the same days, float64 without NaN. 0 where one of them did not vary.
    """
    first, second = sharpe(common, 1.0), sharpe(own, 1.0)
    if isinstance(first, Undefined) or isinstance(second, Undefined):
        return 0.0
    rho = float(np.corrcoef(common, own)[0, 1])
    spread = 2.0 - 2.0 * rho + 0.5 * (first**2 + second**2 - 2.0 * first * second * rho**2)
    return sharpe_of_luck(max(spread, 0.0) / len(common), max(trials, 1.0))


def _returns(searcher: Searcher, data: MarketData, grid: SweepGrid, settings: Mapping[str, Any]) -> Floats:
    number = np.array([number_of(grid, settings)])
    return daily_runs(data, searcher.strategy, grid, searcher.policy, variants=number).returns[:, 0]
