"""Where the edge dies, on markets whose edge is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.research.small_markets import candles, free_policy, instrument

from karat.core.model.candles import Floats
from karat.core.model.policy import CostLevel, Policy, SizeMode
from karat.core.model.signals import Signals, signals
from karat.core.time import DAY_MS
from karat.research.edge import ABOVE_CEILING, NO_EDGE, PRECISION_BP, edge_dies_at_bp, sharpe_at
from karat.research.levels import LevelRun, run_level
from karat.stats import Undefined, is_defined
from karat.stats.figure import NO_TRADES

DAYS = 200


def rising_every_other_day(gain: float) -> tuple[Floats, Signals]:
    """Every second day the price rises by about `gain` and falls back the day after; the signals know it."""
    day = np.arange(DAYS)
    wobble = 1.0 + 0.1 * gain * np.sin(day)
    close = np.where(day % 2 == 0, 100.0, 100.0 * (1.0 + gain * wobble))
    return close, signals(DAYS, long=day % 2 == 0, exit_long=day % 2 == 1)


def run_of(close: Floats, given: Signals, policy: Policy | None = None) -> LevelRun:
    rules = policy or free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0)
    return run_level("own", candles(close, step=DAY_MS), given, rules, instrument())


def test_the_edge_dies_where_two_fills_cost_what_a_trade_earns() -> None:
    """A trade earns 1% and has two fills on 1 and 1.01 of notional: it breaks even at 100 bp / 2.01."""
    close, given = rising_every_other_day(0.01)
    run = run_of(close, given)
    edge = edge_dies_at_bp(run.inputs, run.close_ts)
    assert is_defined(edge)
    assert edge == pytest.approx(100.0 / 2.01, abs=1.0)
    below, above = (sharpe_at(run.inputs, run.close_ts, None, edge + bp) for bp in (-PRECISION_BP, PRECISION_BP))
    assert is_defined(below) and is_defined(above) and below > 0 > above


def test_costs_of_the_level_do_not_move_the_edge() -> None:
    close, given = rising_every_other_day(0.01)
    rules = free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0)
    edges = [
        edge_dies_at_bp(run.inputs, run.close_ts)
        for run in (run_of(close, given, rules.with_costs(level)) for level in (CostLevel.BASE, CostLevel.PESSIMISTIC))
    ]
    assert is_defined(edges[0]) and is_defined(edges[1])
    assert edges[0] == pytest.approx(edges[1], abs=1.0)


def test_without_a_trade_there_is_no_edge_to_die() -> None:
    run = run_of(np.full(DAYS, 100.0), signals(DAYS))
    assert edge_dies_at_bp(run.inputs, run.close_ts) is NO_TRADES


def test_a_losing_strategy_has_no_edge_even_at_zero_cost() -> None:
    close, given = rising_every_other_day(-0.01)
    run = run_of(close, given)
    assert edge_dies_at_bp(run.inputs, run.close_ts) is NO_EDGE


def test_an_edge_beyond_the_ceiling_is_said_to_be_so() -> None:
    close = 100.0 * 1.03 ** np.arange(DAYS) * (1.0 + 0.01 * np.sin(np.arange(DAYS)))
    run = run_of(close, signals(DAYS, long=np.arange(DAYS) == 0))
    assert edge_dies_at_bp(run.inputs, run.close_ts) is ABOVE_CEILING


def test_a_run_of_one_day_has_no_sharpe_to_reach_zero() -> None:
    run = run_of(np.array([100.0]), signals(1, long=np.array([True])))
    assert isinstance(edge_dies_at_bp(run.inputs, run.close_ts), Undefined)
