"""What a sweep keeps of the variants it simulates: their figures, their scores, or a sketch of how they differ."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.sweeps.batches import Plan
from karat.research.sweeps.objective import Objective, Record
from karat.research.sweeps.paths import Simulated
from karat.stats.belief.random import fill_uniforms
from karat.stats.belief.sketch import DIRECTIONS, SAMPLE, Sketch, project, sketch_of

_DRAW_SAMPLE = 5  # the purpose of these numbers, apart from all others that one seed gives


class FigureKeeper:
    """Keeps the figures of variants, and the kept columns of an objective, where there is one.

    `variants` are their numbers, ascending, one to a row. `figures` is float64[rows, 4]; `scores` float64[rows, kept].
    `many`: scored with the effort that only the best are worth. `sketched`: all of them are drawn into a sketch on the
    way, which spares a second simulation where they are few. NaN: not simulated, or undefined.
    """

    def __init__(
        self, plan: Plan, variants: Ints, objective: Objective | None, *, many: bool = False, sketched: bool = False
    ) -> None:
        self.figures: Floats = np.full((len(variants), len(FIGURES)), np.nan)
        self.scores: Floats = np.full((len(variants), len(objective.kept) if objective else 0), np.nan)
        self._variants = variants
        self._wants_days = objective is not None and objective.wants_days
        record = Record(plan.days, plan.days_per_year)
        self._score = None if objective is None else objective.scorer(record, many=many)
        self._drawn = SketchKeeper(plan, variants) if sketched else None

    @property
    def wants_days(self) -> bool:
        return self._wants_days or self._drawn is not None

    @property
    def sketch(self) -> Sketch | None:
        """Of all that were simulated, where it was wanted."""
        return None if self._drawn is None else self._drawn.sketch()

    def keep(self, variants: Ints, found: Simulated) -> None:
        rows = np.searchsorted(self._variants, variants)
        self.figures[rows] = found.figures
        if self._score is not None:
            self.scores[rows] = self._score(found)
        if self._drawn is not None:
            self._drawn.keep(variants, found)


class SketchKeeper:
    """Keeps how a sample of the variants moved from day to day, for the trial ledger."""

    wants_days = True

    def __init__(self, plan: Plan, variants: Ints) -> None:
        self._plan = plan
        self._variants = variants
        self._projections = np.full((len(variants), DIRECTIONS), np.nan)

    def keep(self, variants: Ints, found: Simulated) -> None:
        self._projections[np.searchsorted(self._variants, variants)] = project(found.daily, self._plan.first_day)

    def sketch(self) -> Sketch:
        """The clusters of what was simulated, in the order of its numbers, so that threads do not matter."""
        return sketch_of(self._projections[~np.isnan(self._projections[:, 0])])


def sample_of(variants: Ints) -> Ints:
    """At most `SAMPLE` of these variants, ascending; the same for the same ones."""
    if len(variants) <= SAMPLE:
        return variants
    drawn = np.empty(len(variants))
    fill_uniforms(0, _DRAW_SAMPLE, 0, 0, drawn)
    return np.sort(variants[np.argpartition(drawn, SAMPLE)[:SAMPLE]])
