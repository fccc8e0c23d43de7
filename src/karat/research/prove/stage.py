"""What one stage found: its checks, one by one, and what became of the strategy on the market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from karat.stats.figure import Figure, Undefined, to_json


class Stage(StrEnum):
    """The stages in their order; the last two are what every survivor is judged by."""

    TOURNAMENT = "tournament"
    SWEEP = "sweep"
    REFINEMENT = "refinement"
    OWN_PARAMETERS = "own_parameters"
    REGIMES = "regimes"
    EXAMINATION = "examination"
    VAULT = "vault"


QUESTIONS = {
    Stage.TOURNAMENT: "Is there anything, at default parameters?",
    Stage.SWEEP: "Does a reasonable region of parameters work?",
    Stage.REFINEMENT: "Does it hold around the best of that region?",
    Stage.OWN_PARAMETERS: "Does this market need, and earn, parameters of its own?",
    Stage.REGIMES: "Does it live in more than one kind of market?",
    Stage.EXAMINATION: "Is it more than luck, and can it be lived with?",
    Stage.VAULT: "Does it earn where nobody has looked?",
}


class Outcome(StrEnum):
    """What a stage makes of a strategy on a market."""

    PASSED = "passed"
    BURIED = "buried"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its answer. `asked` says in words what `value` had to be; `buries` says what a failure means:
    buried, or that there is too little to tell anything (False). A value that could not be told is not passed."""

    name: str
    value: Figure
    asked: str
    passed: bool
    buries: bool = True

    @property
    def outcome(self) -> Outcome:
        if self.passed:
            return Outcome.PASSED
        known = not isinstance(self.value, Undefined)
        return Outcome.BURIED if self.buries and known else Outcome.NO_EVIDENCE

    @property
    def reason(self) -> str:
        """In plain words."""
        if isinstance(self.value, Undefined):
            return f"{self.name} is not known: {self.value.reason}."
        return f"{self.name} is {self.value:.6g}; {self.asked} is asked for."

    def as_dict(self) -> dict[str, Any]:
        return {
            "check": self.name, "value": to_json(self.value), "asked": self.asked, "outcome": self.outcome.value,
            "reason": self.reason,
        }  # fmt: skip


def at_least(name: str, value: Figure, bound: float, *, buries: bool = True) -> Check:
    """`value` has to reach `bound`."""
    return Check(name, value, f"at least {bound:g}", not isinstance(value, Undefined) and value >= bound, buries)


def above(name: str, value: Figure, bound: float, *, buries: bool = True) -> Check:
    """`value` has to lie above `bound`."""
    return Check(name, value, f"above {bound:g}", not isinstance(value, Undefined) and value > bound, buries)


@dataclass(frozen=True, slots=True)
class StageResult:
    """A stage of one strategy on one market. `numbers` are what else it found, JSON-ready; `pictures` are curves.

    Too little evidence goes before burying: what cannot be told buries nobody.
    """

    stage: Stage
    checks: tuple[Check, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def deciding(self) -> Check | None:
        """The check that decided, None where all were passed."""
        return next(
            (one for wanted in (Outcome.NO_EVIDENCE, Outcome.BURIED) for one in self.checks if one.outcome is wanted),
            None,
        )

    @property
    def outcome(self) -> Outcome:
        return Outcome.PASSED if self.deciding is None else self.deciding.outcome

    def as_dict(self) -> dict[str, Any]:
        decided = self.deciding
        return {
            "stage": self.stage.value,
            "question": QUESTIONS[self.stage],
            "outcome": self.outcome.value,
            "decided_by": None if decided is None else decided.name,
            "reason": "Every check was passed." if decided is None else decided.reason,
            "checks": [one.as_dict() for one in self.checks],
            "numbers": dict(self.numbers),
            "pictures": dict(self.pictures),
        }


def first_failed(results: Sequence[StageResult]) -> StageResult | None:
    """The stage at which it ended, None where all were passed."""
    return next((one for one in results if one.outcome is not Outcome.PASSED), None)
