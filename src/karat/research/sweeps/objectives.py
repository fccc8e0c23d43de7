"""Every objective by its name, expressions of them (`--by "sharpe - 2 * max_drawdown"`), and two goals at once
(`--by sharpe,max_drawdown`), of which the variants that no other beats in both come first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.sweeps.conditions import Formula
from karat.research.sweeps.front import front
from karat.research.sweeps.objective import (
    NO_ROWS,
    SCORES,
    Consistency,
    Objective,
    Record,
    Scorer,
    Whole,
    columns_of_objective,
)
from karat.research.sweeps.objective_ratios import CALMAR, DEFLATED, Calmar, Deflated
from karat.research.sweeps.paths import Simulated

ORDERS = (*SCORES, *CALMAR, DEFLATED, *FIGURES)
"""What --by takes by its name alone, and what expressions may name."""
LOWEST_FIRST = "max_drawdown"
GOALS_MAX = 2


def goals_of(by: str) -> tuple[str, ...]:
    """The one or two goals of `by`. Raises InputError `bad_objective`."""
    goals = tuple(part.strip() for part in by.split(","))
    if len(goals) > GOALS_MAX or len({*goals}) < len(goals):
        message = f"--by '{by}' does not name one objective, or two different ones."
        raise InputError("bad_objective", message, "For example: --by sharpe,max_drawdown.")
    return goals


def objective_of(by: str, seed: int) -> Objective | None:
    """The objective that `by` names; None for figures of a run. Two goals are separated by a comma.

    Raises InputError `unknown_figure`, `bad_objective`.
    """
    goals = goals_of(by)
    for goal in goals:
        if goal.isidentifier() and goal not in ORDERS:
            hint = f"Choose {', '.join(ORDERS)}, or write an expression of these."
            raise InputError("unknown_figure", f"There is no figure '{goal}'.", hint)
    names = set().union(*({goal} if goal in ORDERS else Formula(goal).names(ORDERS) for goal in goals))
    if {*goals} <= {*FIGURES}:
        return None
    if len(goals) == 1 and by in ORDERS:
        return _named(by, seed)
    kinds = (SCORES, CALMAR, (DEFLATED,))
    return Expression(goals, tuple(_named(own[0], seed) for own in kinds if names & {*own}))


def _named(name: str, seed: int) -> Consistency | Calmar | Deflated:
    if name in SCORES:
        return Consistency(seed, by=name)
    return Calmar(name) if name in CALMAR else Deflated()


def upward(name: str, values: Floats) -> Floats:
    """A column turned so that more is better: the drawdown is the one that is to be low."""
    return -values if name == LOWEST_FIRST else values


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the metrics, highest first: figures of the run, and columns of other objectives. Or two goals,
    each of them an expression or a name.

    NaN: something in it is undefined for the variant, or it divides by zero. Where it reads resampled growth the best
    by few paths are scored again on many, as by consistency; of two goals those that no other beats.
    """

    goals: tuple[str, ...]
    parts: tuple[Objective, ...]

    @property
    def name(self) -> str:
        return ",".join(self.goals)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """The goals that are not a column by themselves."""
        return tuple(Formula(goal) for goal in self.goals if goal not in ORDERS)

    @property
    def own(self) -> tuple[str, ...]:
        return (*(one.text for one in self.formulas), *(column for part in self.parts for column in part.own))

    @property
    def kept(self) -> tuple[str, ...]:
        return tuple(column for part in self.parts for column in part.kept)

    @property
    def wants_days(self) -> bool:
        return any(part.wants_days for part in self.parts)

    @property
    def wants_sketch(self) -> bool:
        return any(part.wants_sketch for part in self.parts)

    @property
    def why_undefined(self) -> str:
        return "a figure in it is undefined, or it divides by zero"

    def scorer(self, record: Record, *, many: bool) -> Scorer:
        scorers = [part.scorer(record, many=many) for part in self.parts]

        def score(found: Simulated) -> Floats:
            return np.concatenate([np.zeros((len(found.figures), 0)), *(one(found) for one in scorers)], axis=1)

        return score

    def again(self, kept: Floats, whole: Whole) -> Ints:
        resampled = next((part for part in self.parts if isinstance(part, Consistency)), None)
        if resampled is None:
            return NO_ROWS
        columns, _ = self._columns(kept, whole)
        columns |= {one.text: one.values(columns) for one in self.formulas}
        if len(self.goals) == 1:
            return resampled.best_of(columns[self.goals[0]])
        return np.sort(front(*(upward(goal, columns[goal]) for goal in self.goals)))

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        columns, owns = self._columns(kept, whole)
        return np.concatenate([*(one.values(columns)[:, None] for one in self.formulas), *owns], axis=1)

    def _columns(self, kept: Floats, whole: Whole) -> tuple[dict[str, Floats], list[Floats]]:
        """(every column by its name, the own columns of each part)."""
        columns = {name: whole.figures[:, k] for k, name in enumerate(FIGURES)}
        first, owns = 0, []
        for part in self.parts:
            its = kept[:, first : first + len(part.kept)]
            first += len(part.kept)
            owns.append(part.worked_out(its, whole))
            both = np.concatenate([owns[-1], its], axis=1)
            columns |= {name: both[:, k] for k, name in enumerate(columns_of_objective(part))}
        return columns, owns

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "parts": [part.told() for part in self.parts]}
