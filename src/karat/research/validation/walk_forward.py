"""Walk forward: sweep a window, trade the centre of its highest plateau on the bars after it, move on.

1. Windows are ranges of bars (`stats.belief.splits.walk_forward`); between training and test lie purge and embargo,
   where nothing is traded and nothing counted.
2. Signals are asked for once, over the market up to the end of the last test (`seen_before`).
3. A test begins and ends flat: what is still held is sold at the open of its last bar, and pays for it.
4. A window without a plateau above zero keeps its capital in cash: it earns nothing, in training and in test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Ints
from karat.core.model.policy import Policy
from karat.core.time import iso
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.ledger.trials import Tried
from karat.research.plateau import Plateau, Plateaus, refuse_no_height
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import SCORES, Objective, columns_of_objective
from karat.research.sweeps.objectives import objective_of
from karat.research.sweeps.sweep import Sweep, sweep
from karat.research.validation.daily import daily_runs, day_numbers
from karat.research.validation.seen_before import KnownSignals, part_of, seen_before
from karat.research.validation.stitched import DayReturns, stitch
from karat.research.validation.told import tried_in_walk, tried_in_window
from karat.stats.belief import splits
from karat.stats.belief.splits import Range, Window
from karat.stats.figure import Figure, Undefined, is_defined, quotient
from karat.strategies import Strategy

NOTHING_EARNED = Undefined("what was chosen earned nothing in training, so no share of it can be kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Lengths in bars. The test moves by `step`, its own length where None. `purge` + `embargo` bars lie between
    training and test. `anchored` training begins at the first bar and grows; else it keeps its length and rolls."""

    train: int
    test: int
    step: int | None = None
    purge: int = 0
    embargo: int = 0
    anchored: bool = False

    def windows(self, bars: int) -> tuple[Window, ...]:
        """The windows over so many bars, at least one. Raises InputError `bad_windows`, `record_too_short`."""
        step = self.test if self.step is None else self.step
        if min(self.train, self.test) < 1 or min(self.purge, self.embargo) < 0 or step < self.test:
            hint = "Train and test on at least one bar, purge and embargo 0 or more, and step no less than the test."
            raise InputError("bad_windows", "These lengths make no windows.", hint)
        found = splits.walk_forward(
            bars, self.train, self.test, step=step, purge=self.purge, embargo=self.embargo, anchored=self.anchored
        )
        if not found:
            wanted = self.train + self.purge + self.embargo + self.test
            message = f"{bars:,} bars are too few for a window of {wanted:,}."
            raise InputError("record_too_short", message, "Take a longer range, or shorter windows.")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One window. `variant` is the number of what was chosen in the grid and `settings` what it sets, None and empty
    where nothing was; `plateau` is the one it is the centre of, or why there is none. `trained` and `tested` are its
    days in training and test. `trials` is how many variants were swept."""

    window: Window
    variant: int | None
    settings: dict[str, Any]
    plateau: Plateau | Undefined
    trials: int
    trained: DayReturns
    tested: DayReturns
    trades: int

    @property
    def tested_return(self) -> float:
        """Growth over the test as a fraction, after all costs."""
        return float(np.prod(1.0 + self.tested.returns)) - 1.0


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """What walking forward found. `out_of_sample` are the tests one after the other; `efficiency` is the mean annual
    return of the tests over that of what was chosen in its own training, both as mean daily return times the days of a
    year; `share_positive` the share of windows whose test earned more than nothing.

    `tried` is what the trial ledger must be told before anybody sees this: a part a window, then the walk itself.
    """

    steps: tuple[Step, ...]
    by: str
    lengths: Lengths
    out_of_sample: DayReturns
    efficiency: Figure
    share_positive: float
    tried: tuple[Tried, ...]


def walk_forward(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    lengths: Lengths,
    *,
    by: str = SCORES[0],
    objective: Objective | None = None,
    variants: Ints | None = None,
    sampled: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WalkForward:
    """Sweep each window's training, by an objective or a figure of a run, and trade the centre of its highest plateau
    in its test: never the peak, which is where luck shows most.

    Where a training has no plateau above zero (of nobody both the objective and the median of two neighbours or more
    are), nothing is chosen and the capital stays in cash, in training and test. A grid of one variant leaves nothing
    to choose: it is taken, if its objective is above zero.

    `objective` is that of the name `by`, with its defaults where None. `variants` are the numbers of those to sweep,
    all of the grid where None; `sampled` says that they are a sample of it, in which neighbours are the nearest.
    `progress` is told how many windows are done, and of how many.

    Raises InputError `unknown_figure`, `bad_objective` (also where less would be better, or of two goals),
    `vault_in_range`, those of `Lengths.windows`, and what `sweep` raises.
    """
    _refuse_vault(data)
    windows = lengths.windows(len(data.candles))
    if objective is None:
        objective = objective_of(by, 0)
    refuse_no_height(by, columns_of_objective(objective))
    market = data.market[: windows[-1].test[1]]
    walk = _Walk(data, KnownSignals(strategy, market), grid, policy, by, objective, variants, sampled, workers)
    steps, tried = list[Step](), list[Tried]()
    for window in windows:
        swept = walk.swept(window)
        steps.append(walk.step(window, swept))
        tried.append(tried_in_window(swept, part_of(data, window.train), policy, int(data.candles.ts[0])))
        if progress is not None:
            progress(len(steps), len(windows))
    out = stitch([step.tested for step in steps])
    set_up = {"by": by, "objective": None if objective is None else objective.told(), "sampled": sampled}
    tried.append(tried_in_walk(out, windows, data, tried, set_up))
    return WalkForward(
        steps=tuple(steps),
        by=by,
        lengths=lengths,
        out_of_sample=out,
        efficiency=_efficiency(steps),
        share_positive=float(np.mean([step.tested_return > 0.0 for step in steps])),
        tried=tuple(tried),
    )


def _refuse_vault(data: MarketData) -> None:
    if data.looks_into_vault:
        starts = iso(data.entry.vault_start_ts)
        hint = f"Walk forward up to there (--to {starts})."
        raise InputError("vault_in_range", f"The vault of {data.candles.market} begins {starts}.", hint)


@dataclass(frozen=True, slots=True)
class _Walk:
    """What all windows share."""

    data: MarketData
    known: KnownSignals
    grid: SweepGrid
    policy: Policy
    by: str
    objective: Objective | None
    variants: Ints | None
    sampled: bool
    workers: int | None

    def swept(self, window: Window) -> Sweep:
        """Every variant over the training."""
        return sweep(
            part_of(self.data, window.train), seen_before(self.known, window.train), self.grid, self.policy,
            variants=self.variants, objective=self.objective, sketched=True,
            workers=self.workers,
        )  # fmt: skip

    def step(self, window: Window, swept: Sweep) -> Step:
        """What was chosen once more over its training, day by day, and over the test."""
        plateau = self._chosen(swept)
        if isinstance(plateau, Undefined):
            still = [
                DayReturns.still(day_numbers(part_of(self.data, bars)), swept.days_per_year)
                for bars in (window.train, window.test)
            ]
            return Step(window, None, {}, plateau, swept.trials, *still, 0)
        variant = int(swept.variants[plateau.row])
        trained, _ = self._run(window.train, variant, None)
        tested, trades = self._run(window.test, variant, self._latency(variant))
        return Step(window, variant, swept.settings(plateau.row), plateau, swept.trials, trained, tested, trades)

    def _chosen(self, swept: Sweep) -> Plateau | Undefined:
        plateaus = Plateaus(swept, self.by, sampled=self.sampled)
        if len(swept.variants) == 1:
            alone = plateaus.of(0)
            if is_defined(alone.objective) and alone.objective > 0.0:
                return alone
        elif (centres := plateaus.centres()) and is_defined(centres[0].median) and centres[0].median > 0.0:
            return centres[0]
        return Undefined(f"the training has no plateau of {self.by} above zero")

    def _run(self, bars: Range, variant: int, leave_within: int | None) -> tuple[DayReturns, int]:
        """One variant over some bars: its days, and how many trades it closed."""
        own = seen_before(self.known, bars, leave_within=leave_within)
        runs = daily_runs(part_of(self.data, bars), own, self.grid, self.policy, variants=np.array([variant]))
        days = DayReturns(runs.days, runs.returns[:, 0], runs.days_per_year)
        return days, int(runs.figures[0, FIGURES.index("trades")])

    def _latency(self, variant: int) -> int:
        return int(self.grid.variant(variant).get("latency", self.policy.latency))


def _efficiency(steps: list[Step]) -> Figure:
    trained = [step.trained.annual_return for step in steps]
    tested = [step.tested.annual_return for step in steps]
    inside = float(np.mean(trained))
    return quotient(float(np.mean(tested)), inside, NOTHING_EARNED) if inside > 0.0 else NOTHING_EARNED
