"""The compiled kernel and the slow simulator in Decimal, written apart from one page, say the same of random worlds."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from tests.simulation.compiled import simulate as simulate_compiled
from tests.simulation.decimal_comparison import first_difference
from tests.simulation.decimal_simulator import simulate_with_doubts
from tests.simulation.world import World
from tests.simulation.worlds import seeded_world, simple_worlds, worlds

from karat.core.model.reasons import Reason, Refusal

NORMAL = settings(
    max_examples=300,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
SEEDS = 2_000  # worlds from seeds in the normal run
STORM_SEEDS = 200_000
STORM_FIRST = int(os.environ.get("KARAT_STORM_SEED", "1000000"))


@pytest.fixture
def storm(request: pytest.FixtureRequest) -> None:
    """Long runs only where they are asked for: `-m storm`, with KARAT_STORM_SEED for other worlds."""
    if "storm" not in request.config.getoption("markexpr"):
        pytest.skip("not run: ask for it with -m storm")


def difference(world: World) -> str | None:
    """The first difference; None also where a world stands on a knife's edge."""
    slow, doubts = simulate_with_doubts(world)
    return None if doubts else first_difference(world, slow, simulate_compiled(world))


def agree_on_seeds(seeds: range) -> None:
    found = ((seed, difference(seeded_world(seed))) for seed in seeds)
    first = next(((seed, told) for seed, told in found if told is not None), None)
    assert first is None, f"seeded_world({first[0]}): {first[1]}"


@NORMAL
@given(world=simple_worlds())
def test_simple_worlds_agree(world: World):
    told = difference(world)
    assert told is None, told


@NORMAL
@given(world=worlds())
def test_worlds_with_every_feature_agree(world: World):
    told = difference(world)
    assert told is None, told


def test_worlds_from_seeds_agree():
    agree_on_seeds(range(SEEDS))


@pytest.mark.storm
def test_a_storm_of_worlds_agrees(storm: None):
    agree_on_seeds(range(STORM_FIRST, STORM_FIRST + STORM_SEEDS))


def test_random_worlds_reach_every_reason_and_every_refusal_and_are_hardly_ever_undecidable():
    reasons: set[int] = set()
    refusals: set[int] = set()
    doubtful = 0
    for seed in range(SEEDS):
        run, doubts = simulate_with_doubts(seeded_world(seed))
        doubtful += bool(doubts)
        reasons.update(fill.reason for fill in run.fills)
        refusals.update(run.refusals)
    assert reasons == set(Reason) - {Reason.KILL}  # a person kills, never a simulator
    assert refusals == set(Refusal)
    assert doubtful <= SEEDS // 500
