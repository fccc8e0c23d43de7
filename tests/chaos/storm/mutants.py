"""Mutants: deliberate patches of product code, each of which some invariant has to catch.

A mutant replaces one text in one file, which must be there exactly once, in a copy of `src`. The storm then runs over
seeds in a process that imports the copy, until something is caught.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 600.0
ROOT = Path(__file__).resolve().parents[3]


class Stale(Exception):
    """A mutant's text is not in its file exactly once: the code has moved on, so has to do the mutant."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`path` below `src`. `caught_by`: invariants of which one has to catch it."""

    name: str
    path: str
    old: str
    new: str
    caught_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant. `invariant` "": nothing caught it in `seeds` seeds."""

    mutant: str
    invariant: str
    text: str
    seeds: int

    def is_as_expected(self, mutant: Mutant) -> bool:
        return self.invariant in mutant.caught_by


SELF_TEST = Mutant(
    "the fees of a fill take the place of those before it",
    "karat/oms/accounts.py",
    "paid = EXACT.add(holding.fees.get(fill.fee_currency, Decimal()), fill.fee)",
    "paid = fill.fee",
    frozenset({"S5"}),
)
"""Tries the machinery, in calm weather and with any actor that books by `oms.accounts`."""


def patched(mutant: Mutant, into: Path, source: Path = ROOT / "src") -> Path:
    """A copy of `source` in `into` with the mutant in it. Raises Stale."""
    copy = into / "src"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "static"))
    path = copy / mutant.path
    text = path.read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise Stale(f"{mutant.name}: its text is {text.count(mutant.old)} times in {mutant.path}")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    return copy


def fate(mutant: Mutant, seeds: Sequence[int], into: Path, plug: str = "", profile: str = "") -> Fate:
    """Run the storm over `seeds` with the mutant, until one is caught."""
    copy = patched(mutant, into)
    names = {name: os.environ[name] for name in _CARRIED if name in os.environ}
    environment = {**names, "PYTHONPATH": f"{copy}:{ROOT}", **({"KARAT_STORM_PLUG": plug} if plug else {})}
    command = [
        sys.executable,
        "-m",
        "tests.chaos.storm",
        "--json",
        "--until-caught",
        *map(str, seeds),
        "--profile",
        profile,
    ]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise RuntimeError(f"{mutant.name}: the storm itself failed\n{done.stderr[-2_000:]}")
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    caught = next((one for one in told if one["invariant"]), None)
    if caught is None:
        return Fate(mutant.name, "", "", len(told))
    return Fate(mutant.name, caught["invariant"], caught["text"], len(told))


_CARRIED = ("PATH", "HOME", "KARAT_HOME", "KARAT_SHARED", "KARAT_KERNEL_CACHE", "PYTHONHASHSEED")
