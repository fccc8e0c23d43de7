"""Reports of checks, one file per code hash under KARAT_HOME/checks.

A result of a strategy may be stored only when its code, as it is now, has passed: `require_checked` asks, and
`ensure_checked` runs the check when nobody has yet. A report of another checker counts as none.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from karat import __version__
from karat.app.console import progress, say
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.strategies import Market, Strategy, Values, code_hash
from karat.strategies.check import CheckReport, check_strategy, checker_hash
from karat.strategies.check.carrying import difference_of

FORMAT = 1
_FINDINGS_SHOWN = 1

Markets = Mapping[str, Market] | Callable[[], Mapping[str, Market]]


def stored_report(strategy: Strategy, home: Path | None = None) -> CheckReport | None:
    """The report on the code of `strategy` as it is now, by the checker as it is now; None when there is none."""
    digest = code_hash(strategy)
    try:
        stored = json.loads(_file_of(digest, home).read_text(encoding="utf-8"))
        report = CheckReport.from_dict(stored["report"])
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None  # a torn or foreign file proves nothing; the check is run again
    wanted = (FORMAT, strategy.name, digest, checker_hash())
    found = (stored.get("format"), report.strategy, report.code_hash, report.checker)
    return report if found == wanted else None


def store_report(report: CheckReport, home: Path | None = None) -> Path:
    """Write `report`, whole or not at all. Returns its file."""
    file = _file_of(report.code_hash, home)
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"format": FORMAT, "karat": __version__, "report": report.as_dict()}
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".check-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out, indent=1)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return file


def require_checked(strategy: Strategy, home: Path | None = None) -> CheckReport:
    """The stored, passing report. Raises InputError `not_checked` or `check_failed`."""
    report = stored_report(strategy, home)
    if report is None:
        raise InputError(
            "not_checked",
            f"{strategy.name} has not been checked since its code last changed.",
            f"Run karat strategies check {strategy.name}.",
        )
    return _passed(report)


def is_carried(strategy: Strategy, values: Values, home: Path | None = None) -> bool:
    """Whether a bot with these parameters may run `strategy` from carried state: the stored, passing report proves it
    for the code, and it is tried now for the parameters."""
    report = stored_report(strategy, home)
    return report is not None and report.passed and report.carried and not difference_of(strategy, values)


def ensure_checked(strategy: Strategy, markets: Markets, home: Path | None = None) -> CheckReport:
    """The passing report, from the store or from a check run now, which is then stored. `markets` are the real markets
    to check on, or a function that fetches them. Raises InputError `check_failed`."""
    report = stored_report(strategy, home)
    if report is None:
        say(f"Checking {strategy.name} for looks into the future; once per version of its code.")
        report = run_check(strategy, markets, home)
    return _passed(report)


def run_check(strategy: Strategy, markets: Markets, home: Path | None = None) -> CheckReport:
    """Check `strategy` now and store the report, passed or not."""
    with progress(f"checking {strategy.name}"):
        report = check_strategy(strategy, markets() if callable(markets) else markets)
    store_report(report, home)
    return report


def failed(report: CheckReport) -> InputError:
    """The error that a failing report means."""
    first = report.findings[0].text()
    more = len(report.findings) - _FINDINGS_SHOWN
    rest = f" And {more} more." if more > 0 else ""
    return InputError(
        "check_failed",
        f"{report.strategy} did not pass its check: {first}{rest}",
        f"See karat strategies check {report.strategy}.",
    )


def report_json(report: CheckReport) -> dict[str, Any]:
    """The report as `--json` prints it, each finding with its one line of text."""
    findings = [{**one, "text": finding.text()} for one, finding in _pairs(report)]
    return {**report.as_dict(), "findings": findings}


def _pairs(report: CheckReport) -> list[tuple[dict[str, Any], Any]]:
    return list(zip(report.as_dict()["findings"], report.findings, strict=True))


def _passed(report: CheckReport) -> CheckReport:
    if not report.passed:
        raise failed(report)
    return report


def _file_of(digest: str, home: Path | None) -> Path:
    return (home or karat_home()) / "checks" / f"{digest}.json"
