"""The storm as a whole, around a stand-in for the desk."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.chaos.storm.coverage import Coverage, edge_name, reachable
from tests.chaos.storm.drawing import CALM, HEAVY, NORMAL, draw_plan
from tests.chaos.storm.faults import Fault, FaultPlan, Kind
from tests.chaos.storm.invariants.watching import SAFETY, Violation
from tests.chaos.storm.mutant_list import MUTANTS
from tests.chaos.storm.mutants import SELF_TEST, Mutant, fate
from tests.chaos.storm.mutated import ROOT, Stale
from tests.chaos.storm.setting import Setting
from tests.chaos.storm.stand_in_plug import StandInPlug
from tests.chaos.storm.storm import Storm, Verdict
from tests.chaos.storm.timeline import lines

from karat.oms.records import Alarm, EventKind, Status

SHORT = replace(Setting(), lasts_ms=180_000, drain_ms=100_000)
STAND_IN = "tests.chaos.storm.stand_in_plug:StandInPlug"


def storm(*faults: Fault, seed: int = 1, careless: bool = False) -> Storm:
    return Storm(StandInPlug(careless=careless), SHORT, FaultPlan(seed, faults))


def run(seed: int, profile) -> Verdict:
    plan = draw_plan(seed, profile, SHORT.lasts_ms, SHORT.markets, SHORT.traits.arrival_ms_max)
    return Storm(StandInPlug(), SHORT, plan).run()


def test_in_calm_weather_everything_holds_and_something_happens() -> None:
    verdict = run(1, CALM)
    assert verdict.violation is None, verdict.violation
    assert verdict.trades >= 4 and verdict.lives == 1


def test_the_same_seed_gives_the_same_log_and_another_another() -> None:
    first, again, other = (run(seed, NORMAL) for seed in (3, 3, 4))
    assert (first.log_hash, first.steps, first.counts) == (again.log_hash, again.steps, again.counts)
    assert first.log_hash != other.log_hash


def test_another_hash_seed_gives_the_same_log() -> None:
    """E4, across processes."""
    program = "from tests.chaos.storm import test_storm as t; print(t.run(4, t.NORMAL).log_hash)"
    environment = {"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(one for one in sys.path if one)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == run(4, NORMAL).log_hash


def test_an_actor_that_sends_before_it_writes_is_caught_with_a_line_to_replay() -> None:
    found = storm(careless=True).run().violation
    assert found is not None
    assert (found.invariant, found.replay) == ("S1", "python -m tests.chaos.storm 1")
    assert found.t_ms > 0 and found.step > 0


@pytest.mark.parametrize("variant", ["step", "before_write", "after_write", "before_post", "after_post"])
def test_a_process_that_dies_anywhere_comes_back_and_everything_holds(variant: str) -> None:
    crash = Fault(Kind.CRASH, 62_000, 60_000, "", variant, {"count": 1, "steps": 7, "down_ms": 3_000})
    verdict = storm(crash).run()
    assert verdict.violation is None, verdict.violation
    assert verdict.lives == 2
    assert verdict.counts[f"fault F16 {variant}"] == 1


def test_hard_weather_ends_in_verdicts_not_in_errors_of_the_storm() -> None:
    verdicts = [run(seed, HEAVY) for seed in range(6)]
    assert any(verdict.lives > 1 for verdict in verdicts)
    assert all(verdict.violation is None or isinstance(verdict.violation, Violation) for verdict in verdicts)
    met = {name for verdict in verdicts for name in verdict.counts if name.startswith("fault")}
    assert len(met) > 20


def test_a_plan_without_its_faults_is_the_calm_storm() -> None:
    assert storm(seed=9).run().log_hash == run(9, CALM).log_hash


def test_every_safety_invariant_has_a_check() -> None:
    """S12 is `Log`, S18 compares two runs, S19 and S20 are in the list; what is broken names itself in its text."""
    told = " ".join(check.__doc__ or "" for check in SAFETY)
    missing = [f"S{number}" for number in range(1, 21) if f"S{number}:" not in told]
    assert missing == ["S12", "S18"]


def test_the_timeline_tells_what_left_and_what_came() -> None:
    one = storm()
    one.run()
    told = "\n".join(lines(one.tape))
    assert "->  SUBMIT k0000700010000000" in told and "<-  FILL" in told and "Quoted" not in told
    assert len(list(lines(one.tape, 5))) <= 5


def test_coverage_counts_edges_alarms_and_faults_and_names_what_was_never_met() -> None:
    coverage = Coverage(run(2, NORMAL).counts)
    assert coverage.counts[edge_name(Status.INTENDED, EventKind.SEND)] > 0
    missing = set(coverage.missing({}))
    assert f"alarm {Alarm.ID_REUSED.value}" in missing
    assert edge_name(Status.INTENDED, EventKind.SEND) not in missing
    assert {name.split()[0] for name in reachable()} == {
        "edge", "fault", "refused", "filtered", "breaker", "switch", "alarm",
    }  # fmt: skip
    excused = dict.fromkeys(missing, "not here")
    assert Coverage(coverage.counts).missing(excused) == ()
    wrong = {edge_name(Status.INTENDED, EventKind.SEND): "never"}
    assert f"not unreachable after all: {edge_name(Status.INTENDED, EventKind.SEND)}" in coverage.missing(wrong)


@pytest.mark.parametrize("mutant", [SELF_TEST, *MUTANTS], ids=lambda mutant: mutant.name)
def test_a_mutant_is_one_patch(mutant: Mutant) -> None:
    assert mutant.text() != (ROOT / "src" / mutant.path).read_text("utf-8")
    with pytest.raises(Stale):
        replace(mutant, old="no such text").text()


def test_a_mutant_is_caught_by_what_it_breaks() -> None:
    environment = {**os.environ, "PYTHONPATH": ":".join(one for one in sys.path if one), "KARAT_STORM_PLUG": STAND_IN}
    found = fate(SELF_TEST, range(1, 4), environment, "calm")
    assert found.is_as_expected(SELF_TEST), found
