"""karat data check and karat data status: whether the data is sound, and how fresh it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.ids import market_id
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS, iso, timeframe_ms, timeframe_text
from karat.quality import RULES, Finding, Severity
from karat.quality.coverage import check_bound

if TYPE_CHECKING:
    from karat.ingest.data_check import SeriesReport

Json = Annotated[bool, Parameter(name="--json", negative="")]
EXIT_BELOW = 1
_SHOWN_OF_A_KIND = 12


def check_data(
    *what: str,
    timeframe: str | None = None,
    below: Annotated[float | None, Parameter(name="--fail-below")] = None,
    as_json: Json = False,
) -> int:
    """Look for defects: holes (and whether the venue was down), duplicates, bad prints, splits, units, signs and more.

    A series of the lake is compared with everything else there; a file is judged by itself, before it is imported.

    Parameters
    ----------
    what
        Markets as venue:SYMBOL, or files; the whole lake when left out.
    timeframe
        Only series of this timeframe, for example 4h.
    below
        Exit with 1 when a score is below this, for scripts.
    as_json
        Print one JSON object.
    """
    if below is not None:
        check_bound(below / 100)
    with progress("checking"):
        reports = _reports(what, None if timeframe is None else timeframe_ms(timeframe))
    if as_json:
        show_json({"series": [_report_json(report) for report in reports]})
    elif not reports:
        say(f"The lake under {karat_home()} is empty. Fill it: karat data import PATH.")
    elif len(reports) == 1:
        _show_one(reports[0])
    else:
        _show_all(reports)
    return EXIT_BELOW if below is not None and any(report.score.value < below for report in reports) else 0


def data_status(*, as_json: Json = False) -> None:
    """Show how fresh every series of the lake is, by source.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    from rich.table import Table

    from karat.bots.system_clock import SystemClock
    from karat.control.data_desk import LakeDesk
    from karat.lake.store import open_lake

    rows = LakeDesk(open_lake(), SystemClock()).freshness()
    if as_json:
        show_json([{**asdict(row), "state": row.state.value} for row in rows])
        return
    if not rows:
        say(f"The lake under {karat_home()} is empty. Fill it: karat data import PATH.")
        return
    table = Table("source", "series", "what", "newest until", "age", "state")
    for row in rows:
        kind = f"{row.timeframe} {row.kind}".strip()
        table.add_row(row.source, row.series, kind, iso(row.last_ts), _age(row.age_ms), row.state.value)
    show(table)


def _reports(what: Sequence[str], length: int | None) -> list[SeriesReport]:
    """Reports of files and of series of the lake. Raises InputError where one is not there, or cannot be read."""
    from karat.ingest.data_check import check_file, check_funding, check_series
    from karat.lake.store import open_lake

    files = [Path(text) for text in what if Path(text).exists()]
    wanted = {market_id(text) for text in what if not Path(text).exists()}
    lake = open_lake()
    entries = [] if files and not wanted else list(lake.list())
    unknown = wanted - {entry.market for entry in entries}
    if unknown:
        raise InputError("market_not_in_lake", f"{min(unknown)} is not in the lake.", "See karat data list.")
    chosen = [entry for entry in entries if not wanted or entry.market in wanted]
    chosen = [entry for entry in chosen if length in (None, entry.timeframe_ms)]
    if wanted and not chosen:
        raise InputError("timeframe_not_in_lake", "No such series is stored.", "See karat data list.")
    reports = [check_file(path) for path in files] + [check_series(lake, entry) for entry in chosen]
    funded = {entry.market: entry for entry in chosen if entry.has_funding and length is None}
    return reports + [check_funding(lake, entry) for entry in funded.values()]


def _report_json(report: SeriesReport) -> dict[str, Any]:
    coverage = report.coverage
    return {
        "market": report.market,
        "kind": report.kind,
        "timeframe": None if report.timeframe_ms is None else timeframe_text(report.timeframe_ms),
        "rows": report.rows,
        "first": report.first_ts,
        "last": report.last_ts,
        "hash": report.hash,
        "coverage": None if coverage is None else coverage.share,
        "score": report.score.value,
        "reasons": [{**asdict(reason), "severity": reason.severity.value} for reason in report.score.reasons],
        "compared_with": list(report.compared),
        "splits": report.splits,
        "dividends": report.dividends,
        "findings": [_finding_json(one) for one in report.findings],
    }


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


def _series(report: SeriesReport) -> str:
    return report.kind if report.timeframe_ms is None else timeframe_text(report.timeframe_ms)


def _coverage(report: SeriesReport) -> str:
    return "" if report.coverage is None else f"{report.coverage.share:.2%}"


def _show_all(reports: Sequence[SeriesReport]) -> None:
    from rich.table import Table

    table = Table("market", "series", "rows", "coverage", "score", "found")
    for report in reports:
        found = ", ".join(f"{one.name.replace('_', ' ')} ({one.count})" for one in report.score.reasons)
        table.add_row(
            report.market, _series(report), f"{report.rows:,}", _coverage(report), f"{report.score.value:g}", found
        )
    show(table)
    show("One series in full: karat data check MARKET --timeframe TIMEFRAME")


def _show_one(report: SeriesReport) -> None:
    score = f"{report.score.value:g} of 100"
    coverage = f", {_coverage(report)} of its bars" if report.coverage is not None else ""
    show(f"{report.market} {_series(report)}: {score}. {report.rows:,} rows{coverage}.")
    if not report.findings:
        show("Nothing was found.")
    for reason in report.score.reasons:
        rule = RULES[reason.name]
        style = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}[rule.severity]
        title = reason.name.replace("_", " ")
        show(f"\n[{style}]{rule.severity.value}[/{style}] {title}, {reason.count} found, {reason.points:g} points")
        found = [one for one in report.findings if one.name == reason.name]
        for finding in found[:_SHOWN_OF_A_KIND]:
            show(f"  {finding.what}")
        if len(found) > _SHOWN_OF_A_KIND:
            show(f"  and {len(found) - _SHOWN_OF_A_KIND} more: --json has them all")
        show(f"  Why it matters: {rule.matters}")
        show(f"  What to do: {rule.remedy}")
    if report.splits or report.dividends:
        show(f"\nAccounted for: {report.splits} splits and {report.dividends} dividends that the lake knows.")
    if report.compared:
        show(f"\nCompared with {', '.join(report.compared)}.")


def _age(milliseconds: int) -> str:
    for unit, name in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if abs(milliseconds) >= unit:
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds // 1000} s"
