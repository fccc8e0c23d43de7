"""`python -m bench`: measure speed and memory, keep the figures in bench/results/.

Every section runs in a process of its own, so that its memory is its own and nothing it loads slows another.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.report import conditions, keep, said
from bench.rows import Row, row_of

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = {
    "dense": "kernel_speed",
    "sparse": "kernel_speed",
    "features": "kernel_speed",
    "record": "kernel_speed",
    "lanes": "sweeps",
    "policies": "sweeps",
    "objective": "sweeps",
    "distinct": "sweeps",
    "recomputed": "sweeps",
    "walks": "walking",
    "proving": "proving",
    "cluster": "cluster",
    "peers": "peers",
    "backtest": "backtests",
    "command": "backtests",
    "runner": "runner",
    "workers": "workers",
    "fleet": "fleet",
    "load": "load",
    "load_mixed": "load_mixed",
    "journal": "journal",
    "bars": "bars",
    "bar_stream": "bars",
    "bar_memory": "bars",
    "bar_lake": "bar_lake",
    "lake": "lake",
    "lake_cold": "lake_cold",
}
LARGE_SECTIONS = {"lake_large": "lake"}  # want 16 GB of disk, so they are asked for by name
ALL = SECTIONS | LARGE_SECTIONS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts, under two minutes; nothing is kept")
    parser.add_argument("--only", nargs="+", choices=ALL, metavar="SECTION", help=", ".join(ALL))
    parser.add_argument("--section", choices=ALL, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.section is not None:
        rows = _measure(chosen.section)(chosen.quick)
        chosen.to.write_text(json.dumps([row.as_dict() for row in rows]), "utf-8")
        return 0
    before = conditions()
    measured = {name: _in_own_process(name, chosen.quick) for name in chosen.only or SECTIONS}
    failed = [name for name, rows in measured.items() if rows is None]
    if not chosen.quick:
        keep({name: rows for name, rows in measured.items() if rows}, before, conditions())
    if failed:
        print(f"Not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measure(section: str) -> Callable[[bool], list[Row]]:
    return getattr(import_module(f"bench.{ALL[section]}"), section)


def _in_own_process(section: str, quick: bool) -> list[Row] | None:
    """Rows of a section, said as they come; None when its process failed."""
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
        to = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "bench", "--section", section, "--to", to, *["--quick"] * quick]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **_places(Path(folder))}, check=False)
        if done.returncode != 0:
            return None
        given: list[dict[str, Any]] = json.loads(to.read_text("utf-8"))
    rows = [row_of(one) for one in given]
    for row in rows:
        print(said(row), flush=True)
    return rows


def _places(folder: Path) -> dict[str, str]:
    """A home of its own, and the kernel cache of the tests unless another is named."""
    cache = os.environ.get("KARAT_KERNEL_CACHE", str(ROOT / ".cache" / "kernels"))
    return {"KARAT_HOME": str(folder / "home"), "KARAT_KERNEL_CACHE": cache}


if __name__ == "__main__":
    sys.exit(main())
