"""One matrix of daily returns, asked in three ways whether its best is more than luck.

1. Purged paths: does what is best on some days earn on the others?
2. Symmetric halves: how often does the best of one half lose on the other (the gate), or fall below the middle there
   (information)?
3. Superior ability: is the best better than holding the market at the same costs, given how many were tried?
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats
from karat.research.validation.daily import DailyRuns
from karat.research.validation.purged_paths import PurgedPaths, purged_paths
from karat.stats.belief.bootstrap import block_lengths
from karat.stats.belief.overfitting import Overfitting, cross_validate
from karat.stats.belief.superior import Superior, superior_ability
from karat.stats.figure import Figure, Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossSettings:
    """How the matrix is asked. `embargo_share` is of all days; `blocks` are those of the symmetric halves. Recorded
    with what is found."""

    folds: int = 10
    test_folds: int = 2
    purge_days: int = 1  # a day's return belongs to trades that were entered the day before
    embargo_share: float = 0.01
    blocks: int = 16
    resamples: int = 2_000
    seed: int = 0

    def embargo_days(self, days: int) -> int:
        return math.ceil(self.embargo_share * days)


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """What was found of `variants` columns out of `chosen_from`. `mean_block_days` is what the test of superior ability
    resampled with; `holding_return` the mean daily return of the benchmark."""

    settings: CrossSettings
    days: int
    variants: int
    chosen_from: int
    paths: PurgedPaths | Undefined
    halves: Overfitting | Undefined
    superior: Superior | Undefined
    mean_block_days: Figure
    holding_return: float


def cross_validation(runs: DailyRuns, holding: Floats, settings: CrossSettings | None = None) -> CrossValidation:
    """Of a sweep's variants day by day (`daily.daily_runs`) and of holding the same market at the same costs on the
    same days (`holding.holding_returns`)."""
    settings = settings or CrossSettings()
    returns = runs.returns
    assert len(holding) == len(returns), "the benchmark has the same days"
    excess = returns - holding[:, None]
    block = mean_block(excess)
    return CrossValidation(
        settings=settings,
        days=len(returns),
        variants=len(runs.variants),
        chosen_from=runs.chosen_from,
        paths=purged_paths(
            returns, runs.days_per_year, folds=settings.folds, test_folds=settings.test_folds,
            purge=settings.purge_days, embargo=settings.embargo_days(len(returns)),
        ),
        halves=cross_validate(returns, settings.blocks),
        superior=block if isinstance(block, Undefined) else superior_ability(
            excess, seed=settings.seed, mean_block=block, resamples=settings.resamples
        ),
        mean_block_days=block,
        holding_return=float(np.mean(holding)),
    )  # fmt: skip


def mean_block(excess: Floats) -> Figure:
    """The mean block for all columns together, in days: the middle of their automatic lengths, at least 1.

    excess: float64[days, variants] without NaN. Undefined where no column has a length.
    """
    found = [block_lengths(np.ascontiguousarray(column)) for column in excess.T]
    lengths = [one[0] for one in found if not isinstance(one, Undefined)]
    return max(1.0, float(np.median(lengths))) if lengths else Undefined("no excess return has a block length")
