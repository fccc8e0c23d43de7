"""What every survivor of the five stages is asked: is it more than luck, does it hold out of sample, can it be lived
with? In groups, the cheap ones first; the first group that fails a hard gate is the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from karat.core.ids import MarketId
from karat.research.gates.evidence import Evidence
from karat.research.gates.thresholds import Severity
from karat.research.gates.verdict import GateResult, Outcome, verdict
from karat.research.plateau import Plateau
from karat.research.prove.search import Searched, Searcher
from karat.research.prove.shares import Shares
from karat.research.prove.stage import Check, Stage, StageResult
from karat.research.robustness.variant import Variant
from karat.stats.figure import Figure

_LATER = ("vault_return",)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What is examined: a strategy with the parameters it will be judged by, on one market before its vault.

    `plateau` is what surrounds them, `shares` where the profit of all markets came from,
    `sweeps` all searches that led here, the sweep of the whole region first.
    """

    searcher: Searcher
    market: MarketId
    variant: Variant
    plateau: Plateau
    shares: Shares
    sweeps: tuple[Searched, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What a group of questions found: figures of the evidence by name, other numbers, and pictures."""

    figures: Mapping[str, Figure]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, Any] = field(default_factory=dict)


Group = Callable[[Candidate], Findings]


def examine(candidate: Candidate, evidence: Evidence, groups: Mapping[str, Group]) -> tuple[StageResult, Evidence]:
    """Group after group, until a hard gate fails or all are through."""
    thresholds = candidate.searcher.settings.thresholds
    numbers, pictures = dict[str, Any](), dict[str, Any]()
    for name, group in groups.items():
        found = group(candidate)
        evidence = replace(evidence, **found.figures)
        numbers[name], pictures[name] = dict(found.numbers), dict(found.pictures)
        if _has_failed(verdict(evidence, thresholds).results):
            break
    results = [one for one in verdict(evidence, thresholds).results if one.gate.figure not in _LATER]
    checks = tuple(_check(one) for one in results if one.gate.severity is not Severity.SOFT and _is_reached(one))
    return StageResult(Stage.EXAMINATION, checks, numbers, pictures), evidence


def _has_failed(results: tuple[GateResult, ...]) -> bool:
    """Whether a gate that is not soft is known not to be passed."""
    return any(
        one.gate.severity is not Severity.SOFT and one.outcome in (Outcome.FAILED, Outcome.UNDEFINED) for one in results
    )


def _is_reached(result: GateResult) -> bool:
    return result.outcome is not Outcome.NOT_REACHED


def _check(result: GateResult) -> Check:
    gate = result.gate
    asked = f"{gate.relation.value.replace('_', ' ')} {gate.value:g}"
    passed = result.outcome is Outcome.PASSED
    return Check(gate.name, result.figure, asked, passed, gate.severity is Severity.HARD)
