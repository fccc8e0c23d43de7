"""What a sweep orders its variants by, beyond the figures of each run: how steadily a variant would have grown.

All variants are scored on a few paths, and the best of them again on many: the spread of a hundred paths is itself some
15% noise, and whatever is chosen among many is chosen by that noise too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.stats.belief.bootstrap import Blocks
from karat.stats.belief.consistency import PENALTY, WINDOW_DAYS, consistency, window_blocks

SCORES = ("consistency", "growth_low", "growth_middle", "growth_high")


@dataclass(frozen=True, slots=True)
class Consistency:
    """Monte Carlo consistency (`stats.belief.consistency`). The same seed scores a variant the same in every sweep."""

    seed: int = 0
    paths: int = 100
    best_share: float = 0.01
    best_at_least: int = 100  # a small sweep is scored on many paths whole
    best_paths: int = 5_000
    penalty: float = PENALTY
    window_days: int = WINDOW_DAYS

    def draws(self, days: int, paths: int) -> Blocks:
        """The draws that all variants share. Raises InputError `record_too_short`."""
        found = window_blocks(self.seed, paths, days, self.window_days)
        if found is None:
            hint = "Take a longer range, or order by another figure: --by sharpe."
            raise InputError("record_too_short", f"{days} days are too few to score how steadily one grows.", hint)
        return found

    def scores(self, daily: Floats, draws: Blocks, days_per_year: float) -> Floats:
        """`SCORES` of variants, float64[variants, 4], NaN where a variant lost everything."""
        return consistency(daily, draws, penalty=self.penalty, days_per_year=days_per_year)

    def best_of(self, scores: Floats) -> Ints:
        """The rows of the variants to be scored again, ascending."""
        known = np.flatnonzero(~np.isnan(scores[:, 0]))
        count = min(len(known), max(math.ceil(self.best_share * len(scores)), self.best_at_least))
        order = known[np.argsort(-scores[known, 0], kind="stable")]
        return np.sort(order[:count])
