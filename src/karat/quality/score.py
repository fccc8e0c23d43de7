"""From findings to one number between 0 and 100, with the reasons for every point that is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from karat.quality.findings import Finding, Severity
from karat.quality.rules import RULES

FULL = 100.0
_DIGITS = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """What one kind of finding took: `points` off the score, for `count` findings that concern `bars` bars."""

    name: str
    severity: Severity
    count: int
    bars: int
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100 with one digit, and the reasons, the heaviest first; notes stand among them with 0 points."""

    value: float
    reasons: tuple[Reason, ...]


def score_of(findings: Sequence[Finding], bars: int) -> Score:
    """The score of a series of which `bars` bars were expected, after `rules.RULES`. Deterministic."""
    names = [name for name in RULES if any(one.name == name for one in findings)]
    reasons = [_reason(name, [one for one in findings if one.name == name], bars) for name in names]
    reasons.sort(key=lambda reason: -reason.points)
    value = max(0.0, FULL - sum(reason.points for reason in reasons))
    return Score(round(value, _DIGITS), tuple(reasons))


def _reason(name: str, found: list[Finding], bars: int) -> Reason:
    rule = RULES[name]
    concerned = sum(one.bars for one in found)
    percent = 100.0 * concerned / max(bars, concerned, 1)
    points = min(rule.points_max, rule.points_each * len(found) + rule.points_per_percent * percent)
    return Reason(name, rule.severity, len(found), concerned, round(points, 2))


def score_json(score: Score) -> dict[str, Any]:
    """`score` and `reasons`, JSON-ready."""
    return {
        "score": score.value,
        "reasons": [{**asdict(reason), "severity": reason.severity.value} for reason in score.reasons],
    }


def score_of_json(raw: Mapping[str, Any]) -> Score:
    """The inverse of `score_json`."""
    reasons = (
        Reason(one["name"], Severity(one["severity"]), one["count"], one["bars"], one["points"])
        for one in raw["reasons"]
    )
    return Score(raw["score"], tuple(reasons))
