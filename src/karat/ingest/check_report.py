"""What was found in one series, as commands tell it and as it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from karat.core.model.table import TableName
from karat.core.time import timeframe_text
from karat.quality.coverage import Coverage
from karat.quality.findings import Finding
from karat.quality.rules import RULES
from karat.quality.score import Score, score_json, score_of_json


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """What was found in one series. `kind` is candles, funding, mark or that of a table, `variant` tells two of a kind
    apart (the timeframe of bars, "" where there is none), `timeframe_ms` is the step where there is one. `hash` names
    the content ("" for a file); `coverage` is None where nobody can say how many rows there should be. `compared` names
    what it was compared with; `splits` and `dividends` count those that the lake knows and that explain prices."""

    market: str
    kind: str
    variant: str
    timeframe_ms: int | None
    rows: int
    first_ts: int
    last_ts: int
    hash: str
    coverage: Coverage | None
    score: Score
    findings: tuple[Finding, ...]
    compared: tuple[str, ...]
    splits: int = 0
    dividends: int = 0

    @property
    def name(self) -> TableName:
        return TableName(self.kind, self.market, self.variant)


def report_json(report: SeriesReport) -> dict[str, Any]:
    """The report for `karat data check --json`."""
    return {
        "market": report.market,
        "kind": report.kind,
        "variant": report.variant,
        "timeframe": None if report.timeframe_ms is None else timeframe_text(report.timeframe_ms),
        "rows": report.rows,
        "first": report.first_ts,
        "last": report.last_ts,
        "hash": report.hash,
        "coverage": None if report.coverage is None else report.coverage.share,
        **score_json(report.score),
        "compared_with": list(report.compared),
        "splits": report.splits,
        "dividends": report.dividends,
        "findings": [_finding_json(one) for one in report.findings],
    }


def kept_json(report: SeriesReport) -> dict[str, Any]:
    """The report as it is kept: what cannot be read off the series, and no words that stand in the rules."""
    return {
        "coverage": None if report.coverage is None else report.coverage.share,
        **score_json(report.score),
        "expected": None if report.coverage is None else asdict(report.coverage),
        "compared": list(report.compared),
        "splits": report.splits,
        "dividends": report.dividends,
        "findings": [[one.name, one.from_ms, one.to_ms, one.bars, one.what] for one in report.findings],
    }


def report_of_kept(
    name: TableName, timeframe_ms: int | None, rows: int, first_ts: int, last_ts: int, content: str,
    kept: Mapping[str, Any],
) -> SeriesReport:  # fmt: skip
    """The inverse of `kept_json`, with what the catalog knows of the series."""
    return SeriesReport(
        market=name.owner,
        kind=name.kind,
        variant=name.variant,
        timeframe_ms=timeframe_ms,
        rows=rows,
        first_ts=first_ts,
        last_ts=last_ts,
        hash=content,
        coverage=None if kept["expected"] is None else coverage_of_json(kept["expected"]),
        score=score_of_json(kept),
        findings=tuple(Finding(*one) for one in kept["findings"]),
        compared=tuple(kept["compared"]),
        splits=kept["splits"],
        dividends=kept["dividends"],
    )


def surroundings_hash(named: Iterable[tuple[str, str, str]]) -> str:
    """The hash of what a series is compared with: kind or timeframe, owner and content hash of each."""
    digest = sha256()
    for one in sorted(named):
        digest.update(" ".join(one).encode() + b"\n")
    return digest.hexdigest()


def coverage_of_json(raw: Mapping[str, Any]) -> Coverage:
    """The inverse of `asdict` of a coverage."""
    from karat.quality.coverage import Missing

    longest = raw["longest"]
    return Coverage(**{**raw, "longest": None if longest is None else Missing(**longest)})


def _finding_json(finding: Finding) -> dict[str, Any]:
    rule = RULES[finding.name]
    return {
        "name": finding.name,
        "severity": rule.severity.value,
        "from": finding.from_ms,
        "to": finding.to_ms,
        "bars": finding.bars,
        "what": finding.what,
        "matters": rule.matters,
        "remedy": rule.remedy,
    }
