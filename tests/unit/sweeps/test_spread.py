"""What workers are told, what they refuse, and how a sweep is cut into chunks."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.research.small_markets import market_data

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.sweeps.batches import POLICIES_A_BATCH, Plan, plan_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.spread import CHUNK_MAX, Chunk, Goal, Shared, prepare, rows_a_chunk
from karat.research.sweeps.sweep import sweep
from karat.strategies import find_strategy

RULES = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03)
GRID = SweepGrid({"fast_period": (5, 8), "slow_period": (40,)}, {"stop_value": (0.01, 0.02, 0.03)})
GOAL = Goal("consistency", 0)


@pytest.fixture(scope="module")
def plan() -> Plan:
    data = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 900))
    return plan_of(data, find_strategy("ema_crossover"), GRID, RULES)


def test_a_chunk_is_rows_of_the_sweep(plan: Plan) -> None:
    run = prepare(pickle.loads(pickle.dumps(Shared.of(plan, GOAL), protocol=5)))
    whole = sweep(plan.data, plan.strategy, GRID, RULES, objective=GOAL.objective)
    for variants in ([1, 2, 3], [0, 4, 5]):
        found = run(pickle.loads(pickle.dumps(Chunk.of(np.array(variants)))))
        np.testing.assert_array_equal(found.figures, whole.figures[variants])
        few = [row for row, variant in enumerate(variants) if variant not in whole.refined]
        np.testing.assert_array_equal(found.scores[few], whole.scores[variants][few])
    many = run(Chunk.of(whole.refined, many=True))
    np.testing.assert_array_equal(many.scores, whole.scores[whole.refined])


@pytest.mark.parametrize("name", ["strategy", "karat", "numpy", "numba", "llvmlite"])
def test_a_worker_with_other_code_refuses(plan: Plan, name: str) -> None:
    shared = Shared.of(plan, GOAL)
    with pytest.raises(InputError, match=f"another version of {name}") as raised:
        prepare(replace(shared, code={**shared.code, name: "another"}))
    assert raised.value.code == "worker_differs"


def test_a_worker_without_the_strategy_refuses(plan: Plan) -> None:
    with pytest.raises(InputError, match="cannot load the strategy only_there") as raised:
        prepare(replace(Shared.of(plan, GOAL), strategy="only_there"))
    assert raised.value.code == "worker_differs"


def test_variants_without_a_gap_are_sent_as_a_range() -> None:
    assert Chunk.of(np.arange(5, 9)).variants == range(5, 9)
    np.testing.assert_array_equal(Chunk.of(np.array([5, 7])).variants, [5, 7])


@given(rows=st.integers(1, 10**8), slots=st.integers(1, 1_000))
def test_chunks_are_whole_batches_and_each_slot_has_some(rows: int, slots: int) -> None:
    size = rows_a_chunk(rows, slots)
    assert size % POLICIES_A_BATCH == 0 and POLICIES_A_BATCH <= size <= CHUNK_MAX
    assert size == POLICIES_A_BATCH or rows / size > slots * 4
