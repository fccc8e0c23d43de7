"""Whatever the world: orders at the paper venue end where the backtest ends, also when the desk dies within bars."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.simulation.world import World
from tests.simulation.worlds import worlds
from tests.unit.paper.test_same_bits import difference, moments_of_death

SOME = settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))


@SOME
@given(world=worlds(), deaths=st.one_of(st.just(None), st.integers(0, 2**16)))
def test_orders_equal_the_backtest(world: World, deaths: int | None) -> None:
    told = difference(world, None if deaths is None else moments_of_death(deaths))
    assert told is None, told
