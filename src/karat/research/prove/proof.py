"""What a proof ends in, for one strategy on one market: every stage it reached, and one verdict with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from karat.core.ids import MarketId
from karat.core.time import timeframe_text
from karat.research.gates.evidence import Evidence
from karat.research.gates.thresholds import Thresholds
from karat.research.gates.verdict import Grade, verdict
from karat.research.json_form import settings_json
from karat.research.prove.stage import Outcome, Stage, StageResult, first_failed

_GRADES = {Outcome.BURIED: Grade.BURIED, Outcome.NO_EVIDENCE: Grade.NO_EVIDENCE}


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """`stages` in the order they were gone through, the last the one that decided. `evidence` is filled as far as the
    proof went; `settings` are the parameters it was judged by at last, the defaults where no others were chosen."""

    strategy: str
    market: MarketId
    timeframe_ms: int
    settings: Mapping[str, Any]
    own_settings: bool
    stages: tuple[StageResult, ...]
    evidence: Evidence
    thresholds: Thresholds

    @property
    def failed(self) -> StageResult | None:
        """The stage at which it ended, None where it went through all."""
        return first_failed(self.stages)

    @property
    def grade(self) -> Grade:
        failed = self.failed
        if failed is not None:
            return _GRADES[failed.outcome]
        return verdict(self.evidence, self.thresholds).grade

    def as_dict(self) -> dict[str, Any]:
        """For json: the verdict first, then what it rests on."""
        failed, held = self.failed, verdict(self.evidence, self.thresholds)
        by = None if failed is None else failed.deciding
        decided = held.decided_by
        return {
            "strategy": self.strategy,
            "market": self.market,
            "timeframe": timeframe_text(self.timeframe_ms),
            "verdict": self.grade.value,
            "stage": None if failed is None else failed.stage.value,
            "decided_by": by.name if by is not None else None if decided is None else decided.gate.name,
            "reason": by.reason if by is not None else held.reason,
            "settings": settings_json(self.settings),
            "own_settings": self.own_settings,
            "stages": [one.as_dict() for one in self.stages],
            "evidence": self.evidence.as_dict(),
            "gates": held.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """How many strategies on markets came to a stage, and what became of them there."""

    stage: Stage
    entered: int
    passed: int
    buried: int
    no_evidence: int


def funnel(proofs: Iterable[Mapping[str, Any]]) -> tuple[FunnelRow, ...]:
    """Of proofs as `Proof.as_dict` has them."""
    outcomes = [(one["stage"], one["outcome"]) for proof in proofs for one in proof["stages"]]
    return tuple(_row(stage, [outcome for name, outcome in outcomes if name == stage.value]) for stage in Stage)


def _row(stage: Stage, outcomes: Sequence[str]) -> FunnelRow:
    counts = [sum(one == wanted.value for one in outcomes) for wanted in Outcome]
    return FunnelRow(stage, len(outcomes), *counts)
