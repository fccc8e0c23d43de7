"""Dearer fills, later fills, more capital, and the trades, months and regimes that a profit hangs on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.research.small_markets import free_policy
from tests.unit.robustness.variants import every_other_bar, saying, wandering, written

from karat.core.errors import InputError
from karat.core.model.instrument import Kind
from karat.core.model.policy import COSTS, CostLevel, LevelMode, Policy, SizeMode
from karat.core.model.signals import signals
from karat.research.robustness import (
    Trials,
    capacity,
    cost_stress,
    delays,
    dependence,
    json_of,
    robustness,
    variant_of,
)  # fmt: skip
from karat.research.robustness.dependence import NO_PROFIT, NO_REGIMES
from karat.research.robustness.stress import NO_VOLUME, NOTHING_TO_LOSE
from karat.stats import Undefined
from karat.stats.figure import NO_TRADES
from karat.strategies import resolve

BARS = 120
TRADED = [100.0, 110.0, 110.0, 99.0, 99.0]  # +10% and -10%, entered at bars 0 and 2


def two_trades(policy: Policy | None = None, **changes):
    bar = np.arange(5)
    said = signals(5, long=(bar == 0) | (bar == 2), exit_long=(bar == 1) | (bar == 3))
    return written(TRADED, said, policy, **changes)


def test_twice_the_costs_are_twice_the_costs():
    """A fee of 0.1% a fill becomes 0.2%, and half a spread of 0.05% becomes 0.1%: fixed sizes pay exactly twice."""
    policy = free_policy(
        size_mode=SizeMode.NOTIONAL, size_value=1_000.0, half_spread=0.0005, taker_fee=0.001, maker_fee=-0.0001
    )
    variant = written(wandering(BARS), every_other_bar(BARS), policy)
    free = variant.with_policy(replace(policy, half_spread=0.0, taker_fee=0.0)).metrics["total_return"]
    once, twice = variant.run.metrics["total_return"], cost_stress(variant).outcome.total_return
    assert free - twice == pytest.approx(2.0 * (free - once), rel=0.01)
    assert cost_stress(variant, times=1.0).outcome.total_return == once


def test_a_rebate_is_not_made_larger():
    """Takes are filled as maker, for a rebate; everything else is free. Twice the costs are the same nothing."""
    rebate = {"maker_fee": -0.001, "taker_fee": 0.0, "take_mode": LevelMode.FRACTION, "take_value": 0.005}
    policy = free_policy(size_value=0.5, take_fraction=1.0, **rebate)
    variant = written(wandering(BARS), every_other_bar(BARS), policy)
    assert cost_stress(variant).outcome.total_return == variant.run.metrics["total_return"]
    assert (
        variant.with_policy(replace(policy, maker_fee=-0.002)).metrics["total_return"]
        > (variant.run.metrics["total_return"])
    )


def test_an_edge_of_one_bar_is_a_timing_artefact():
    """Every second bar rises 1%, the next falls as much. In step all is won; a bar later all is lost."""
    bar = np.arange(BARS)
    close = np.where(bar % 2 == 1, 101.0, 100.0) * (1.0 + 1e-3 * np.sin(bar))
    variant = written(close, every_other_bar(BARS))
    one, two = delays(variant)
    assert variant.run.metrics["sharpe"] > 0.0 > one.outcome.sharpe
    assert one.is_artefact is True and one.sharpe_fall > 1.0
    assert two.bars == 2


def test_an_edge_that_lasts_is_none():
    close = 100.0 * 1.002 ** np.arange(BARS) * (1.0 + 0.001 * np.sin(np.arange(BARS)))
    one, _two = delays(written(close, signals(BARS, long=np.arange(BARS) == 0)))
    assert one.is_artefact is False
    assert one.sharpe_fall == pytest.approx(0.0, abs=0.05)


def test_where_there_is_no_sharpe_there_is_none_to_lose():
    falling = 100.0 * 0.99 ** np.arange(BARS) * (1.0 + 0.001 * np.sin(np.arange(BARS)))
    one, _two = delays(written(falling, signals(BARS, long=np.arange(BARS) == 0)))
    assert one.sharpe_fall == one.is_artefact == NOTHING_TO_LOSE


def test_capacity_by_hand():
    """Bars trade 1,000 A at 100, so 100,000 B; an order is half of equity: 1% of a bar is half of 2,000."""
    close = np.full(BARS, 100.0)
    variant = written(close, every_other_bar(BARS), free_policy(size_value=0.5), volume=np.full(BARS, 1_000.0))
    found = capacity(variant)
    assert found.bar_notional == pytest.approx(100_000.0)
    assert found.order_share == pytest.approx(0.5)
    assert found.capital_max == pytest.approx(2_000.0)


def test_capacity_goes_by_thin_bars_and_by_the_whole_order_of_a_reversal():
    bar = np.arange(BARS)
    volume = np.where(bar % 10 == 0, 10.0, 1_000.0)  # a tenth of the bars is thin
    said = signals(BARS, long=bar % 4 == 0, short=bar % 4 == 2)
    found = capacity(written(np.full(BARS, 100.0), said, free_policy(size_value=0.5), volume=volume))
    assert found.bar_notional == pytest.approx(1_000.0)
    assert found.order_share == pytest.approx(1.0)  # out of a half and into another
    assert found.capital_max == pytest.approx(10.0)


def test_a_fixed_size_is_measured_by_the_capital_and_an_inverse_one_in_coins():
    fixed = free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0)
    volume = np.full(5, 1_000.0)
    assert capacity(two_trades(fixed, volume=volume)).order_share == pytest.approx(0.11, rel=0.01)
    inverse = capacity(two_trades(free_policy(size_value=0.5), kind=Kind.INVERSE, settle="A", volume=volume, lot=1.0))
    # Half of the coins in at 110 are 0.5 * 110 / 99 of them out at 99, and the loss has left fewer coins.
    assert inverse.order_share == pytest.approx((0.5 * 110 / 99) / (1.5 - 0.5 * 110 / 99), rel=0.001)
    assert inverse.bar_notional == pytest.approx(1_000.0)


def test_a_market_without_volume_has_no_capacity_to_tell():
    silent = capacity(two_trades(volume=np.zeros(5)))
    assert silent.capital_max == NO_VOLUME
    half = capacity(two_trades(volume=np.array([0.0, 0.0, 0.0, 5.0, 5.0])))
    assert half.capital_max == 0.0


def test_even_trades_do_not_look_concentrated_because_they_are_many():
    """Of 40 trades 30 win 1 each and 10 lose 1.5: the best two bring two of thirty, though two fifths of the net."""
    gains = np.array([0.01, 0.01, 0.01, -0.015] * 10)
    close = np.empty(2 * len(gains))
    close[0::2], close[1::2] = 100.0, 100.0 * (1.0 + gains)
    policy = free_policy(size_mode=SizeMode.NOTIONAL, size_value=100.0, capital=1_000.0)
    close = np.append(close, 100.0)
    found = dependence(written(close, every_other_bar(len(close)), policy))
    assert found.trades_counted == 2
    assert found.best_trades == pytest.approx(2.0 / 30.0)


def test_a_profit_of_one_trade_in_twenty_one():
    """The best two of 21 trades (5%, rounded up) win 10 and 3, the others lose 0.1 each of a fixed 100."""
    gains = np.array([0.1] + [0.03] + [-0.001] * 19)
    close = np.empty(2 * len(gains))
    close[0::2], close[1::2] = 100.0, 100.0 * (1.0 + gains)
    policy = free_policy(size_mode=SizeMode.NOTIONAL, size_value=100.0, capital=1_000.0)
    close = np.append(close, 100.0)
    found = dependence(written(close, every_other_bar(len(close)), policy))
    assert found.trades_counted == 2
    assert found.best_trades == pytest.approx(1.0)  # nobody else won anything
    assert found.return_without == pytest.approx(-1.9 / 1_000.0)


def test_the_best_month_and_the_best_regime():
    """31 days of January rise by 1 each, 29 of February by 3: of 30 + 87, with a fixed unit held from the first."""
    close = np.concatenate((100.0 + np.arange(31), 130.0 + 3.0 * np.arange(1, 30)))
    policy = free_policy(size_mode=SizeMode.NOTIONAL, size_value=100.0)
    variant = written(close, signals(60, long=np.arange(60) == 0), policy)
    codes = np.where(np.arange(60) < 31, 0, np.where(np.arange(60) < 50, 1, -1))
    found = dependence(variant, codes)
    assert (found.month, found.best_month) == ("2024-02", pytest.approx(87.0 / 117.0))
    assert [(one.regime, one.bars, pytest.approx(one.gain)) for one in found.regimes] == [
        (-1, 10, 30.0), (0, 31, 30.0), (1, 19, 57.0),
    ]  # fmt: skip
    assert found.best_regime == pytest.approx(57.0 / 117.0)
    assert found.best_trades == NO_TRADES  # the only one is still open
    assert dependence(variant).best_regime == NO_REGIMES


def test_a_loss_depends_on_nothing():
    found = dependence(two_trades())
    assert found.best_trades == found.best_month == NO_PROFIT
    assert found.month is None


def test_a_range_that_reaches_into_the_vault_is_refused_unless_it_is_meant():
    data = two_trades().data
    opened = replace(data, entry=replace(data.entry, vault_start_ts=int(data.candles.ts[-1])))
    strategy = saying(every_other_bar(5))
    with pytest.raises(InputError) as refused:
        variant_of(opened, strategy, resolve(strategy), Policy())
    assert refused.value.code == "vault_closed"
    assert len(variant_of(opened, strategy, resolve(strategy), Policy(), reads_vault=True).run.equity) == 5


def test_verdicts_are_at_pessimistic_costs_unless_told():
    data, strategy = two_trades().data, saying(every_other_bar(5))
    assert (
        variant_of(data, strategy, resolve(strategy), Policy()).policy.half_spread
        == COSTS[CostLevel.PESSIMISTIC].half_spread
    )


def test_everything_at_once_is_json_and_the_same_for_the_same_seed():
    few = Trials(paths=50, runs=5, random_runs=5)
    variant = written(wandering(BARS, drift=0.002), every_other_bar(BARS))
    once, again = (json_of(robustness(variant, few)) for _ in range(2))
    assert json.dumps(once, allow_nan=False) == json.dumps(again, allow_nan=False)
    assert once["trials"]["paths"] == once["year"]["paths"] == 50
    assert once["record"]["horizon_days"] == once["record"]["record_days"] == BARS
    assert len(once["missed"]["equity"]["values"][0]) == 7
    quiet = json_of(robustness(written(wandering(BARS), signals(BARS)), few))
    assert quiet["random"] == {"undefined": NO_TRADES.reason}
    assert isinstance(cost_stress(written(wandering(BARS), signals(BARS))).dies_at_bp, Undefined)
