"""Stages 2 and 3: a sweep of the reasonable region of parameters, and a finer one around the best of it.

Both pool all markets that are left: parameters that work on one market only are chosen by chance more often than not.
Plateau centres are taken, not peaks. The choice of a timeframe is made here too, by the pooled objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.research.backtest import MarketData
from karat.research.json_form import settings_json
from karat.research.plateau import ALONE, Plateau
from karat.research.prove.search import Searched, Searcher
from karat.research.prove.space import around, region
from karat.research.prove.stage import Check, Stage, StageResult, above, at_least
from karat.research.sweeps.grid import SweepGrid
from karat.stats.figure import Figure, to_json

AROUND = 0.4  # of each value; the neighbourhood of the centre, 20%, lies inside
_PICTURE_VARIANTS_MAX = 512


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The sweep of one timeframe, and its plateau centres, the best first."""

    grid: SweepGrid
    searched: Searched
    centres: tuple[Plateau, ...]
    results: Mapping[MarketId, StageResult]


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """The finer sweep around one centre. `centre` is None where no plateau came out."""

    grid: SweepGrid
    searched: Searched
    centre: Plateau | None
    results: Mapping[MarketId, StageResult]

    @property
    def settings(self) -> dict[str, Any]:
        """What the centre sets."""
        assert self.centre is not None, "a plateau was found"
        return self.searched.settings(self.centre)

    @property
    def height(self) -> float:
        """The pooled objective of the centre, by which timeframes and centres are chosen among each other."""
        objective = None if self.centre is None else self.centre.objective
        return objective if isinstance(objective, float) else -np.inf


def sweep_region(
    searcher: Searcher, markets: Mapping[MarketId, MarketData], policy_axes: Mapping[str, tuple[Any, ...]]
) -> Region:
    """Stage 2 of one timeframe."""
    effort, thresholds = searcher.settings.effort, searcher.settings.thresholds
    grid = region(searcher.strategy, effort.axis_values, policy_axes)
    searched = searcher.search(markets, grid, effort.sweep_variants)
    # A strategy without parameters is its own region: it is either there or not.
    centres = tuple(searched.centres(effort.centres)) or _single(searched)
    checks = (
        at_least("profitable_variants", searched.profitable, thresholds.setting("region_profitable")),
        at_least("variants_with_enough_trades", float(np.sum(searched.judgeable)), 1.0, buries=False),
        at_least("plateaus", searched.plateaus_found(centres), 1.0),
    )
    results = {}
    for market, own in searched.by_market.items():
        numbers = {
            "variants": own.trials, "contradictory": own.skipped, "sampled": searched.is_sample,
            "axes": {name: len(values) for name, values in [*grid.parameters.items(), *grid.policy.items()]},
            "markets_pooled": len(markets), "centres": [_told(searched, one) for one in centres],
        }  # fmt: skip
        results[market] = StageResult(Stage.SWEEP, checks, numbers, {"variants": picture(searched)})
    return Region(grid, searched, centres, results)


def refine(searcher: Searcher, markets: Mapping[MarketId, MarketData], found: Region) -> Refined:
    """Stage 3 of one timeframe: the best refined centre of all."""
    tried = [_around(searcher, markets, found, centre) for centre in found.centres]
    return max(tried, key=lambda one: one.height)


def _around(searcher: Searcher, markets: Mapping[MarketId, MarketData], found: Region, centre: Plateau) -> Refined:
    effort, thresholds = searcher.settings.effort, searcher.settings.thresholds
    settings = found.searched.settings(centre)
    grid = around(searcher.strategy, found.grid, settings, AROUND, effort.refinement_variants)
    searched = searcher.search(markets, grid, effort.refinement_variants)
    best = searched.centres(1) or list(_single(searched))
    if not best:
        check = at_least("plateaus", searched.plateaus_found(()), 1.0)
        none = {
            market: StageResult(Stage.REFINEMENT, (check,), {"around": settings_json(settings)}) for market in markets
        }
        return Refined(grid, searched, None, none)
    plateau = best[0]
    pooled_checks = (
        at_least("plateau_score", plateau.score, thresholds.gate("plateau_score_least").value),
        at_least("neighbours_profitable", plateau.profitable, thresholds.gate("neighbours_profitable_least").value),
    )
    results = {}
    for market in markets:
        own = searched.at(market, plateau.row)
        checks: tuple[Check, ...] = (*pooled_checks, above("total_return_here", own["total_return"], 0.0))
        numbers = {
            "around": settings_json(settings), "variants": searched.by_market[market].trials,
            "chosen": _told(searched, plateau),
            "here": {name: _figure(value) for name, value in own.items()},
        }  # fmt: skip
        results[market] = StageResult(Stage.REFINEMENT, checks, numbers, {"variants": picture(searched)})
    return Refined(grid, searched, plateau, results)


def _single(searched: Searched) -> tuple[Plateau, ...]:
    """The one variant of a strategy that has nothing to vary."""
    if len(searched.pool.variants) > 1 or np.isnan(searched.pool.figures[0]).any():
        return ()
    objective = float(searched.pool.column(searched.by)[0])
    return (Plateau(0, objective, 0, ALONE, ALONE, ALONE, ()),) if objective > 0.0 else ()


def _told(searched: Searched, plateau: Plateau) -> dict[str, Any]:
    figures: dict[str, Figure] = {
        "objective": plateau.objective, "median_of_neighbours": plateau.median, "plateau_score": plateau.score,
        "neighbours_profitable": plateau.profitable,
    }  # fmt: skip
    return {
        "settings": settings_json(searched.settings(plateau)), "neighbours": plateau.neighbours,
        "edges": list(plateau.edges), **{name: to_json(figure) for name, figure in figures.items()},
    }  # fmt: skip


def _figure(value: float) -> Any:
    return float(value) if np.isfinite(value) else {"undefined": "the variant has none here"}


def picture(searched: Searched) -> dict[str, Any]:
    """The pooled objective over the parameters: what each variant sets and what it came to, None where undefined."""
    pool = searched.pool
    some = np.unique(np.linspace(0, len(pool.variants) - 1, min(len(pool.variants), _PICTURE_VARIANTS_MAX)).astype(int))
    scores = pool.column(searched.by)
    return {
        "by": searched.by,
        "of": len(pool.variants),
        "settings": [settings_json(pool.settings(int(row))) for row in some],
        "values": [round(float(scores[row]), 6) if np.isfinite(scores[row]) else None for row in some],
    }
