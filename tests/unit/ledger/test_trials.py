"""What the ledger is told, and what it adds up to: nothing is counted twice, and nothing is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.research.small_markets import candles, market_data
from tests.unit.strategies.written import written

from karat.core.model.policy import LevelMode, Policy
from karat.research.backtest import MarketData, backtest
from karat.research.ledger.account import accounts
from karat.research.ledger.told import tried_by_backtest, tried_by_sweep
from karat.research.ledger.trials import TrialLedger
from karat.research.manifest import manifest
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import Sweep, sweep
from karat.stats.figure import Undefined
from karat.strategies import Strategy, find_strategy, resolve

BARS = 1_500
STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02)
GRID = SweepGrid({"fast_period": (5, 8, 60), "slow_period": (50,)}, {"stop_value": (0.01, 0.02, 0.04)})


@pytest.fixture(scope="module")
def data() -> MarketData:
    steps = np.random.default_rng(3).normal(0.0, 0.01, BARS)
    return market_data(candles(100.0 * np.exp(np.cumsum(steps))))


@pytest.fixture
def ledger(tmp_path: Path) -> TrialLedger:
    return TrialLedger(tmp_path)


@pytest.fixture(scope="module")
def ema() -> Strategy:
    return find_strategy("ema_crossover")


def swept(data: MarketData, strategy: Strategy, grid: SweepGrid = GRID) -> Sweep:
    return sweep(data, strategy, grid, STOPPED, sketched=True)


def test_a_sweep_counts_every_variant_that_was_simulated(data, ledger, ema):
    result = swept(data, ema)
    ledger.record_trials(ema, tried_by_sweep(result, data, STOPPED), 5)
    (account,) = accounts(ledger.lines())
    assert (account.runs, account.trials, account.looks) == (1, 6, 0), "fast 60 above slow 50 is no trial"
    known = result.daily_sharpes[~np.isnan(result.daily_sharpes)]
    assert account.sharpe_mean == pytest.approx(known.mean())
    assert account.sharpe_variance == pytest.approx(known.var(ddof=1))
    assert account.sharpe_of_luck >= 0.0
    assert account.days == -(-BARS // 24)
    assert 1.0 < account.effective < 4.0, "three stops of one crossing are near substitutes"


def test_the_same_sweep_again_is_written_down_and_counts_nothing(data, ledger, ema):
    for at in (5, 6):
        ledger.record_trials(ema, tried_by_sweep(swept(data, ema), data, STOPPED), at)
    first, second = (line.record for line in ledger.lines()[1:])
    assert (first["count"], second["count"]) == (6, 0)
    assert second["repeats"] == 2
    (account,) = accounts(ledger.lines())
    assert (account.runs, account.trials) == (2, 6)


def test_another_policy_another_grid_and_other_bars_are_other_trials(data, ledger, ema):
    later = replace(data, market=data.market[100:])
    other = SweepGrid({**GRID.parameters, "fast_period": (6,)}, GRID.policy)
    for result, where, policy in (
        (swept(data, ema), data, STOPPED),
        (swept(data, ema, other), data, STOPPED),
        (swept(later, ema), later, STOPPED),
    ):
        ledger.record_trials(ema, tried_by_sweep(result, where, policy), 5)
    ledger.record_trials(ema, tried_by_sweep(swept(data, ema), data, replace(STOPPED, cooldown=3)), 5)
    (account,) = accounts(ledger.lines())
    assert account.trials == 6 + 3 + 6 + 6


def test_a_backtest_is_one_trial_with_the_sharpe_of_its_days(data, ledger, ema):
    result = backtest(data, ema, resolve(ema), STOPPED)
    tried = tried_by_backtest(result, manifest(result))
    ledger.record_trials(ema, tried, 5)
    (account,) = accounts(ledger.lines())
    assert (account.trials, account.effective) == (1, pytest.approx(1.0))
    assert account.sharpe_mean == pytest.approx(result.main_run.metrics["sharpe"] / np.sqrt(365.0))
    assert isinstance(account.sharpe_variance, Undefined)


def test_every_look_is_charged_the_second_like_the_first(data, ledger, ema):
    result = backtest(data, ema, resolve(ema), STOPPED)
    for at in (5, 6):
        ledger.record_look(ema, tried_by_backtest(result, manifest(result)), at)
    (account,) = accounts(ledger.lines())
    assert (account.trials, account.looks) == (0, 2)


def test_a_renamed_copy_is_charged_with_what_its_family_has_tried(data, ledger, tmp_path):
    body = "return signals(len(market), long=market.close > market.sma(20), short=market.close < market.sma(30))"
    original = written(tmp_path, "first_idea", body)
    copy = written(tmp_path, "second_idea", body.replace("20", "25"))
    for strategy in (original, copy):
        result = backtest(data, strategy, resolve(strategy), STOPPED)
        ledger.record_trials(strategy, tried_by_backtest(result, manifest(result)), 5)
    (account,) = accounts(ledger.lines())
    assert account.trials == 2
    assert account.family.startswith("first_idea-")


def test_families_are_apart_and_so_are_markets(data, ledger, ema):
    bollinger = find_strategy("bollinger_mean_reversion")
    for strategy in (ema, bollinger):
        result = backtest(data, strategy, resolve(strategy), STOPPED)
        ledger.record_trials(strategy, tried_by_backtest(result, manifest(result)), 5)
    elsewhere = market_data(replace(data.candles, market="test:CD"))
    result = backtest(elsewhere, ema, resolve(ema), STOPPED)
    ledger.record_trials(ema, tried_by_backtest(result, manifest(result)), 5)
    assert [(one.family.partition("-")[0], one.market, one.trials) for one in accounts(ledger.lines())] == [
        ("bollinger_mean_reversion", "test:AB", 1),
        ("ema_crossover", "test:AB", 1),
        ("ema_crossover", "test:CD", 1),
    ]
