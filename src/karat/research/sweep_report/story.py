"""What the page of a sweep is made of, gathered from the sweep's folder. Nothing here simulates anything.

1. **`even`** is the sweep with every variant scored on one number of paths: charts and plateaus compare variants, and a
   score of many paths is not to be compared with one of few. `result` holds the best scores there are.
2. **Luck** is the Sharpe ratio that the best of the effective number of trials shows without any edge, made annual: as
   the trial ledger works it out, of this sweep alone. A pool has none: its figures are medians, whose law is another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.policy import CostLevel, Costs, Policy
from karat.core.time import timeframe_ms
from karat.kernel.sweep import FIGURES
from karat.research.ledger.account import effective_number
from karat.research.plateau import Plateau, Plateaus
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import Objective, Record, Whole
from karat.research.sweeps.objectives import LOWEST_FIRST, goals_of, objective_of
from karat.research.sweeps.several import is_all_refined, on_few_paths, paths_of
from karat.research.sweeps.store import SweepFolder
from karat.research.sweeps.sweep import Sweep
from karat.stats.belief.deflated import sharpe_of_luck
from karat.stats.belief.sketch import Sketch
from karat.stats.figure import Figure, Undefined

CENTRES = 5
PEAKS = 10
_SAMPLED = ("random", "sobol", "tpe", "nsga2")
_OF_A_POOL = Undefined("a pool is of medians over markets, whose luck is told on the page of each market")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One market that was swept: its bars from `first_ms` until before `end_ms`."""

    sweep: str
    market: str
    first_ms: int
    end_ms: int
    simulated: bool
    assumed: bool


@dataclass(frozen=True, slots=True, eq=False)
class SweepStory:
    """Everything that the page shows. `spec` is what decided the sweep (`job.spec_of`), of a pool its first market's;
    `paths` are (of `even`, of the best) where growth was resampled; `centres` are plateau centres, the chosen first,
    rows of `even`, or why there are none."""

    spec: Mapping[str, Any]
    places: tuple[Place, ...]
    by: str
    result: Sweep
    even: Sweep
    paths: tuple[int, int] | None
    plateaus: Plateaus | Undefined
    centres: tuple[Plateau, ...]
    peaks: tuple[int, ...]
    effective: Figure
    luck: Figure
    costs: str

    @property
    def goal(self) -> str:
        """The column that is ordered by; the first of two."""
        return goals_of(self.by)[0]

    @property
    def is_pool(self) -> bool:
        return len(self.places) > 1

    @property
    def simulated(self) -> bool:
        return any(place.simulated for place in self.places)


def order_of(folder: SweepFolder) -> str:
    """What a kept sweep was made to be ordered by; the Sharpe ratio where it was a figure of each run, which it keeps
    not."""
    objective = folder.spec["objective"]
    return str(folder.spec.get("led_by") or ("sharpe" if objective is None else objective["name"]))


def story_of(folder: SweepFolder, by: str) -> SweepStory:
    """Raises InputError `sweep_unfinished`, `bad_objective`, NeedsOperator `sweep_damaged`."""
    result = read_sweep(folder, by)
    paths = paths_of(result.objective)
    if paths is not None and is_all_refined(result):
        even, paths = result, (paths[1], paths[1])
    else:
        even = on_few_paths(result, folder)
    effective, luck = _luck(result)
    return _told(folder.spec, (_place(folder),), by, result, even, paths, effective, luck)


def story_of_pool(pool: Sweep, folders: Sequence[SweepFolder], by: str, paths: int | None) -> SweepStory:
    """The page of several sweeps that were pooled on one number of paths."""
    pair = None if paths is None else (paths, paths)
    places = tuple(_place(folder) for folder in folders)
    return _told(folders[0].spec, places, by, pool, pool, pair, _OF_A_POOL, _OF_A_POOL)


