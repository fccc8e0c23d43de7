"""The gate before a result: data that misses too many of its bars is refused, unless the user says otherwise.

What is counted are the stored bars of the range that was asked for, also where a run is on coarser bars built from
them: a day with one hour of trades is a bar, but not a day. What let the data through is kept with the result.

The score of a result is that of exactly its bars. It is kept by their content, so that a second result on the same bars
costs a hash (55,000 bars: 2 ms in place of 80).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Funding
from karat.core.model.table import TableName
from karat.core.time import timeframe_text
from karat.lake.checked import Checked
from karat.lake.reading import stored_bars
from karat.ports.lake import Lake, Quality
from karat.quality import COVERAGE_MIN, Coverage, coverage_of, own_findings, refuse_thin, score_of
from karat.quality.coverage import check_bound
from karat.quality.score import score_json


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
    lists = json.loads(json.dumps(asdict(recorded)))  # tuples become lists, as they come back from a file
    return {
        "grade": recorded.grade,
        **_own_score(candles, gate.coverage.expected, sessions=sessions),
        "coverage": _coverage_json(gate),
        **lists,
    }


def data_json(lake: Lake, candles: Candles, funding: Funding, gate: Gate | None) -> dict[str, Any]:
    """`data_hash` of the series, `bars_hash` and `quality` of exactly these bars: what every result carries."""
    entry = lake.entry(candles.market, candles.timeframe_ms)
    return {
        "data_hash": entry.hash,
        "bars_hash": bars_hash(candles, funding),
        "quality": quality_json(candles, entry.quality, gate, sessions=entry.sessions),
    }


def bars_hash(candles: Candles, funding: Funding) -> str:
    """SHA-256 over exactly the bars and funding stamps that a run read."""
    digest = _digest(candles)
    for column in (funding.ts, funding.rate, funding.mark):
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def _own_score(candles: Candles, expected: int, *, sessions: bool) -> dict[str, Any]:
    """`score` and `reasons` of the bars by themselves, worked out once for their content."""
    checked, name = Checked(), TableName("candles", candles.market, timeframe_text(candles.timeframe_ms))
    key = f"{_digest(candles).hexdigest()} {expected} {sessions}"
    known = checked.score(name, key)
    if known is None:
        known = score_json(score_of(own_findings(candles, sessions=sessions), expected))
        checked.keep_score(name, key, known)
    return known


def _digest(candles: Candles) -> hashlib._Hash:
    digest = hashlib.sha256(f"{candles.market} {candles.timeframe_ms}\n".encode())
    for name in CANDLE_COLUMNS:
        digest.update(np.ascontiguousarray(getattr(candles, name)).data)
    return digest


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
