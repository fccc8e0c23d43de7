"""Variants of a grid over one market, on all cores, in bounded memory.

Work goes to threads in batches (`batches.py`): the kernel releases the interpreter lock, so threads are enough.
Only a few figures per variant are kept. What the grid uses decides which kernel runs (`kernel.features.tier_of`) and
which path it takes (`paths.py`).

The vault is not a sweep's to read: the caller cuts the market before it (`before_vault`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import Policy
from karat.core.time import iso
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.sweeps.batches import Batch, Plan, batches, plan_of
from karat.research.sweeps.front import front
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.keeping import FigureKeeper, SketchKeeper, sample_of
from karat.research.sweeps.objective import NO_ROWS, Objective, Record, Whole, columns_of_objective
from karat.research.sweeps.objectives import goals_of, upward
from karat.stats.belief.sketch import SAMPLE, Sketch
from karat.strategies import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """A few figures of every variant, a row each. `variants` are their numbers in the grid, int64 ascending; `figures`
    is float64[rows, 4], columns `kernel.sweep.FIGURES`; `scores` float64[rows, columns], what the objective adds
    (`score_names`), without columns where there is none.

    NaN: a figure is undefined, or the whole row where the parameters contradict each other (`skipped` counts these).
    `trials` is how many variants were simulated: each of them counts against whatever looks best. `refined` are the
    rows that the objective scored again with more effort. `sketch` says how many different things the trials were.
    `pruned` are rows that were given up after the first half of the range: their figures are of that half and they have
    no scores; they count as trials, and are never among the best.
    """

    grid: SweepGrid
    variants: Ints
    figures: Floats
    scores: Floats
    refined: Ints
    days: int
    days_per_year: float
    sketch: Sketch | None
    objective: Objective | None = None
    pruned: Ints = field(default_factory=lambda: NO_ROWS)

    @property
    def score_names(self) -> tuple[str, ...]:
        """The columns of `scores`."""
        return columns_of_objective(self.objective)

    @property
    def skipped(self) -> int:
        return int(np.count_nonzero(np.isnan(self.column("trades"))))

    @property
    def trials(self) -> int:
        return len(self.figures) - self.skipped

    @property
    def daily_sharpes(self) -> Floats:
        """The Sharpe ratio of every variant per day, NaN where undefined."""
        return self.column("sharpe") / math.sqrt(self.days_per_year)

    def column(self, name: str) -> Floats:
        """One figure of every variant."""
        if name in FIGURES:
            return self.figures[:, FIGURES.index(name)]
        return self.scores[:, self.score_names.index(name)]

    def settings(self, row: int) -> dict[str, Any]:
        """Everything that the variant of a row sets."""
        return self.grid.variant(int(self.variants[row]))

    def best(self, count: int, by: str = "sharpe") -> list[int]:
        """The rows of the `count` highest variants by a figure; the lowest by drawdown. Undefined ones never.

        By two goals, "sharpe,max_drawdown", those that no other beats in both, the highest by the first before.
        By the objective, those it scored again come first: a score of few paths is not to be compared with them.
        """
        goals = goals_of(by)
        if len(goals) > 1:
            return self._front(goals)[:count]
        values = upward(by, self.column(by)).copy()
        values[self.pruned] = np.nan
        order = np.argsort(-values, kind="stable")
        if self.objective is not None and by == self.objective.name and len(self.refined):
            many = np.isin(order, self.refined, assume_unique=True)
            order = np.concatenate((order[many], order[~many]))
        return [int(k) for k in order if values[k] == values[k]][:count]

    def _front(self, goals: tuple[str, ...]) -> list[int]:
        """The rows that no other beats in both goals, of those scored again where there are such."""
        columns = [upward(goal, self.column(goal)).copy() for goal in goals]
        columns[0][self.pruned] = np.nan
        if len(self.refined):
            columns[0][~np.isin(np.arange(len(columns[0])), self.refined)] = np.nan
        return front(*columns).tolist()


def before_vault(data_end_ms: int | None, vault_start_ms: int) -> int:
    """Where a sweep's range ends: before the vault, which sweeps cannot read."""
    return vault_start_ms if data_end_ms is None else min(data_end_ms, vault_start_ms)


def refuse_old_vault(data: MarketData) -> None:
    """A range that is joined from the market's old name may reach into that one's vault. Raises InputError."""
    if data.looks_into_vault:
        message = f"{data.candles.market} had another name, whose vault begins {iso(data.entry.vault_start_ts)}."
        hint = f"Sweep up to there (--to {iso(data.entry.vault_start_ts)}), or only what lies behind the renaming."
        raise InputError("vault_of_old_name", message, hint)


