"""A sweep row, dense or stepping over quiet spans, says the same as the full record of the same world."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.simulation.compiled import inputs_of
from tests.simulation.world import World
from tests.simulation.worlds import simple_worlds, worlds

from karat.kernel.columns import policy_row
from karat.kernel.engine import advance, run
from karat.kernel.features import features_of, tier_of
from karat.kernel.loop import closing_day
from karat.kernel.state import fresh_state
from karat.kernel.sweep import FIGURES, sweep_rows

NORMAL = settings(max_examples=250, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))


def close_to(ours: float, theirs: float) -> bool:
    return (math.isnan(ours) and math.isnan(theirs)) or math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)


def check(world: World, *, sparse: bool) -> None:
    full = run(inputs_of(world))
    inputs = inputs_of(world, tier=lambda *said: tier_of(features_of(*said), sparse=sparse))
    state = advance(inputs, fresh_state(inputs.rules), len(world.bars), None)
    assert state.money.closed_trades == full.state.money.closed_trades
    assert state.holding == pytest.approx(full.state.holding, nan_ok=True, rel=0, abs=0)
    for ours, theirs in zip(closing_day(state.marks), closing_day(full.state.marks), strict=True):
        assert close_to(ours, theirs)
    assert close_to(state.marks.max_drawdown, full.state.marks.max_drawdown)
    assert state.marks.equity == full.state.marks.equity, "the same trades give the same money, to the bit"
    _check_row(world, inputs, state)


def _check_row(world: World, inputs, state) -> None:
    row = policy_row(world.policy, world.instrument, targets=world.target is not None)
    out = np.zeros((1, len(FIGURES)))
    sweep_rows(
        row[None, :], inputs.features, inputs.bars, inputs.spans, inputs.detail, inputs.signal, np.zeros(1),
        np.zeros(1, np.int64), 365.0, out,
    )  # fmt: skip
    assert out[0, 0] == state.marks.equity / world.policy.capital - 1
    assert out[0, 1] == state.marks.max_drawdown
    assert out[0, 3] == state.money.closed_trades


@NORMAL
@given(world=simple_worlds())
def test_simple_worlds_in_one_step_a_bar(world: World):
    check(world, sparse=False)


@NORMAL
@given(world=simple_worlds())
def test_simple_worlds_stepping_over_quiet_spans(world: World):
    check(world, sparse=True)


@NORMAL
@given(world=worlds())
def test_worlds_with_every_feature_stepping_over_quiet_spans(world: World):
    check(world, sparse=True)
