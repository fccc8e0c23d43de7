"""From evidence to one verdict. The first rule that applies decides:

1. A gate of evidence (days, trades) is not passed or could not be told: **no evidence**. Too little buries nobody.
2. A hard figure could not be told: **no evidence**. Unknown is neither a pass nor a failure.
3. A hard gate failed: **buried**.
4. A gate of evidence or a hard one was not reached: **no evidence**. What was not tried is not believed.
5. A soft gate failed, could not be told or was not reached: **watch**.
6. **Gold**.

One gate is not in the table: `plausible_sharpe`. An annual Sharpe ratio above 4 on bars of an hour or longer is a bug
until the same backtest, filled one more bar late, has kept enough of it.

Gold stands above watch, and watch above the other two, of which neither is a step towards belief. In this order no
figure that becomes worse, and none that is taken away, ever lifts a verdict, under the severities that come with Karat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from karat.research.gates.evidence import NOT_REACHED, Evidence
from karat.research.gates.thresholds import Gate, Relation, Severity, Thresholds
from karat.stats.figure import Figure, Undefined, to_json

_DELAY = "sharpe_kept_one_bar_later"
_WORDS = {Relation.AT_LEAST: "at least", Relation.AT_MOST: "at most", Relation.ABOVE: "above"}


class Grade(StrEnum):
    """The verdict in a word."""

    GOLD = "gold"
    WATCH = "watch"
    BURIED = "buried"
    NO_EVIDENCE = "no_evidence"

    @property
    def belief(self) -> int:
        """2 for gold, 1 for watch, 0 for what is not believed."""
        return {Grade.GOLD: 2, Grade.WATCH: 1}.get(self, 0)


class Outcome(StrEnum):
    """What became of one gate."""

    PASSED = "passed"
    FAILED = "failed"
    UNDEFINED = "undefined"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate and the figure held against it. `reason` says in plain words what `outcome` says to machines."""

    gate: Gate
    figure: Figure
    outcome: Outcome
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {
            "gate": self.gate.name, "figure": self.gate.figure, "value": to_json(self.figure),
            "relation": self.gate.relation.value, "threshold": self.gate.value, "unit": self.gate.unit,
            "severity": self.gate.severity.value, "outcome": self.outcome.value, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be thought of a strategy on a market.

    `decided_by` is the first gate of the rule that decided, in the order of the table: of a buried strategy the first
    hard gate that failed, None for gold. `results` holds every gate. `thresholds` is the hash of the numbers in force,
    `changed` what of them a user set.
    """

    grade: Grade
    decided_by: GateResult | None
    results: tuple[GateResult, ...]
    thresholds: str
    changed: tuple[str, ...]

    @property
    def reason(self) -> str:
        """One sentence."""
        return "Every gate was passed." if self.decided_by is None else self.decided_by.reason

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {
            "verdict": self.grade.value,
            "decided_by": None if self.decided_by is None else self.decided_by.gate.name,
            "reason": self.reason,
            "gates": [one.as_dict() for one in self.results],
            "thresholds": self.thresholds,
            "changed": list(self.changed),
        }


def verdict(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    """Hold all figures against all gates, and decide."""
    results = (_plausible(evidence, thresholds), *(_held(evidence, gate) for gate in thresholds.gates))
    grade, decided_by = _decided(results)
    return Verdict(grade, decided_by, results, thresholds.hash, thresholds.changed)


def _decided(results: tuple[GateResult, ...]) -> tuple[Grade, GateResult | None]:
    evidence = [one for one in results if one.gate.severity is Severity.EVIDENCE]
    hard = [one for one in results if one.gate.severity is Severity.HARD]
    soft = [one for one in results if one.gate.severity is Severity.SOFT]
    rules = (
        (Grade.NO_EVIDENCE, _first(evidence, Outcome.FAILED, Outcome.UNDEFINED)),
        (Grade.NO_EVIDENCE, _first(hard, Outcome.UNDEFINED)),
        (Grade.BURIED, _first(hard, Outcome.FAILED)),
        (Grade.NO_EVIDENCE, _first((*evidence, *hard), Outcome.NOT_REACHED)),
        (Grade.WATCH, _first(soft, Outcome.FAILED, Outcome.UNDEFINED, Outcome.NOT_REACHED)),
    )
    return next(((grade, found) for grade, found in rules if found is not None), (Grade.GOLD, None))


def _first(results: Iterable[GateResult], *outcomes: Outcome) -> GateResult | None:
    return next((one for one in results if one.outcome in outcomes), None)


def _held(evidence: Evidence, gate: Gate) -> GateResult:
    figure = evidence.figure(gate.figure)
    if isinstance(figure, Undefined):
        outcome = Outcome.NOT_REACHED if figure == NOT_REACHED else Outcome.UNDEFINED
        return GateResult(gate, figure, outcome, f"{gate.figure} is not known: {figure.reason}.")
    asked = f"{_WORDS[gate.relation]} {gate.value:g}"
    if gate.passes(figure):
        return GateResult(gate, figure, Outcome.PASSED, f"{gate.figure} is {figure:.6g}, {asked} is asked for.")
    return GateResult(gate, figure, Outcome.FAILED, f"{gate.figure} is {figure:.6g}, not {asked}.")


def _plausible(evidence: Evidence, thresholds: Thresholds) -> GateResult:
    """The gate against Sharpe ratios that only a mistake can bring."""
    high = thresholds.setting("plausible_sharpe_high")
    gate = Gate(
        name="plausible_sharpe",
        figure="annual_sharpe",
        relation=Relation.AT_MOST,
        value=high,
        unit="per year",
        severity=Severity.HARD,
        source="item 25",
    )
    found = _held(evidence, gate)
    if found.outcome is not Outcome.FAILED:
        return found
    if evidence.bar_ms < thresholds.setting("plausible_from_bar"):
        return GateResult(gate, found.figure, Outcome.PASSED, f"{found.reason} Bars this short can bring that.")
    delay = _held(evidence, thresholds.gate(_DELAY))
    cleared = (
        "One bar of delay cleared it." if delay.outcome is Outcome.PASSED else "One bar of delay did not clear it."
    )
    return GateResult(gate, found.figure, delay.outcome, f"{found.reason} That is taken for a bug. {cleared}")
