"""A sweep that is kept while it runs: it streams to files, and after being killed anywhere it goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import Policy
from karat.core.time import timeframe_text
from karat.ports.executor import Executor
from karat.research.backtest import MarketData
from karat.research.json_form import setting_json
from karat.research.manifest import bars_hash, instrument_json, policy_json
from karat.research.sweeps.batches import POLICIES_A_BATCH, Plan, plan_of
from karat.research.sweeps.choice import Sampler, chosen_variants, columns_of
from karat.research.sweeps.conditions import Condition
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import SCORES, Objective
from karat.research.sweeps.objectives import objective_of
from karat.research.sweeps.spread import Goal, SpreadSweep
from karat.research.sweeps.store import ROWS_A_PART, SweepFolder, named
from karat.research.sweeps.sweep import Sweep, SweepThreads, sweep_of
from karat.stats.belief.sketch import Sketch
from karat.strategies import Strategy, code_hash

_BYTES_OF_A_ROW = 160  # of the whole sweep: number, figures and scores, and what they are gathered from
_ROOM_SHARE = 0.8  # of the memory that is free


@dataclass(frozen=True, slots=True)
class Choice:
    """Which variants of a grid are simulated, and what they are ordered by, as `objective_of` reads it.

    `prune`: a sampler that leads gives up half way what is below the median there. `scored_by` is an objective named
    `by` with numbers of its own, None for the usual ones.
    """

    sampler: Sampler = Sampler.GRID
    trials: int | None = None
    seed: int = 0
    conditions: tuple[Condition, ...] = ()
    by: str = SCORES[0]
    prune: bool = False
    scored_by: Objective | None = None

    @property
    def objective(self) -> Objective | None:
        """None where a figure of each run is ordered by. Raises InputError `unknown_figure`, `bad_objective`."""
        if self.scored_by is not None:
            return self.scored_by
        return objective_of(self.by, self.seed)


def spec_of(
    data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice, variants: int
) -> dict[str, Any]:
    """Everything that decides what comes of a sweep, JSON-ready."""
    candles, objective = data.candles, choice.objective
    halves = {"parameters": grid.parameters, "policy": grid.policy}
    return {
        "strategy": strategy.name,
        "code_hash": code_hash(strategy),
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first_bar": int(candles.ts[0]),
        "last_bar": int(candles.ts[-1]),
        "bars_hash": bars_hash(candles, data.market.funding),
        "inputs": [[one.name, len(one.ts)] for one in data.market.raw_series],
        "instrument": instrument_json(data.instrument),
        "grid": {half: {name: [setting_json(one) for one in values] for name, values in axes.items()}
                 for half, axes in halves.items()},
        "policy": policy_json(policy),
        "sampler": choice.sampler.value,
        "variants": variants,
        "seed": choice.seed,
        "conditions": [condition.text for condition in choice.conditions],
        "objective": None if objective is None else objective.told(),
        **({"led_by": choice.by, "prune": choice.prune} if choice.sampler.leads else {}),
    }  # fmt: skip


def kept_sweep(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    choice: Choice,
    *,
    home: Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Sweep, SweepFolder]:
    """`research.sweeps.sweep.sweep`, sketched, with every part kept in a folder; what is there is not done again.

    `progress` is told how many more variants are done, and of how many. With an `executor` the variants are simulated
    by its workers; the files are the same. Raises also what `chosen_variants` raises, InputError `too_large` before
    anything is done, RetryLater `disk_full`, NeedsOperator `sweep_damaged`; of an executor `worker_differs` and what
    `ports.executor` names.
    """
    if choice.prune:
        raise InputError("bad_trials", f"A {choice.sampler} does not prune.", "Leave out --prune, or --sampler tpe.")
    chosen = chosen_variants(grid, choice.sampler, choice.trials, choice.seed, choice.conditions)
    rows = np.arange(grid.variants) if chosen is None else chosen
    plan, objective = plan_of(data, strategy, grid, policy), choice.objective
    admit(plan, len(rows), workers)
    folder = SweepFolder.of(spec_of(data, strategy, grid, policy, choice, len(rows)), home)
    names = () if objective is None else objective.kept
    told_rows = None if progress is None else lambda done: progress(done, len(rows))
    with _hands(plan, workers, executor, choice, told_rows) as hands:
        parts = {k: rows[k * ROWS_A_PART : (k + 1) * ROWS_A_PART] for k in range(-(-len(rows) // ROWS_A_PART))}
        missing = {part: some for part, some in parts.items() if not folder.has_part(part)}
        if told_rows is not None:
            told_rows(sum(len(some) for part, some in parts.items() if part not in missing))
        with closing(hands.parts(missing, objective)) as done:
            for part, kept in done:
                some = parts[part]
                folder.write_part(part, some, columns_of(grid, some), kept.figures, named(names, kept.scores))
        figures, scores = _gathered(folder, len(rows), names)
        told = folder.finished()
        if told is not None:
            return _as_it_was(plan, rows, figures, scores, folder, told, objective), folder
        result = hands.finished(rows, figures, scores, objective, sketched=True)
    best = {name: result.column(name)[result.refined] for name in names}
    folder.finish(rows[result.refined], best, told_of(result, data))
    return result, folder


def _hands(
    plan: Plan, workers: int | None, executor: Executor | None, choice: Choice, progress: Callable[[int], None] | None
) -> SweepThreads:
    """Who simulates: threads of this process, or the workers of an executor."""
    if executor is None:
        return SweepThreads(plan, workers, progress)
    assert choice.scored_by is None, "workers know an objective by its name"
    return SpreadSweep(plan, executor, Goal(choice.by, choice.seed), progress)


def told_of(result: Sweep, data: MarketData) -> dict[str, Any]:
    """What is kept of a finished sweep beside its rows, JSON-ready."""
    assert result.sketch is not None, "it was sketched"
    return {
        "trials": result.trials,
        "days": result.days,
        "days_per_year": result.days_per_year,
        "simulated": data.entry.quality.simulated,
        "clusters": result.sketch.as_json(),
    }


def admit(plan: Plan, rows: int, workers: int | None, *, beside_bytes: int = 0) -> None:
    """Refuse a sweep that would not fit into the memory that is free, with `beside_bytes` of other things.

    Raises InputError `too_large`.
    """
    bars, threads = len(plan.data.candles), workers or os.cpu_count() or 1
    working = 3 * threads * POLICIES_A_BATCH * (plan.days + 64) * 8 + 2_000 * bars
    wanted = rows * _BYTES_OF_A_ROW + working + beside_bytes
    free = _free_bytes()
    if free is not None and wanted > _ROOM_SHARE * free:
        message = f"{rows:,} variants want about {wanted / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free."
        raise InputError("too_large", message, "Take a sample: --sampler sobol --trials 1000000.")


def _free_bytes() -> int | None:
    """What the system says is free; None where it does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _gathered(folder: SweepFolder, rows: int, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    parts = [folder.read_part(part, names) for part in range(-(-rows // ROWS_A_PART))]
    return np.concatenate([figures for figures, _ in parts]), np.concatenate([scores for _, scores in parts])


def _as_it_was(
    plan: Plan, rows: Ints, figures: Floats, kept: Floats, folder: SweepFolder, told: Mapping[str, Any],
    objective: Objective | None,
) -> Sweep:  # fmt: skip
    """A finished sweep, out of its files."""
    numbers, best = folder.best(() if objective is None else objective.kept)
    refined = np.searchsorted(rows, numbers)
    kept[refined] = best
    return sweep_of(plan, rows, figures, kept, objective, refined, Sketch.of_json(told["clusters"]))
