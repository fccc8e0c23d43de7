"""A sweep that Optuna leads (TPE, NSGA-II), kept like every other: killed anywhere, the same command goes on.

1. Conditions and contradictions are told as violated constraints, and another variant is asked for. Only variants that
   were simulated count as trials, pruned ones too.
2. A search is led by the value of each variant alone, on few paths. When it is done, the best are scored again and
   what is worked out of all trials (the deflated Sharpe ratio) is worked out, as in any sweep. While it runs, the
   deflated Sharpe ratio is that of a single trial, the probabilistic one.
3. With `prune`, each variant runs over the first half of the range, and those below the median half way are given up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats
from karat.core.model.policy import Policy
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.sweeps.batches import Plan, plan_of
from karat.research.sweeps.choice import NUMBERS_MAX, columns_of, meeting
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, admit, spec_of, told_of
from karat.research.sweeps.objective import Objective
from karat.research.sweeps.objectives import goals_of, upward
from karat.research.sweeps.store import ROWS_A_PART, SweepFolder, named
from karat.research.sweeps.sweep import Sweep, SweepThreads, sweep_of
from karat.research.sweeps.trials import Fate, Trials, own_study
from karat.stats.belief.sketch import DIRECTIONS, Sketch
from karat.strategies import Strategy

ASKS_A_TRIAL = 10  # so often a study may ask for a variant that it has, or that is none, before it ends with fewer
_ALONE = Sketch(np.zeros((1, DIRECTIONS), np.int8), np.ones(1, np.int64), np.ones(1))
_SHORTEST = 2  # bars of a half

Progress = Callable[[int, int], None]


def led_sweep(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    choice: Choice,
    *,
    home: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Sweep, SweepFolder]:
    """A sweep of `choice.trials` variants that Optuna chooses, or fewer where it finds no others. The same choice has
    the same trials, however often it was killed.

    Raises InputError `extra_missing`, `bad_trials`, `bad_objective`, `bad_condition`, `empty_grid`, and what
    `kept_sweep` raises; RetryLater `sweep_busy`.
    """
    wanted = _wanted(grid, choice)
    plan, objective, goals = plan_of(data, strategy, grid, policy), choice.objective, goals_of(choice.by)
    admit(plan, wanted, workers)
    half = plan_of(first_half(data), strategy, grid, policy) if choice.prune else None
    folder = SweepFolder.of(spec_of(data, strategy, grid, policy, choice, wanted), home)
    with own_study(folder.folder):
        trials = Trials(folder.folder, grid, choice.sampler, choice.seed, len(goals))
        with SweepThreads(plan, workers, None) as threads:
            judges = [_Judge(one, objective, goals, workers) for one in (plan, half) if one is not None]
            found = _searched(trials, judges, choice, wanted, progress)
            return _told(plan, objective, folder, threads, found), folder


def _wanted(grid: SweepGrid, choice: Choice) -> int:
    if choice.trials is None or not 1 <= choice.trials <= ROWS_A_PART:
        hint = f"Give --trials, 1 to {ROWS_A_PART}."
        raise InputError("bad_trials", f"A search by {choice.sampler} wants a number of trials.", hint)
    goals = goals_of(choice.by)
    if choice.prune and len(goals) > 1:
        raise InputError("bad_objective", "Two goals cannot be pruned by.", "Leave out --prune, or give one goal.")
    if grid.variants >= NUMBERS_MAX:
        raise InputError("grid_too_large", "The grid has too many variants to number.", "Vary fewer fields at once.")
    return min(choice.trials, grid.variants)


def first_half(data: MarketData) -> MarketData:
    """What variants run over before they are given up. Raises InputError `record_too_short`."""
    bars = len(data.candles) // 2
    if bars < _SHORTEST:
        raise InputError("record_too_short", "So few bars have no half.", "Take a longer range, or leave out --prune.")
    return replace(data, market=data.market[:bars])


class _Judge:
    """Simulates variants over one range, and says what each is worth by itself."""

    def __init__(self, plan: Plan, objective: Objective | None, goals: tuple[str, ...], workers: int | None) -> None:
        self.plan, self._objective, self._goals, self._workers = plan, objective, goals, workers

    def found(self, variants: list[int]) -> dict[int, dict[str, Any]]:
        """JSON-ready, by the variant's number: figures and kept columns, and a value per goal, high is good."""
        rows = np.array(sorted(variants), np.int64)
        with SweepThreads(self.plan, self._workers, None) as threads:
            kept = threads.figures(rows, self._objective)
        return {int(rows[k]): self._one(int(rows[k]), kept.figures[k], kept.scores[k]) for k in range(len(rows))}

    def _one(self, variant: int, figures: Floats, scores: Floats) -> dict[str, Any]:
        numbers = np.array([variant])
        alone = sweep_of(
            self.plan, numbers, figures[None, :], scores[None, :], self._objective, numbers[:0], _ALONE
        )  # fmt: skip
        values = [float(upward(goal, alone.column(goal))[0]) for goal in self._goals]
        fate = Fate.WHOLE if np.isfinite(values).all() else Fate.UNDEFINED
        if np.isnan(figures[FIGURES.index("trades")]):
            fate = Fate.REFUSED
        columns = {"figures": _json(figures), "kept": _json(scores), "values": _json(np.array(values))}
        return {"variant": variant, "fate": fate.value, **columns}


