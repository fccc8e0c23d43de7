"""What a sweep orders its variants by, beyond the figures of each run: one protocol, and the default.

An objective adds columns to the figures of a variant: `kept` ones, worked out when it is simulated and written to the
sweep's files, and `own` ones, worked out of all variants when the last is done. The one it is named after is ordered
by, highest first. A figure of a run (`kernel.sweep.FIGURES`) needs no objective. All there are: `objectives.py`.

**NaN stands for undefined** in every column: the variant was not simulated, or `why_undefined`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.research.sweeps.paths import Simulated
from karat.stats.belief.bootstrap import Blocks
from karat.stats.belief.consistency import PENALTY, WINDOW_DAYS, consistency, window_blocks
from karat.stats.belief.sketch import Sketch

SCORES = ("consistency", "growth_low", "growth_middle", "growth_high")
NO_ROWS: Ints = np.zeros(0, np.int64)

Scorer = Callable[[Simulated], Floats]
"""The kept columns of variants, float64[variants, kept]. Called from many threads."""


@dataclass(frozen=True, slots=True)
class Record:
    """How long every variant of a sweep ran: whole days, and how many of them a year has."""

    days: int
    days_per_year: float


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What is known when all are simulated. `figures` float64[rows, 4], columns `FIGURES`, NaN rows for those that
    contradict themselves; `sketch` says how many different things they were, None where the objective wants none."""

    record: Record
    figures: Floats
    sketch: Sketch | None


class Objective(Protocol):
    """What variants are ordered by."""

    @property
    def name(self) -> str:
        """As --by says it: the column to order by."""
        ...

    @property
    def own(self) -> tuple[str, ...]:
        """Columns that are worked out when all variants are simulated."""
        ...

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns that are worked out of each variant alone."""
        ...

    @property
    def wants_days(self) -> bool:
        """Whether the equity at the end of each day is read."""
        ...

    @property
    def wants_sketch(self) -> bool:
        """Whether it is read how many different things the variants were."""
        ...

    @property
    def why_undefined(self) -> str:
        """Why a variant that was simulated may have no value."""
        ...

    def scorer(self, record: Record, *, many: bool) -> Scorer:
        """`many`: with the effort that only the best are worth. Raises InputError `record_too_short`."""
        ...

    def again(self, kept: Floats, whole: Whole) -> Ints:
        """The rows to score once more with `many`, ascending."""
        ...

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        """The own columns, float64[rows, own]."""
        ...

    def told(self) -> dict[str, Any]:
        """All that decides its columns, JSON-ready."""
        ...


def columns_of_objective(objective: Objective | None) -> tuple[str, ...]:
    """Every column that an objective adds, its own ones first."""
    return () if objective is None else (*objective.own, *objective.kept)


@dataclass(frozen=True, slots=True)
class Consistency:
    """Monte Carlo consistency (`stats.belief.consistency`), or with `by="growth_low"` the worst percentile of the same
    paths. The same seed scores a variant the same in every sweep.

    All variants are scored on a few paths, and the best of them again on many: the spread of a hundred paths is itself
    some 15% noise, and whatever is chosen among many is chosen by that noise too. NaN: it lost everything.
    """

    seed: int = 0
    paths: int = 100
    best_share: float = 0.01
    best_at_least: int = 100  # a small sweep is scored on many paths whole
    best_paths: int = 5_000
    penalty: float = PENALTY
    window_days: int = WINDOW_DAYS
    by: str = SCORES[0]

    own = ()
    kept = SCORES
    wants_days = True
    wants_sketch = False
    why_undefined = "it lost everything"

    @property
    def name(self) -> str:
        return self.by

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

    def scorer(self, record: Record, *, many: bool) -> Scorer:
        draws = self.draws(record.days, self.best_paths if many else self.paths)
        return lambda found: self.scores(found.daily, draws, record.days_per_year)

    def again(self, kept: Floats, whole: Whole) -> Ints:
        return self.best_of(kept[:, SCORES.index(self.by)])

    def best_of(self, values: Floats) -> Ints:
        """The rows of the highest values, as many as are to be scored again, ascending."""
        known = np.flatnonzero(~np.isnan(values))
        count = min(len(known), max(math.ceil(self.best_share * len(values)), self.best_at_least))
        order = known[np.argsort(-values[known], kind="stable")]
        return np.sort(order[:count])

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        return np.zeros((len(kept), 0))

    def told(self) -> dict[str, Any]:
        return {
            "name": self.name, "seed": self.seed, "paths": self.paths, "best_share": self.best_share,
            "best_at_least": self.best_at_least, "best_paths": self.best_paths, "penalty": self.penalty,
            "window_days": self.window_days,
        }  # fmt: skip
