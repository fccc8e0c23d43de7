"""Check what is no candles: funding, mark prices, and tables by what they hold.

Trades, quotes and books have rules of their own. Every other table is series of numbers: its first prints, one series
for each key where rows have one, its step taken from its variant, else from the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.inputs import Input, known_inputs
from karat.core.model.candles import Candles, Funding, Ints
from karat.core.model.table import AVAILABLE, Table
from karat.core.time import timeframe_ms
from karat.ingest.check_report import SeriesReport
from karat.ports.lake import Lake, TableEntry
from karat.quality.bounds import bounds_of
from karat.quality.coverage import Coverage, coverage_of
from karat.quality.findings import Finding
from karat.quality.funding import funding_findings
from karat.quality.marks import mark_findings
from karat.quality.observations import (
    early_findings,
    first_prints,
    hole_findings_of_series,
    series_coverage,
    usual_step_ms,
    value_findings,
)  # fmt: skip
from karat.quality.score import score_of
from karat.quality.ticks import book_findings, quote_findings, trade_findings

_TICKS = {"trades": trade_findings, "quotes": quote_findings, "book": book_findings}
_RATES = frozenset({"funding_rate", "binance_funding"})
_RECORDS = frozenset({"source_state", "gaps", "actions", "listings"})  # what Karat writes down is no series
_KEYS_MAX = 200  # more keys than this name orders or prices, not series


def is_checked(entry: TableEntry) -> bool:
    """Whether there is anything to check in a table of that kind."""
    return entry.rows > 1 and entry.name.kind not in _RECORDS


def check_funding(lake: Lake, entry: TableEntry, beside: Candles | None, spot: Candles | None) -> SeriesReport:
    """Check the funding of a market, against the premium of its candles (`beside`) over spot where there are both."""
    funding = lake.funding(MarketId(entry.name.owner))
    findings = funding_findings(funding, beside, spot)
    compared = () if beside is None or spot is None else (spot.market,)
    return _report(entry, None, funding.ts, findings, None, compared)


def check_mark(lake: Lake, entry: TableEntry, last: Candles | None) -> SeriesReport:
    """Check mark prices beside the market's candles of that timeframe (`last`)."""
    length = timeframe_ms(entry.name.variant)
    mark = lake.mark(MarketId(entry.name.owner), length)
    assert mark is not None, "the catalog has just named it"
    coverage = coverage_of(mark, sessions=False)
    compared = () if last is None else (f"{last.market} candles",)
    return _report(entry, length, mark.ts, mark_findings(mark, last), coverage, compared)


def check_table(lake: Lake, entry: TableEntry) -> SeriesReport:
    """Check one table."""
    table = lake.table(entry.name)
    find = _TICKS.get(entry.name.kind)
    if find is not None:
        return _report(entry, None, table.ts, find(table), None)
    findings: list[Finding] = []
    known = next((one for one in known_inputs() if one.kind == entry.name.kind), None)
    coverage: Coverage | None = None
    step = 0
    for label, rows in _series_of(table, known):
        ts = table.ts[rows]
        step = _step(entry, ts)
        coverage = series_coverage(ts, step) if step else None
        findings += [_named(one, label) for one in _of_series(table, entry.name.kind, rows, step, known)]
    single = known is None or not known.key
    findings.sort(key=lambda one: (one.from_ms, one.name))
    return _report(entry, step or None, table.ts, findings, coverage if single else None)


def _of_series(table: Table, kind: str, rows: Ints, step: int, known: Input | None) -> Iterator[Finding]:
    ts = table.ts[rows]
    if AVAILABLE in table.columns:
        yield from early_findings(ts, table.columns[AVAILABLE][rows], known.covers_ms if known else 0)
    if kind in _RATES:
        rates = table.columns["value"][rows]
        yield from funding_findings(Funding(ts, rates, np.full(len(rates), np.nan)))
    elif step:
        yield from hole_findings_of_series(ts, step)
    for column, of in table.schema.columns:
        if of == "f8":
            yield from value_findings(ts, table.columns[column][rows], column, bounds_of(kind, column))


def _series_of(table: Table, known: Input | None) -> Iterator[tuple[str, Ints]]:
    """The rows of each series in a table, with the key that names it."""
    if known is None or not known.key or known.key not in table.columns:
        text = any(kind == "text" for _, kind in table.schema.columns)
        yield "", np.arange(len(table)) if text else first_prints(table.ts)  # headlines share their times
        return
    keys = table.columns[known.key]
    names = sorted(set(keys.tolist()))
    for name in names if len(names) <= _KEYS_MAX else ():
        own = np.flatnonzero(keys == name)
        yield name, own[first_prints(table.ts[own])]


def _step(entry: TableEntry, ts: Ints) -> int:
    try:
        told = timeframe_ms(entry.name.variant)
    except InputError:
        told = 0  # a variant that names something else
    return usual_step_ms(ts, told)


def _named(finding: Finding, label: str) -> Finding:
    if not label:
        return finding
    return Finding(finding.name, finding.from_ms, finding.to_ms, finding.bars, f"{finding.what} ({label})")


def _report(
    entry: TableEntry, step: int | None, ts: Ints, findings: list[Finding], coverage: Coverage | None,
    compared: tuple[str, ...] = (),
) -> SeriesReport:  # fmt: skip
    expected = entry.rows if coverage is None else coverage.expected
    return SeriesReport(
        market=entry.name.owner,
        kind=entry.name.kind,
        variant=entry.name.variant,
        timeframe_ms=step,
        rows=entry.rows,
        first_ts=int(ts.min()),
        last_ts=int(ts.max()),
        hash=entry.hash,
        coverage=coverage,
        score=score_of(findings, expected),
        findings=tuple(findings),
        compared=compared,
    )
