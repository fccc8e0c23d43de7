"""Many mutants from one process: `python -m tests.chaos.storm.nursery SEEDS PROCESSES` and mutants on standard input.

One storm runs first over the product as it is. Then each mutant is a forked child that forgets whatever may hold
product code that can be patched, and imports it anew with the mutant in it (`mutated`). What the children keep is what
takes long to get: third-party packages, and the floors below with what is compiled of them.

In: a JSON list of [words of `mutated`, profile, first seed]. Out, as each ends: {"mutant": its number, "code": exit
status, "told": verdicts of its seeds up to the one that is caught}.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from tests.chaos.storm import mutated, seeding

KEPT = ("karat.core", "karat.bars", "karat.kernel", "karat.stats", "karat.strategies")
SECONDS_MAX = 900
Grown = tuple[list[str], str, int]


def forget() -> None:
    """Whoever imports from now on gets new modules of the product, and of the storm over it."""
    for name in list(sys.modules):
        if name.startswith(("karat.", "tests.")) and not name.startswith(KEPT):
            del sys.modules[name]


def grow(mutant: Grown, seeds: int, told: Path) -> int:
    """Be the mutant: its verdicts go to the file `told`. Returns the exit status of the storm."""
    words, profile, first = mutant
    out = os.open(told, os.O_WRONLY)
    os.dup2(out, sys.stdout.fileno())
    signal.alarm(SECONDS_MAX)
    forget()
    chosen = [str(seed) for seed in range(first, first + seeds)]
    fresh = importlib.import_module(mutated.__name__)
    return fresh.main([*words, "--json", "--until-caught", *chosen, "--profile", profile])


def child(mutant: Grown, seeds: int, told: Path) -> int:
    """Fork one. Returns its process."""
    process = os.fork()
    if process == 0:
        code = 2
        try:
            code = grow(mutant, seeds, told)
        except Exception:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return process


def main(seeds: int, processes: int) -> None:
    mutants = json.load(sys.stdin)
    seeding.verdict(1)
    gc.collect()
    gc.freeze()  # or each child would copy what it only looks at
    running: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(mutants))]
        for number, mutant in enumerate(mutants):
            if len(running) == processes:
                end_one(running, files)
            files[number].touch()
            running[child(mutant, seeds, files[number])] = number
        while running:
            end_one(running, files)


def end_one(running: dict[int, int], files: list[Path]) -> None:
    """Wait for one, and tell what it told."""
    process, status = os.wait()
    number = running.pop(process)
    told = [json.loads(line) for line in files[number].read_text("utf-8").splitlines()]
    print(json.dumps({"mutant": number, "code": os.waitstatus_to_exitcode(status), "told": told}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