def sweep(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    *,
    variants: Ints | None = None,
    objective: Objective | None = None,
    sketched: bool = False,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sweep:
    """Simulate every variant of `grid`, or those with the numbers `variants` (ascending, each once), in memory.

    `progress` is told how many more are done. With an objective all are scored, and where it says so the best of them
    once more with more effort. `sketched`: also say how many different things they were, as the trial ledger asks of
    whoever shows what came out. Raises InputError where a policy of the grid contradicts itself or a parameter is out
    of range, and `record_too_short` where an objective cannot be told.
    """
    plan = plan_of(data, strategy, grid, policy)
    rows = np.arange(grid.variants) if variants is None else variants
    with SweepThreads(plan, workers, progress) as threads:
        wanted = sketched or (objective is not None and objective.wants_sketch)
        kept = threads.figures(rows, objective, whole=variants is None, sketched=wanted and len(rows) <= SAMPLE)
        return threads.finished(rows, kept.figures, kept.scores, objective, sketched=sketched, sketch=kept.sketch)


def whole_of(plan: Plan, figures: Floats, sketch: Sketch | None) -> Whole:
    """What an objective is told when all variants are simulated: the sketch as it is kept, so that it reads back."""
    kept = None if sketch is None else Sketch.of_json(sketch.as_json())
    return Whole(Record(plan.days, plan.days_per_year), figures, kept)


def sweep_of(
    plan: Plan, variants: Ints, figures: Floats, kept: Floats, objective: Objective | None, refined: Ints,
    sketch: Sketch | None,
) -> Sweep:  # fmt: skip
    """A sweep of its figures, and of the kept columns of its objective."""
    scores = kept
    if objective is not None:
        scores = np.concatenate([objective.worked_out(kept, whole_of(plan, figures, sketch)), kept], axis=1)
    days, year = plan.days, plan.days_per_year
    return Sweep(plan.grid, variants, figures, scores, refined, days, year, sketch, objective)


class Kept(NamedTuple):
    """What is kept of some variants, ascending: the columns of `FigureKeeper`."""

    figures: Floats
    scores: Floats


class SweepThreads:
    """The threads that work on one plan. `progress` is told how many more variants are done."""

    def __init__(self, plan: Plan, workers: int | None, progress: Callable[[int], None] | None) -> None:
        self._plan = plan
        self._progress = progress
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)

    def __enter__(self) -> SweepThreads:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def figures(
        self, variants: Ints, objective: Objective | None, *, whole: bool = False, sketched: bool = False
    ) -> FigureKeeper:
        """The figures of variants, and their scores on few paths. `whole`: they are all of the grid; `sketched`: with
        the sketch of all of them."""
        kept = FigureKeeper(self._plan, variants, objective, sketched=sketched)
        for done, _ in _bounded(self._pool, batches(self._plan, kept, None if whole else variants)):
            if self._progress is not None:
                self._progress(done)
        return kept

    def parts(self, wanted: Mapping[int, Ints], objective: Objective | None) -> Generator[tuple[int, Kept]]:
        """Parts of a sweep, by their numbers, in the order in which they are done."""
        for part, variants in wanted.items():
            kept = self.figures(variants, objective)
            yield part, Kept(kept.figures, kept.scores)

    def finished(
        self, variants: Ints, figures: Floats, kept: Floats, objective: Objective | None, *, sketched: bool,
        sketch: Sketch | None = None,
    ) -> Sweep:  # fmt: skip
        """The whole sweep, of its figures and of the kept columns of its objective, and of its sketch where there is
        one already."""
        refined = NO_ROWS
        if sketch is None and (sketched or (objective is not None and objective.wants_sketch)):
            sketch = self._sketch(variants[~np.isnan(figures[:, FIGURES.index("trades")])])
        if objective is not None:
            refined = objective.again(kept, whole_of(self._plan, figures, sketch))
        if objective is not None and len(refined):
            kept = kept.copy()
            kept[refined] = self._again(variants[refined], objective)
        return sweep_of(self._plan, variants, figures, kept, objective, refined, sketch)

    def _again(self, variants: Ints, objective: Objective) -> Floats:
        """The kept columns of variants, with the effort that only the best are worth."""
        again = FigureKeeper(self._plan, variants, objective, many=True)
        self._run(batches(self._plan, again, variants))
        return again.scores

    def _sketch(self, simulated: Ints) -> Sketch:
        sample = sample_of(simulated)
        keeper = SketchKeeper(self._plan, sample)
        self._run(batches(self._plan, keeper, sample))
        return keeper.sketch()

    def _run(self, work: Iterator[Batch]) -> None:
        for _ in _bounded(self._pool, work):
            pass


def _bounded(pool: ThreadPoolExecutor, work: Iterator[Batch]) -> Iterator[tuple[int, int]]:
    """Run batches with a few in flight, so that memory does not grow with the number of variants."""
    room = 2 * (os.cpu_count() or 1)
    flying: set[Future[tuple[int, int]]] = set()
    for batch in work:
        flying.add(pool.submit(batch))
        if len(flying) >= room:
            landed, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in landed:
                yield future.result()
    for future in flying:
        yield future.result()
