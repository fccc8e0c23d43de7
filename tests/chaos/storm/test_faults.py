"""Plans of faults: the same for a seed everywhere, written and read, made smaller, and met as often as they say."""

from __future__ import annotations

import subprocess
import sys
import zlib

from tests.chaos.storm.drawing import CALM, HEAVY, LIGHT, NORMAL, draw_plan
from tests.chaos.storm.faults import DRAWN, NOT_DRAWN, VARIANTS, Fault, FaultPlan, Kind, Running, shrunk

from karat.core.ids import MarketId

MARKETS = (MarketId("storm:AAA"), MarketId("storm:BBB"))
LASTS_MS = 600_000


def plan(seed: int, profile=NORMAL) -> FaultPlan:
    return draw_plan(seed, profile, LASTS_MS, MARKETS, 5_000)


def test_a_plan_survives_being_written_and_read() -> None:
    for seed in range(20):
        assert FaultPlan.from_json(plan(seed, HEAVY).to_json()) == plan(seed, HEAVY)


def test_another_hash_seed_draws_the_same_plan() -> None:
    program = (
        "from tests.chaos.storm.test_faults import plan; import zlib; print(zlib.crc32(plan(5).to_json().encode()))"
    )
    environment = {"PYTHONHASHSEED": "4711", "PYTHONPATH": ":".join(path for path in sys.path if path)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert int(told.stdout) == zlib.crc32(plan(5).to_json().encode())


def test_profiles_are_harder_one_after_the_other_and_leave_the_end_quiet() -> None:
    counts = [sum(len(plan(seed, profile).faults) for seed in range(30)) for profile in (CALM, LIGHT, NORMAL, HEAVY)]
    assert counts == sorted(counts) and counts[0] == 0
    assert all(plan(seed, HEAVY).quiet_from_ms <= LASTS_MS * 3 // 4 for seed in range(30))


def test_many_seeds_draw_every_kind_and_every_variant() -> None:
    drawn = {(fault.kind, fault.variant) for seed in range(150) for fault in plan(seed, HEAVY).faults}
    assert drawn == {(kind, variant) for kind in DRAWN for variant in VARIANTS.get(kind, ("",))}
    assert not NOT_DRAWN.keys() & {kind for kind, _ in drawn}
    assert all(NOT_DRAWN.values())


def test_shrinking_leaves_the_two_faults_that_it_takes() -> None:
    whole = plan(3, HEAVY)
    guilty = [whole.faults[2], whole.faults[-1]]
    found = shrunk(whole, lambda one: all(fault in one.faults for fault in guilty))
    assert list(found.faults) == guilty


def test_shrinking_what_fails_without_any_fault_leaves_none() -> None:
    assert shrunk(plan(3, HEAVY), lambda _: True).faults == ()


def test_a_fault_is_met_in_its_time_at_its_place_as_often_as_it_counts() -> None:
    fault = Fault(Kind.ACK_LOST, 1_000, 500, "storm:AAA", parameters={"count": 2})
    running = Running(FaultPlan(1, (fault,)))
    assert running.meet(Kind.ACK_LOST, 999, "storm:AAA") is None
    assert running.meet(Kind.ACK_LOST, 1_000, "storm:BBB") is None
    assert running.meet(Kind.REQUEST_LOST, 1_000, "storm:AAA") is None
    assert [running.meet(Kind.ACK_LOST, 1_100, "storm:AAA") is fault for _ in range(3)] == [True, True, False]
    assert running.meet(Kind.ACK_LOST, 1_500, "storm:AAA") is None
    assert running.met == {"F2": 2}
