"""Every objective by its name, and expressions of them: `--by "sharpe - 2 * max_drawdown"`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.sweep_conditions import Formula
from karat.research.sweep_objective import (
    NO_ROWS,
    SCORES,
    Consistency,
    Objective,
    Record,
    Scorer,
    Whole,
    columns_of_objective,
)
from karat.research.sweep_objective_ratios import CALMAR, DEFLATED, Calmar, Deflated
from karat.research.sweep_paths import Simulated

ORDERS = (*SCORES, *CALMAR, DEFLATED, *FIGURES)
"""What --by takes by its name alone, and what expressions may name."""


def objective_of(by: str, seed: int) -> Objective | None:
    """The objective that `by` names; None for a figure of a run.

    Raises InputError `unknown_figure`, `bad_objective`.
    """
    if by in FIGURES:
        return None
    if by in SCORES:
        return Consistency(seed, by=by)
    if by in CALMAR:
        return Calmar(by)
    if by == DEFLATED:
        return Deflated()
    if by.isidentifier():
        hint = f"Choose {', '.join(ORDERS)}, or write an expression of these."
        raise InputError("unknown_figure", f"There is no figure '{by}'.", hint)
    formula = Formula(by)
    names = formula.names(ORDERS)
    needed = {Consistency: SCORES, Calmar: CALMAR, Deflated: (DEFLATED,)}
    parts = [Consistency(seed) if kind is Consistency else kind() for kind, own in needed.items() if names & {*own}]
    return Expression(formula, tuple(parts))


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the metrics, highest first: figures of the run, and columns of other objectives.

    NaN: something in it is undefined for the variant, or it divides by zero. Where it reads resampled growth the best
    by few paths are scored again on many, as by consistency.
    """

    formula: Formula
    parts: tuple[Objective, ...]

    @property
    def name(self) -> str:
        return self.formula.text

    @property
    def own(self) -> tuple[str, ...]:
        return (self.name, *(column for part in self.parts for column in part.own))

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
        return NO_ROWS if resampled is None else resampled.best_of(self.worked_out(kept, whole)[:, 0])

    def worked_out(self, kept: Floats, whole: Whole) -> Floats:
        columns = {name: whole.figures[:, k] for k, name in enumerate(FIGURES)}
        first, owns = 0, []
        for part in self.parts:
            its = kept[:, first : first + len(part.kept)]
            first += len(part.kept)
            owns.append(part.worked_out(its, whole))
            both = np.concatenate([owns[-1], its], axis=1)
            columns |= {name: both[:, k] for k, name in enumerate(columns_of_objective(part))}
        return np.concatenate([self.formula.values(columns)[:, None], *owns], axis=1)

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "parts": [part.told() for part in self.parts]}
