"""What becomes of a stage by its checks."""

from __future__ import annotations

import json

import pytest

from karat.research.prove.stage import Check, Outcome, Stage, StageResult, above, at_least
from karat.stats.figure import Undefined

UNKNOWN = Undefined("nobody looked")


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        (above("total_return", 0.1, 0.0), Outcome.PASSED),
        (above("total_return", 0.0, 0.0), Outcome.BURIED),
        (at_least("trades", 30.0, 30.0, buries=False), Outcome.PASSED),
        (at_least("trades", 29.0, 30.0, buries=False), Outcome.NO_EVIDENCE),
        (above("total_return", UNKNOWN, 0.0), Outcome.NO_EVIDENCE),  # unknown is neither a pass nor a failure
    ],
)
def test_a_check_passes_buries_or_tells_nothing(check: Check, outcome: Outcome) -> None:
    assert check.outcome is outcome


def test_too_little_evidence_buries_nobody_whatever_else_failed() -> None:
    failed, thin = above("total_return", -0.5, 0.0), at_least("trades", 3.0, 30.0, buries=False)
    result = StageResult(Stage.TOURNAMENT, (failed, thin))
    assert result.outcome is Outcome.NO_EVIDENCE
    assert result.deciding is thin
    assert StageResult(Stage.TOURNAMENT, (failed,)).outcome is Outcome.BURIED
    assert StageResult(Stage.TOURNAMENT, ()).outcome is Outcome.PASSED


def test_a_stage_tells_json_what_decided_it() -> None:
    checks = (above("total_return", 0.1, 0.0), above("sharpe", UNKNOWN, 0.0), at_least("days", 3.0, 30.0, buries=False))
    result = StageResult(Stage.REGIMES, checks, {"regimes": 3}, {"equity": [1.0]})
    told = json.loads(json.dumps(result.as_dict()))
    assert told["outcome"] == "no_evidence"
    assert told["decided_by"] == "sharpe"
    assert "nobody looked" in told["reason"]
