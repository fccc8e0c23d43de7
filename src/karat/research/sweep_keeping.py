"""What a sweep keeps of the variants it simulates: their figures, their scores, or a sketch of how they differ."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.sweep_batches import Plan
from karat.research.sweep_objective import SCORES, Consistency
from karat.research.sweep_paths import Simulated
from karat.stats.belief.random import fill_uniforms
from karat.stats.belief.sketch import DIRECTIONS, SAMPLE, Sketch, project, sketch_of

_DRAW_SAMPLE = 5  # the purpose of these numbers, apart from all others that one seed gives


class FigureKeeper:
    """Keeps the figures of every variant, and its scores where there is an objective. NaN: not simulated, or undefined.

    `figures` is float64[variants, 4]; `scores` float64[variants, 4], without rows where there is no objective.
    """

    def __init__(self, plan: Plan, objective: Consistency | None) -> None:
        variants = plan.grid.variants
        self.figures: Floats = np.full((variants, len(FIGURES)), np.nan)
        self.scores: Floats = np.full((variants if objective else 0, len(SCORES)), np.nan)
        self._plan = plan
        self._objective = objective
        self._draws = objective.draws(plan.days, objective.paths) if objective else None

    @property
    def wants_days(self) -> bool:
        return self._objective is not None

    def on_many_paths(self) -> None:
        """Score what comes from now on with the many paths of the best."""
        if self._objective is not None:
            self._draws = self._objective.draws(self._plan.days, self._objective.best_paths)

    def keep(self, variants: Ints, found: Simulated) -> None:
        self.figures[variants] = found.figures
        if self._objective is not None and self._draws is not None:
            scores = self._objective.scores(found.daily, self._draws, self._plan.days_per_year)
            self.scores[variants] = scores


class SketchKeeper:
    """Keeps how a sample of the variants moved from day to day, for the trial ledger."""

    wants_days = True

    def __init__(self, plan: Plan, variants: Ints) -> None:
        self._plan = plan
        self._variants = variants
        self._projections = np.zeros((len(variants), DIRECTIONS))

    def keep(self, variants: Ints, found: Simulated) -> None:
        self._projections[np.searchsorted(self._variants, variants)] = project(found.daily, self._plan.first_day)

    def sketch(self) -> Sketch:
        """The clusters of the sample, in the order of its numbers, so that threads do not matter."""
        return sketch_of(self._projections)


def sample_of(figures: Floats) -> Ints:
    """The numbers of at most `SAMPLE` of the variants that were simulated, ascending; the same for the same sweep."""
    simulated = np.flatnonzero(~np.isnan(figures[:, FIGURES.index("trades")]))
    if len(simulated) <= SAMPLE:
        return simulated
    drawn = np.empty(len(simulated))
    fill_uniforms(0, _DRAW_SAMPLE, 0, 0, drawn)
    return np.sort(simulated[np.argpartition(drawn, SAMPLE)[:SAMPLE]])
