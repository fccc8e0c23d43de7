"""What is read of a run that is made hundreds of times is what the plain run says, to the last digit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.research.small_markets import candles, free_policy, market_data
from tests.unit.robustness.variants import every_other_bar, wandering, written

from karat.core.model.instrument import Kind
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.signals import signals
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.levels import LevelRun, run_level
from karat.research.robustness import Variant, again, variant_of
from karat.research.robustness.again import Again, in_turn
from karat.research.robustness.noise import noisy_candles
from karat.research.robustness.random_entries import put_off
from karat.research.robustness.variant import outcome_of
from karat.stats import Undefined, daily_marks
from karat.strategies import evaluate, find_strategy, resolve

LEVELS = Policy(stop_mode=LevelMode.ATR, stop_value=2.0, take_mode=LevelMode.FRACTION, take_value=0.02)


def real(policy: Policy = LEVELS, **changes: object) -> Variant:
    """Crossings on a simulated market of 1,500 hours, long and short."""
    strategy = find_strategy("ema_crossover")
    data = market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_500), **changes)
    return variant_of(data, strategy, resolve(strategy), policy)


def assert_the_same(quick: Again, plain: LevelRun, variant: Variant) -> None:
    sessions = variant.keys is not None
    marks = daily_marks(plain.close_ts, plain.equity, plain.policy.capital, sessions=sessions,
                        session_keys=variant.keys)[1]  # fmt: skip
    assert quick.outcome == outcome_of(plain)
    assert quick.sharpe == plain.metrics["sharpe"]
    assert (quick.daily_equity == marks[1:] / plain.policy.capital).all()
    assert quick.entered == len(plain.trades) + (plain.open_position is not None)


@pytest.mark.parametrize("kind", [Kind.LINEAR, Kind.EQUITY, Kind.INVERSE])
def test_other_signals(kind: Kind):
    variant = real(kind=kind)
    for bars in (0, 1, 300, 777):
        later = put_off(variant, 60, bars)
        plain = variant.with_signals(later)
        assert len(plain.trades) > 10
        assert_the_same(again.with_signals(variant, later), plain, variant)


def test_other_costs():
    variant = real()
    for changes in ({"half_spread": 0.002}, {"slippage_atr": 0.3, "taker_fee": 0.001}, {"latency": 3}):
        policy = replace(variant.policy, **changes)
        plain = variant.with_policy(policy)
        assert plain.metrics["total_return"] != variant.run.metrics["total_return"]
        assert_the_same(again.with_policy(variant, policy), plain, variant)


def test_other_prices():
    variant = real()
    noisy = noisy_candles(variant.data.candles, 0.01, seed=1, path=0, share=0.3)
    said = evaluate(variant.strategy, type(variant.data.market)(noisy), variant.values)
    plain = run_level("own", noisy, said, variant.policy, variant.data.instrument)
    assert_the_same(again.on_candles(variant, noisy, said), plain, variant)


def test_no_trade_one_that_is_still_open_and_one_that_ruins():
    close = wandering(60)
    variant = written(close, every_other_bar(60))
    bar = np.arange(60)
    for said in (signals(60), signals(60, long=bar == 50)):
        assert_the_same(again.with_signals(variant, said), variant.with_signals(said), variant)
    assert isinstance(again.with_signals(variant, signals(60)).sharpe, Undefined)
    falling = candles(100.0 * 0.9 ** np.arange(60), step=DAY_MS)
    ruined = written(falling.close, signals(60, long=bar == 0), free_policy(size_value=0.9))
    assert ruined.run.metrics["total_return"] < -0.5
    assert_the_same(again.with_signals(ruined, ruined.signals), ruined.run, ruined)


def test_runs_come_back_in_their_order_whatever_the_threads():
    assert in_turn(100, lambda path: path * path) == [path * path for path in range(100)]
    assert in_turn(0, lambda path: path) == []
