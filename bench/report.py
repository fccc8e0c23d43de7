"""What was measured, where and when: said on the terminal, kept as JSON, and written as the table of bench/results/."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.market import SHARED
from bench.rows import Row, row_of, short

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "numba", "polars", "duckdb", "pandas", "vectorbt", "vectorbt-rust", "backtesting")


def said(row: Row) -> str:
    """A row as one line."""
    target = f"  target {_bound(row)}  {row.verdict}" if row.target is not None else ""
    beside = "".join(f"; {what} {short(value)}" for what, value in row.beside)
    return f"{row.what}: {short(row.value)} {row.unit}{target}{beside}  [{row.note}]"


def _bound(row: Row) -> str:
    assert row.target is not None
    return f"{'<=' if row.at_most else '>='} {short(row.target)}"


def conditions() -> dict[str, Any]:
    """Machine, versions, load."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "data": "real" if (SHARED / "data").is_dir() else "demo market",
        "load_average": [round(one, 2) for one in os.getloadavg()],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    asked = ["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def keep(measured: dict[str, list[Row]], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write today's figures; sections that were not measured keep their last ones, each with its date and commit."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{before['at'][:10]}.json"
    last = max(RESULTS.glob("*.json"), default=None)
    kept: dict[str, Any] = {} if last is None else json.loads(last.read_text("utf-8"))["sections"]
    for name, rows in measured.items():
        kept[name] = {
            "command": f"python -m bench --only {name}",
            "conditions": {**before, "load_average_after": after["load_average"]},
            "rows": [row.as_dict() for row in rows],
        }
    path.write_text(json.dumps({"sections": kept}, indent=1) + "\n", "utf-8")
    (RESULTS / "README.md").write_text(_table(path.name, kept), "utf-8")


def _table(source: str, kept: dict[str, Any]) -> str:
    lines = [
        "# Speed and memory, as measured",
        "",
        f"Written by `make bench` from [{source}]({source}); what is measured and how: [README](../README.md).",
        "",
        "| figure | measured | target | | beside it | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for section in kept.values():
        lines += [_line(row_of(one)) for one in section["rows"]]
    lines += ["", "Each section, its command and the state of the machine:", ""]
    lines += [_told(name, section) for name, section in kept.items()]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    target = _bound(row).replace("<=", "at most").replace(">=", "at least") if row.target is not None else ""
    beside = ", ".join(f"{what} {short(value)}" for what, value in row.beside)
    verdict = f"**{row.verdict}**" if row.verdict == "SHORT" else row.verdict
    return f"| {row.what} | {short(row.value)} {row.unit} | {target} | {verdict} | {beside} | {row.note} |"


def _told(name: str, section: dict[str, Any]) -> str:
    found = section["conditions"]
    load = f"load {found['load_average'][0]} before, {found['load_average_after'][0]} after"
    versions = ", ".join(f"{package} {number}" for package, number in found["packages"].items() if number)
    return (
        f"- {name}: `{section['command']}`, {found['at']}, commit {found['commit']}, {found['cores']} cores of "
        f"{found['processor']}, {found['data']} data, {load}; Python {found['python']}, {versions}"
    )
