"""Mutants: deliberate patches of product code, each of which some invariant has to catch.

A mutant replaces one text in one file, which must be there exactly once. The storm then runs over seeds in a process
that imports it (`mutated`), until something is caught. Many share what they would all load (`nursery`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.storm.mutated import ALSO, ROOT, Patch, patched_text

_TIMEOUT_S = 900.0


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

    @property
    def words(self) -> list[str]:
        """As `mutated` is told of it."""
        return [self.path, self.old, self.new, *(word for patch in self.also for word in (ALSO, *patch))]

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
    done = _run(
        environment, "tests.chaos.storm.mutated", *mutant.words,
        "--json", "--until-caught", *map(str, seeds), "--profile", profile or mutant.profile,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return _fate(mutant, done.returncode, told, done.stderr)


def fates(mutants: Sequence[Mutant], seeds: int, processes: int, environment: dict[str, str]) -> list[Fate]:
    """Of all of them (`nursery`), each over that many seeds from its own on, until one is caught. Raises Stale."""
    for mutant in mutants:
        mutant.text()
    asked = json.dumps([[one.words, one.profile, one.seed] for one in mutants])
    done = _run(environment, "tests.chaos.storm.nursery", str(seeds), str(processes), asked=asked)
    if done.returncode != 0:
        raise RuntimeError(f"the nursery of mutants failed\n{done.stderr[-2_000:]}")
    ended = {one["mutant"]: one for one in map(json.loads, done.stdout.splitlines())}
    return [_fate(one, ended[at]["code"], ended[at]["told"], done.stderr) for at, one in enumerate(mutants)]


def _run(environment: dict[str, str], *module: str, asked: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *module]
    return subprocess.run(
        command, env=environment, cwd=ROOT, input=asked, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )


def _fate(mutant: Mutant, code: int, told: Sequence[dict[str, Any]], errors: str) -> Fate:
    if code not in (0, 1) or not told:
        raise RuntimeError(f"{mutant.name}: the storm itself failed\n{errors[-2_000:]}")
    caught = next((one for one in told if one["invariant"]), None)
    if caught is None:
        return Fate(mutant.name, "", "", len(told))
    return Fate(mutant.name, caught["invariant"], caught["text"], len(told), caught["seed"])
