"""karat data check: whether the data is sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.time import timeframe_ms, timeframe_text
from karat.quality import RULES, Severity
from karat.quality.coverage import check_bound
from karat.quality.score import FULL

if TYPE_CHECKING:
    from karat.ingest.check_report import SeriesReport
    from karat.ports.lake import Quarantined

Json = Annotated[bool, Parameter(name="--json", negative="")]
EXIT_BELOW = 1
_SHOWN_OF_A_KIND = 12
_SERIES_SHOWN = 30
_GOOD, _FAIR = 90, 70


def check_data(
    *what: str,
    timeframe: str | None = None,
    below: Annotated[float | None, Parameter(name="--fail-below")] = None,
    everything: Annotated[bool, Parameter(name="--all", negative="")] = False,
    as_json: Json = False,
) -> int:
    """Look for defects: holes (and whether the venue was down), duplicates, bad prints, splits, units, signs and more.

    A series of the lake is compared with everything else there, and what was found is kept for as long as nothing of it
    changes; a file is judged by itself, before it is imported.

    Parameters
    ----------
    what
        Markets as venue:SYMBOL, sources as karat data status names them, or files; the whole lake when left out.
    timeframe
        Only series of this timeframe, for example 4h.
    below
        Exit with 1 when a score is below this, for scripts.
    everything
        Show every series, those without a fault too.
    as_json
        Print one JSON object.
    """
    if below is not None:
        check_bound(below / 100)
    with progress("checking"):
        reports = _reports(what, "" if timeframe is None else timeframe_text(timeframe_ms(timeframe)))
        damaged = _damaged(what)
    if as_json:
        from karat.ingest.check_report import report_json

        told = [{**asdict(one.name), "why": one.why, "found": one.found_at_ms} for one in damaged]
        show_json({"series": [report_json(report) for report in reports], "damaged": told})
        return EXIT_BELOW if below is not None and _is_below(reports, damaged, below) else 0
    for one in damaged:
        show(
            f"[red]damaged[/red] {one.name.owner} {one.name.variant} {one.name.kind}: {one.why} See karat data repair."
        )
    if not reports and not damaged:
        say(f"The lake under {karat_home()} is empty. Fill it: karat data import PATH.")
    elif len(reports) == 1:
        _show_one(reports[0])
    elif reports:
        _show_all(reports, everything=everything)
    return EXIT_BELOW if below is not None and _is_below(reports, damaged, below) else 0


def _is_below(reports: Sequence[SeriesReport], damaged: Sequence[Quarantined], below: float) -> bool:
    """Whether a score is too low. A series that nobody can read has none, which is no better."""
    return bool(damaged) or any(report.score.value < below for report in reports)


def _damaged(what: Sequence[str]) -> list[Quarantined]:
    """What was set aside of these owners, of all without them."""
    from karat.lake.store import open_lake

    owners = {text for text in what if not Path(text).exists()}
    return [one for one in open_lake().quarantined() if one.name.owner in owners or not what]


def _reports(what: Sequence[str], timeframe: str) -> list[SeriesReport]:
    """Reports of files and of series of the lake. Raises InputError where one is not there, or cannot be read."""
    from karat.ingest.check_lake import check_lake
    from karat.ingest.data_check import check_file
    from karat.lake.checked import Checked
    from karat.lake.store import open_lake

    files = [Path(text) for text in what if Path(text).exists()]
    owners = {text for text in what if not Path(text).exists()}
    lake = open_lake()
    named = (*lake.beside_candles(), *lake.tables(), *lake.quarantined())
    known = {one.market for one in lake.list()} | {one.name.owner for one in named}
    unknown = owners - known
    if unknown:
        raise InputError("market_not_in_lake", f"{min(unknown)} is not in the lake.", "See karat data list.")
    found = [check_file(path) for path in files]
    if owners or not files:
        found += check_lake(lake, Checked(), owners, timeframe)
    if owners and not found and not _damaged(what):
        raise InputError("timeframe_not_in_lake", "No such series is stored.", "See karat data list.")
    return found


def _series(report: SeriesReport) -> str:
    return report.variant if report.kind == "candles" else f"{report.variant} {report.kind}".strip()


def _coverage(report: SeriesReport) -> str:
    return "" if report.coverage is None else f"{report.coverage.share:.2%}"


def _show_all(reports: Sequence[SeriesReport], *, everything: bool) -> None:
    """The worst first; series without a fault only on demand."""
    from rich.table import Table

    ordered = sorted(reports, key=lambda report: report.score.value)
    faulty = [report for report in ordered if report.score.reasons]
    shown = ordered if everything else faulty[:_SERIES_SHOWN]
    show(_sums(reports))
    table = Table("market", "series", "rows", "coverage", "score", "found")
    for report in shown:
        found = ", ".join(f"{one.name.replace('_', ' ')} ({one.count})" for one in report.score.reasons)
        table.add_row(
            report.market, _series(report), f"{report.rows:,}", _coverage(report), f"{report.score.value:g}", found
        )
    if shown:
        show(table)
    if len(shown) < len(reports):
        rest = f"{len(reports) - len(shown):,} more with higher scores" if shown else "Nothing was found. Every series"
        show(f"{rest}: karat data check --all")
    show("One series in full: karat data check MARKET --timeframe TIMEFRAME")


def _sums(reports: Sequence[SeriesReport]) -> str:
    """How many series have which score."""
    scores = [report.score.value for report in reports]
    told = (
        (sum(score == FULL for score in scores), "at 100"),
        (sum(_GOOD <= score < FULL for score in scores), f"at {_GOOD} or more"),
        (sum(_FAIR <= score < _GOOD for score in scores), f"at {_FAIR} or more"),
        (sum(score < _FAIR for score in scores), f"below {_FAIR}"),
    )
    return f"{len(reports):,} series: " + ", ".join(f"{amount:,} {words}" for amount, words in told if amount)


def _show_one(report: SeriesReport) -> None:
    score = f"{report.score.value:g} of 100"
    unit = "bars" if report.kind in ("candles", "mark") else "values"
    coverage = f", {_coverage(report)} of its {unit}" if report.coverage is not None else ""
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
