"""The gate before a result: data that misses too many of its bars is refused, unless the user says otherwise.

What is counted are the stored bars of the range that was asked for, also where a run is on coarser bars built from
them: a day with one hour of trades is a bar, but not a day. What let the data through is kept with the result.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import timeframe_text
from karat.lake.reading import stored_bars
from karat.ports.lake import Lake, Quality
from karat.quality import COVERAGE_MIN, Coverage, coverage_of, own_findings, refuse_thin, score_of
from karat.quality.coverage import check_bound


@dataclass(frozen=True, slots=True)
class Gate:
    """The coverage that was let through and the bound it was held to. `told`: the user set the bound himself."""

    coverage: Coverage
    bound: float = COVERAGE_MIN
    told: bool = False


def pass_gate(
    lake: Lake, market: MarketId, timeframe_ms: int, from_ms: int | None, to_ms: int | None, bound: float | None = None
) -> Gate:
    """Let a range of a market through, held to `bound` (None: COVERAGE_MIN).

    Raises InputError `thin_data`, `bad_coverage`, and what the lake raises where there is nothing.
    """
    held = COVERAGE_MIN if bound is None else check_bound(bound)
    entry = lake.entry(market, timeframe_ms)
    stored = stored_bars(lake, market, timeframe_ms, from_ms, to_ms)
    coverage = coverage_of(stored, sessions=entry.sessions, from_ms=from_ms, to_ms=to_ms)
    refuse_thin(coverage, held, market)
    return Gate(coverage, held, bound is not None)


def quality_json(candles: Candles, recorded: Quality, gate: Gate | None, *, sessions: bool) -> dict[str, Any]:
    """The quality of a result's data: what the lake recorded, the score of exactly these bars with its reasons, and the
    coverage by which they were let through (of these bars, where no gate was passed)."""
    gate = gate or Gate(coverage_of(candles, sessions=sessions))
    score = score_of(own_findings(candles, sessions=sessions), gate.coverage.expected)
    lists = json.loads(json.dumps(asdict(recorded)))  # tuples become lists, as they come back from a file
    return {
        "grade": recorded.grade,
        "score": score.value,
        "reasons": [{**asdict(reason), "severity": reason.severity.value} for reason in score.reasons],
        "coverage": _coverage_json(gate),
        **lists,
    }


def _coverage_json(gate: Gate) -> dict[str, Any]:
    coverage = gate.coverage
    return {
        "share": coverage.share,
        "present": coverage.present,
        "expected": coverage.expected,
        "from": coverage.from_ms,
        "to": coverage.to_ms,
        "counted": timeframe_text(coverage.timeframe_ms),
        "bound": gate.bound,
        "bound_by_user": gate.told,
    }
