"""One grid on several markets, each a sweep of its own, and what is told of them together.

1. Before any work is done it is looked whether every market can be swept at all (`check_sweepable`).
2. Sweeps are pooled on **one number of paths**. Each market scored its own best again on many, and those differ by
   market; a score of many paths is not to be compared with one of few. So the pool reads the few paths that every
   variant was scored on, as the parts of the sweeps keep them. Where every variant of every market was scored on many,
   as in small sweeps, it reads the many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from karat.core.model.policy import Policy
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.sweeps.batches import plan_of
from karat.research.sweeps.choice import chosen_variants
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, admit
from karat.research.sweeps.objective import NO_ROWS, Consistency, Objective, Record, Whole, columns_of_objective
from karat.research.sweeps.objectives import Expression
from karat.research.sweeps.store import SweepFolder
from karat.research.sweeps.study import first_half
from karat.research.sweeps.sweep import Sweep
from karat.strategies import Strategy

_BYTES_OF_A_FIGURE = 8


def variants_of(grid: SweepGrid, choice: Choice) -> int:
    """How many variants each market has, at most. Raises what `chosen_variants` raises."""
    if choice.sampler.leads:
        return min(choice.trials or 1, grid.variants)
    chosen = chosen_variants(grid, choice.sampler, choice.trials, choice.seed, choice.conditions)
    return grid.variants if chosen is None else len(chosen)


def check_sweepable(
    data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice, rows: int, *, pooled: int
) -> None:
    """Refuse a market that cannot be swept, before any market is. `pooled` markets' figures are held beside the work.

    Raises InputError, what `plan_of`, the objective and `admit` raise: `record_too_short`, `bad_grid`, `too_large`.
    """
    objective = choice.objective
    for part in (data, first_half(data)) if choice.prune else (data,):
        plan = plan_of(part, strategy, grid, policy)
        if objective is not None:
            objective.scorer(Record(plan.days, plan.days_per_year), many=False)
    columns = len(FIGURES) + len(columns_of_objective(objective))
    held = (2 * pooled + 1) * rows * columns * _BYTES_OF_A_FIGURE if pooled > 1 else 0
    admit(plan, rows, None, beside_bytes=held)


def on_few_paths(result: Sweep, folder: SweepFolder) -> Sweep:
    """The sweep as its parts keep it: every variant scored on the same few paths, none `refined`.

    Raises NeedsOperator `sweep_damaged`.
    """
    objective = result.objective
    if objective is None or not len(result.refined):
        return result
    kept = np.concatenate([folder.read_part(part, objective.kept)[1] for part in range(folder.parts())])
    kept[result.pruned] = np.nan
    whole = Whole(Record(result.days, result.days_per_year), result.figures, result.sketch)
    scores = np.concatenate([objective.worked_out(kept, whole), kept], axis=1)
    return replace(result, scores=scores, refined=NO_ROWS)


def is_all_refined(result: Sweep) -> bool:
    """Whether every variant that has a score has one of many paths."""
    if result.objective is None or not len(result.refined):
        return False
    scored = ~np.isnan(result.scores).all(axis=1)
    scored[result.refined] = False
    return not bool(scored.any())


def with_one_number_of_paths(parts: Sequence[tuple[Sweep, SweepFolder]]) -> tuple[list[Sweep], int | None]:
    """The sweeps of several markets made comparable, and the number of paths that all of them are scored on; None where
    the objective resamples nothing."""
    results = [result for result, _ in parts]
    paths = paths_of(results[0].objective)
    if paths is None:
        return results, None
    if all(is_all_refined(result) for result in results):
        return [replace(result, refined=NO_ROWS) for result in results], paths[1]
    return [on_few_paths(result, folder) for result, folder in parts], paths[0]


def have_the_same_variants(parts: Sequence[Sweep]) -> bool:
    """Whether sweeps can be pooled: a sampler that leads chooses other variants on every market."""
    return all(np.array_equal(one.variants, parts[0].variants) for one in parts)


def paths_of(objective: Objective | None) -> tuple[int, int] | None:
    """(few, many) paths that an objective resamples; None where it resamples nothing."""
    parts = objective.parts if isinstance(objective, Expression) else (objective,)
    resampled = next((part for part in parts if isinstance(part, Consistency)), None)
    return None if resampled is None else (resampled.paths, resampled.best_paths)