def _searched(
    trials: Trials, judges: list[_Judge], choice: Choice, wanted: int, progress: Progress | None
) -> dict[int, dict[str, Any]]:
    """Ask and tell until so many variants were simulated; what came of each variant that was ever asked for."""
    found = trials.found()
    told = 0
    while True:
        done = _simulated(found)
        if progress is not None and done > told:
            progress(done - told, wanted)
            told = done
        more = min(wanted - done, wanted * ASKS_A_TRIAL - trials.asked)
        until = trials.open_round(max(more, 0))
        asked = trials.asked_in_round(until)
        if not asked:
            return found
        new = sorted({variant for _, variant in asked.values()} - {*found})
        found |= _judged(trials, judges, choice, new, asked)
        for trial, variant in asked.values():
            trials.tell(trial, found[variant])


def _judged(
    trials: Trials, judges: list[_Judge], choice: Choice, new: list[int], asked: Mapping[int, tuple[Any, int]]
) -> dict[int, dict[str, Any]]:
    """What comes of variants that are asked for the first time."""
    grid = judges[0].plan.grid
    meets = set(meeting(grid, np.array(new, np.int64), choice.conditions).tolist()) if new else set()
    found = {k: {"variant": k, "fate": Fate.REFUSED.value} for k in new if k not in meets}
    runs = sorted(meets)
    if len(judges) > 1 and runs:
        halves = judges[1].found(runs)
        firsts = {variant: trial for trial, variant in reversed(asked.values())}
        for variant, half in halves.items():
            if half["fate"] == Fate.WHOLE and trials.prunes(firsts[variant], half["values"][0]):
                found[variant] = {**half, "fate": Fate.PRUNED.value}
        runs = [variant for variant in runs if variant not in found]
    return found | (judges[0].found(runs) if runs else {})


def _told(
    plan: Plan, objective: Objective | None, folder: SweepFolder, threads: SweepThreads,
    found: Mapping[int, dict[str, Any]],
) -> Sweep:  # fmt: skip
    """The whole sweep, of what came of each variant; its files are written where they are not there."""
    rows = np.array(sorted(k for k, one in found.items() if one["fate"] != Fate.REFUSED), np.int64)
    if not len(rows):
        raise InputError("empty_grid", "No variant that was asked for meets the conditions.", "Change --where.")
    figures, kept = (np.array([found[int(k)][name] for k in rows], np.float64) for name in ("figures", "kept"))
    given_up = np.array([found[int(k)]["fate"] == Fate.PRUNED for k in rows])
    names = () if objective is None else objective.kept
    if not folder.has_part(0):
        settings = {**columns_of(plan.grid, rows), "pruned": given_up}
        folder.write_part(0, rows, settings, figures, named(names, kept))
    kept[given_up] = np.nan
    pruned, told = np.flatnonzero(given_up), folder.finished()
    if told is not None:
        numbers, best = folder.best(names)
        refined = np.searchsorted(rows, numbers)
        kept[refined] = best
        sketch = Sketch.of_json(told["clusters"])
        return replace(sweep_of(plan, rows, figures, kept, objective, refined, sketch), pruned=pruned)
    result = replace(threads.finished(rows, figures, kept, objective, sketched=True), pruned=pruned)
    best = {name: result.column(name)[result.refined] for name in names}
    folder.finish(rows[result.refined], best, told_of(result, plan.data))
    return result


def _simulated(found: Mapping[int, dict[str, Any]]) -> int:
    return sum(one["fate"] != Fate.REFUSED for one in found.values())


def _json(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