def _told(
    spec: Mapping[str, Any], places: tuple[Place, ...], by: str, result: Sweep, even: Sweep,
    paths: tuple[int, int] | None, effective: Figure, luck: Figure,
) -> SweepStory:  # fmt: skip
    goal = goals_of(by)[0]
    plateaus: Plateaus | Undefined = Undefined(f"a plateau is of what should be high, and {goal} should be low")
    centres: list[Plateau] = []
    if goal != LOWEST_FIRST:
        plateaus = Plateaus(even, goal, sampled=spec["sampler"] in _SAMPLED)
        centres = plateaus.centres(CENTRES)
    peaks = tuple(result.best(PEAKS, by))
    costs = _costs(spec)
    return SweepStory(
        spec, places, by, result, even, paths, plateaus, tuple(centres), peaks, effective, luck, costs
    )  # fmt: skip


def read_sweep(folder: SweepFolder, by: str) -> Sweep:
    """A finished sweep out of its files alone; words and numbers stand for what its grid held.

    Raises InputError `sweep_unfinished`, `bad_objective` where it was not scored by that.
    """
    told = folder.finished()
    if told is None or "days" not in told:
        hint = "Give the command of the sweep again, it goes on where it was."
        raise InputError("sweep_unfinished", f"Sweep {folder.id} is not finished.", hint)
    spec = folder.spec
    objective = _objective(spec, by)
    names = () if objective is None else objective.kept
    variants, figures, kept, pruned = folder.read_all(names)
    kept[pruned] = np.nan
    numbers, best = folder.best(names)
    refined = np.searchsorted(variants, numbers)
    kept[refined] = best
    sketch, days, year = Sketch.of_json(told["clusters"]), int(told["days"]), float(told["days_per_year"])
    scores = kept
    if objective is not None:
        whole = Whole(Record(days, year), figures, sketch)
        scores = np.concatenate([objective.worked_out(kept, whole), kept], axis=1)
    return Sweep(_grid(spec), variants, figures, scores, refined, days, year, sketch, objective, pruned)


def _objective(spec: Mapping[str, Any], by: str) -> Objective | None:
    """The sweep's own objective, where it can be ordered by `by`."""
    own = spec["objective"]
    name = None if own is None else str(own["name"])
    objective = None if name is None else objective_of(name, int(spec["seed"]))
    known = {*FIGURES, *(() if objective is None else (*objective.own, *objective.kept))}
    if by != name and not {*goals_of(by)} <= known:
        hint = f"Choose {', '.join(sorted(known))}."
        raise InputError("bad_objective", f"The sweep was not scored by {by}.", hint)
    return objective


def _grid(spec: Mapping[str, Any]) -> SweepGrid:
    """The grid as it was kept: a limit that is off is NaN, modes are words."""
    halves = [
        {name: tuple(math.nan if isinstance(one, dict) else one for one in values) for name, values in half.items()}
        for half in (spec["grid"]["parameters"], spec["grid"]["policy"])
    ]
    return SweepGrid(*halves)


def _place(folder: SweepFolder) -> Place:
    spec, told = folder.spec, folder.finished() or {}
    return Place(
        folder.id, spec["market"], spec["first_bar"], spec["last_bar"] + timeframe_ms(spec["timeframe"]),
        bool(told["simulated"]), bool(spec["instrument"]["assumed"]),
    )  # fmt: skip


def _luck(result: Sweep) -> tuple[Figure, Figure]:
    """(effective number of trials, annual Sharpe ratio that the best of them shows by luck)."""
    known = result.daily_sharpes[~np.isnan(result.daily_sharpes)]
    if result.sketch is None or result.days < 2 or not len(known):
        none = Undefined("no variant has a Sharpe ratio")
        return none, none
    variance = max(float(known.var(ddof=1)) if len(known) > 1 else 0.0, 1.0 / result.days)
    effective = max(1.0, effective_number(result.trials, result.sketch))
    return effective, sharpe_of_luck(variance, effective) * math.sqrt(result.days_per_year)


def _costs(spec: Mapping[str, Any]) -> str:
    """The level whose costs these are, or that they are its own."""
    names, policy = [one.name for one in fields(Costs)], spec["policy"]
    if {*names} & {*spec["grid"]["policy"]}:
        return "varied by the sweep"
    for level in CostLevel:
        rules = Policy().with_costs(level)
        if all(policy[name] == getattr(rules, name) for name in names):
            return str(level)
    return "own"
