"""Is this market data sound? Pure checks, candles in, findings out, and a score with its reasons."""

from karat.quality.checks import own_findings
from karat.quality.coverage import COVERAGE_MIN, Coverage, coverage_of, refuse_thin
from karat.quality.findings import Finding, Severity
from karat.quality.rules import RULES, Rule
from karat.quality.score import Reason, Score, score_of

__all__ = [
    "COVERAGE_MIN",
    "RULES",
    "Coverage",
    "Finding",
    "Reason",
    "Rule",
    "Score",
    "Severity",
    "coverage_of",
    "own_findings",
    "refuse_thin",
    "score_of",
]
