"""The same variants on several markets, and the plateaus of their pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import MarketId
from karat.core.model.policy import CostLevel, Policy
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.ledger.told import tried_by_sweep
from karat.research.plateau import Plateau, Plateaus
from karat.research.prove.ground import Book, Ground
from karat.research.prove.settings import ProofSettings
from karat.research.prove.space import choice_of
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.pooled import pooled
from karat.research.sweeps.sweep import Sweep
from karat.strategies import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """Sweeps of the same variants, a market each, and their pool."""

    by_market: Mapping[MarketId, Sweep]
    pool: Sweep
    is_sample: bool
    by: str
    trades_enough: tuple[float, ...]

    def centres(self, count: int) -> list[Plateau]:
        """The plateau centres of the pool by the objective, of variants that trade often enough on every market to be
        judged: what could never be proved is not chosen."""
        return Plateaus(self.pool, self.by, sampled=self.is_sample).centres(count, eligible=self.judgeable)

    @property
    def judgeable(self) -> NDArray[np.bool_]:
        """Which variants close as many trades as the gates ask for, on every market: as gold wants where there are
        such, else as any verdict does."""
        fewest = np.min([one.column("trades") for one in self.by_market.values()], axis=0)
        found = [fewest >= bound for bound in self.trades_enough]
        return next((one for one in found if one.any()), found[-1])

    def settings(self, plateau: Plateau) -> dict[str, Any]:
        """What the variant of a plateau sets."""
        return self.pool.settings(plateau.row)

    @property
    def profitable(self) -> float:
        """The share of simulated variants that earned, 0 where none was simulated."""
        earned = self.pool.column("total_return")
        known = earned[~np.isnan(earned)]
        return float(np.mean(known > 0.0)) if len(known) else 0.0

    def at(self, market: MarketId, row: int) -> dict[str, float]:
        """The figures of one variant on one market."""
        return dict(zip(FIGURES, self.by_market[market].figures[row].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Searcher:
    """What all searches of one strategy share. Every variant is counted before anything is chosen."""

    strategy: Strategy
    ground: Ground
    book: Book
    settings: ProofSettings

    @property
    def policy(self) -> Policy:
        """That of the settings at the pessimistic level of costs: all verdicts go by it."""
        return self.settings.policy.with_costs(CostLevel.PESSIMISTIC)

    def search(self, markets: Mapping[MarketId, MarketData], grid: SweepGrid, variants: int) -> Searched:
        """Sweep at most `variants` of `grid` on every market."""
        objective = self.settings.objective
        choice = choice_of(grid, variants, objective, self.settings.seed)
        found: dict[MarketId, Sweep] = {}
        for market, data in markets.items():
            found[market] = self.ground.sweep(data, self.strategy, grid, self.policy, choice)
            self.book.tried(self.strategy, tried_by_sweep(found[market], data, self.policy))
        gates = self.settings.thresholds
        enough = (gates.gate("trades_enough").value, gates.gate("trades").value)
        is_sample = choice.sampler is not Sampler.GRID
        return Searched(found, pooled(list(found.values())), is_sample, objective.name, enough)
