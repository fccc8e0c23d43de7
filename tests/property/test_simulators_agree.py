"""The compiled kernel and the slow simulator in Decimal, written apart from one page, say the same of random worlds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from tests.simulation.compiled import simulate as simulate_compiled
from tests.simulation.decimal_comparison import first_difference
from tests.simulation.decimal_examples import FLAT, FREE, world
from tests.simulation.decimal_simulator import simulate_with_doubts
from tests.simulation.world import Bar, World
from tests.simulation.worlds import seeded_world, simple_worlds, worlds

from karat.core.model.policy import LevelMode
from karat.core.model.reasons import OF_RUNNING_BOTS, Reason, Refusal
from karat.core.time import HOUR_MS

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


def gap_take_on_a_finer_bar_that_also_meets_its_stop() -> World:
    half = HOUR_MS // 2
    policy = replace(FREE, stop_mode=LevelMode.FRACTION, stop_value=0.05, take_mode=LevelMode.FRACTION, take_value=0.05)
    finer = [
        Bar(0, *FLAT, 1.0),
        Bar(half, *FLAT, 1.0),
        Bar(HOUR_MS, *FLAT, 1.0),
        Bar(HOUR_MS + half, 107, 107, 94, 96, 1.0),
    ]
    bars = [FLAT, (100, 107, 94, 96)]
    return world(bars, policy, entry=[1, 0], detail=finer, detail_timeframe_ms=half)


def daily_loss_exactly_at_its_limit() -> World:
    policy = replace(FREE, size_value=1000.0, daily_loss_limit=0.1, time_exit=1)
    return world([FLAT, (100, 100, 90, 90), (90, 90, 90, 90), FLAT], policy, entry=[1, 1, 1, 1])


def trade_that_ends_at_nothing_between_two_losses() -> World:
    policy = replace(FREE, time_exit=1, loss_streak_limit=2)
    falls, level = (100, 100, 90, 90), (90, 90, 90, 90)
    return world([FLAT, falls, level, level, level, falls, level], policy, entry=[1, 0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize(
    "rare",
    [
        gap_take_on_a_finer_bar_that_also_meets_its_stop,
        daily_loss_exactly_at_its_limit,
        trade_that_ends_at_nothing_between_two_losses,
    ],
)
def test_worlds_that_chance_hardly_finds_agree(rare: Callable[[], World]):
    told = difference(rare())
    assert told is None, told


@pytest.mark.storm
def test_a_storm_of_worlds_agrees():
    """A long run, only where it is asked for: `-m storm`, with KARAT_STORM_SEED for other worlds."""
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
    assert refusals == set(Refusal) - OF_RUNNING_BOTS
    assert doubtful <= SEEDS // 500
