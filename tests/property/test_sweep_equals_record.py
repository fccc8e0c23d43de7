"""A sweep row, dense or stepping over quiet spans, says the same as the full record of the same world."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.simulation.compiled import inputs_of
from tests.simulation.decimal_examples import FLAT, FREE, world
from tests.simulation.world import World
from tests.simulation.worlds import simple_worlds, worlds

from karat.core.model.policy import LevelMode
from karat.core.model.reasons import Refusal
from karat.kernel.columns import policy_row
from karat.kernel.engine import advance, run
from karat.kernel.features import features_of, tier_of
from karat.kernel.loop import closing_day
from karat.kernel.state import fresh_state
from karat.kernel.sweep import FIGURES, daily_room, sweep_rows

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
    out, daily = np.zeros((1, len(FIGURES))), daily_room(1, inputs.bars)
    sweep_rows(
        row[None, :], inputs.features, inputs.bars, inputs.spans, inputs.detail, inputs.signal, np.zeros(1),
        np.zeros(1, np.int64), 365.0, daily, out,
    )  # fmt: skip
    assert out[0, 0] == state.marks.equity / world.policy.capital - 1
    assert out[0, 1] == state.marks.max_drawdown
    assert out[0, 3] == state.money.closed_trades
    days, total, _ = closing_day(state.marks)
    assert (daily[0, 0], daily[0, days]) == (world.policy.capital, state.marks.equity)
    if daily.min() > 0.0:
        assert close_to(float(np.sum(daily[0, 1:] / daily[0, :-1] - 1.0)), total)


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


def test_losses_in_a_row_end_at_midnight_also_where_a_span_steps_over_it():
    """A turn that loses fills the streak; the position it opened is stopped out a day later, as a span begins."""
    policy = replace(FREE, loss_streak_limit=1, stop_mode=LevelMode.FRACTION, stop_value=0.1)
    low, lost = (99.0, 99.0, 99.0, 99.0), (99.0, 120.0, 99.0, 100.0)
    bars = [FLAT] * 3 + [low] * 33 + [lost] + [FLAT] * 20
    entry = [0] * len(bars)
    entry[0], entry[3], entry[45] = 1, -1, 1
    made = world(bars, policy, entry=entry)
    for sparse in (False, True):
        check(made, sparse=sparse)
    assert run(inputs_of(made)).refusals[45] == Refusal.LOSS_STREAK
