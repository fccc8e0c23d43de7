"""The compiled kernel and the slow simulator in Decimal, written apart from one page, say the same of random worlds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from tests.simulation.compiled import simulate as simulate_compiled
from tests.simulation.decimal_comparison import first_difference
from tests.simulation.decimal_simulator import simulate, simulate_with_doubts
from tests.simulation.world import World
from tests.simulation.worlds import simple_worlds, worlds

from karat.core.model.reasons import Reason, Refusal

NORMAL = settings(
    max_examples=300,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
STORM = settings(NORMAL, max_examples=20_000)


@pytest.fixture
def storm(request: pytest.FixtureRequest) -> None:
    """Long runs only where they are asked for: `-m storm`."""
    if "storm" not in request.config.getoption("markexpr"):
        pytest.skip("not run: ask for it with -m storm")


def check(world: World) -> None:
    slow, doubts = simulate_with_doubts(world)
    assume(not doubts)  # on a knife's edge a float may honestly fall on the other side
    event(f"fills: {min(len(slow.fills), 10)}")
    difference = first_difference(world, slow, simulate_compiled(world))
    assert difference is None, difference


@NORMAL
@given(world=simple_worlds())
def test_simple_worlds_agree(world: World):
    check(world)


@NORMAL
@given(world=worlds())
def test_worlds_with_every_feature_agree(world: World):
    check(world)


@pytest.mark.storm
@STORM
@given(world=worlds())
def test_a_storm_of_worlds_agrees(world: World, storm: None):
    check(world)


@pytest.mark.storm
def test_random_worlds_reach_every_reason_and_every_refusal(storm: None):
    reasons: set[int] = set()
    refusals: set[int] = set()

    @settings(NORMAL, max_examples=2_000)
    @given(world=worlds())
    def look(world: World) -> None:
        run = simulate(world)
        reasons.update(fill.reason for fill in run.fills)
        refusals.update(run.refusals)

    look()
    assert reasons == set(Reason) - {Reason.KILL}  # a person kills, never a simulator
    assert refusals == set(Refusal)
