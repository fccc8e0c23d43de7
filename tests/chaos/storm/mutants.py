"""Mutants: deliberate patches of product code, each of which some invariant has to catch.

A mutant replaces one text in one file, which must be there exactly once. The storm then runs over seeds in a process
that imports it (`mutated`), until something is caught.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.storm.mutated import ALSO, ROOT, Patch, patched_text

_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Mutant:
    """`path` below `src`. `caught_by`: invariants of which one has to catch it. `seed`: one that does, or the first of
    those to try; `profile` "": that of the seed. `also`: further patches, where one alone is healed by what stands
    behind it."""

    name: str
    path: str
    old: str
    new: str
    caught_by: frozenset[str]
    seed: int = 1
    profile: str = ""
    also: tuple[Patch, ...] = ()

    def text(self) -> str:
        """Its file with the mutant in it. Raises Stale, for the files of `also` as well."""
        for patch in self.also:
            patched_text(*patch)
        return patched_text(self.path, self.old, self.new)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant. `invariant` "": nothing caught it in `seeds` seeds."""

    mutant: str
    invariant: str
    text: str
    seeds: int
    seed: int = 0

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


def fate(mutant: Mutant, seeds: Sequence[int], environment: dict[str, str], profile: str = "") -> Fate:
    """Run the storm over `seeds` with the mutant, until one is caught. Raises Stale."""
    mutant.text()
    command = [
        sys.executable, "-m", "tests.chaos.storm.mutated", mutant.path, mutant.old, mutant.new,
        *(word for patch in mutant.also for word in (ALSO, *patch)),
        "--json", "--until-caught", *map(str, seeds), "--profile", profile or mutant.profile,
    ]  # fmt: skip
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise RuntimeError(f"{mutant.name}: the storm itself failed\n{done.stderr[-2_000:]}")
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    caught = next((one for one in told if one["invariant"]), None)
    if caught is None:
        return Fate(mutant.name, "", "", len(told))
    return Fate(mutant.name, caught["invariant"], caught["text"], len(told), caught["seed"])
