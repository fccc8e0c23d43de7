"""The production desk in the storm: seeds, what once failed, and mutants that have to be caught."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from inspect import isclass, isfunction
from itertools import count
from pathlib import Path

import pytest
from tests.chaos.storm.coverage import Coverage
from tests.chaos.storm.desk import DeskPlug, DeskProcess
from tests.chaos.storm.drawing import NORMAL, draw_plan
from tests.chaos.storm.faults import FaultPlan, corpus
from tests.chaos.storm.mutant_list import MUTANTS
from tests.chaos.storm.mutants import fates
from tests.chaos.storm.seeding import judged, verdicts
from tests.chaos.storm.storm import Storm

from karat.bots.runner import Runner
from karat.journal.store import SqlJournal

CORES = 2
SEEDS_LEAST, SECONDS = 150, 190.0
LONG_SEEDS = 20_000
MUTANT_SEEDS = 12
ROOMS = ("karat.bots", "karat.oms", "karat.risk", "karat.journal")
CORPUS = corpus(Path(__file__).parent / "storm" / "corpus")


def broken(seeds, processes: int, coverage: Coverage | None = None) -> list[str]:
    found: list[str] = []
    for one in verdicts(seeds, processes):
        found += [] if one.violation is None else [str(one.violation)]
        if coverage is not None:
            coverage.add(one.counts)
    return found


def test_every_invariant_holds_in_as_many_storms_as_there_is_time_for(
    record_property: Callable[[str, object], None],
) -> None:
    begun, found, done = time.monotonic(), [], 0
    for first in count(1, SEEDS_LEAST):
        found += broken(range(first, first + SEEDS_LEAST), CORES)
        done += SEEDS_LEAST
        passed = time.monotonic() - begun
        if found or passed * (1 + SEEDS_LEAST / done) > SECONDS:
            break
    record_property("stated", f"{done} storms of 10 virtual minutes")
    assert not found, "\n".join(found)


@pytest.mark.storm
def test_every_invariant_holds_in_a_long_run_of_storms() -> None:
    """And in it everything happens that can: each edge, fault, refusal and alarm."""
    coverage = Coverage()
    found = broken(range(100_000, 100_000 + LONG_SEEDS), os.cpu_count() or 1, coverage)
    assert not found, "\n".join(found)
    assert coverage.missing() == ()


@pytest.mark.parametrize("plan", CORPUS, ids=lambda plan: f"seed {plan.seed}")
def test_what_once_failed_holds(plan: FaultPlan) -> None:
    assert judged(plan).violation is None


def test_every_mutant_is_caught_by_what_it_breaks() -> None:
    environment = {**os.environ, "PYTHONPATH": ":".join(one for one in sys.path if one)}
    found = fates(MUTANTS, MUTANT_SEEDS, CORES, environment)
    assert len(found) >= 12
    assert not [one for mutant, one in zip(MUTANTS, found, strict=True) if not one.is_as_expected(mutant)]


def test_the_storm_runs_what_production_runs() -> None:
    """Clock, loop, venue, feed and the database are the storm's; after a storm no room of the product holds anything
    of the tests."""
    plug = DeskPlug()
    setting = plug.setting(1)
    plan = draw_plan(1, NORMAL, setting.lasts_ms, setting.markets, setting.traits.arrival_ms_max)
    storm = Storm(plug, setting, plan)
    storm.run()
    assert type(storm.journal) is SqlJournal
    made = [one for one in vars(DeskProcess)["__init__"].__globals__.values() if one is Runner]
    assert made == [Runner]
    for name, module in sorted(sys.modules.items()):
        if name.startswith(ROOMS):
            assert "/src/karat/" in (module.__file__ or ""), name
            for one in vars(module).values():
                inside = vars(one).values() if isclass(one) else ()
                for thing in (one, *inside):
                    if isclass(thing) or isfunction(thing):
                        assert not thing.__module__.startswith("tests"), f"{name} holds {thing}"
