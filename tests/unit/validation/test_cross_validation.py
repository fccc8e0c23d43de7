"""Cross-validation tells a real edge from the luckiest of many, on every day once a path."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from tests.unit.research.small_markets import candles, free_policy, market_data

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.core.model.instrument import Kind
from karat.core.model.policy import CostLevel, LevelMode, Policy, SizeMode
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.ledger.told import tried_by_sweep
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import sweep
from karat.research.validation.cross_validation import CrossSettings, cross_validation
from karat.research.validation.daily import DailyRuns, daily_runs
from karat.research.validation.holding import holding_returns
from karat.research.validation.purged_paths import PurgedPaths, purged_paths
from karat.stats.belief.random import fill_uniforms
from karat.stats.figure import Undefined
from karat.strategies import Market, find_strategy

EMA = find_strategy("ema_crossover")
GRID = SweepGrid({"fast_period": (4, 8, 60), "slow_period": (20, 40)}, {"size_value": (0.5, 1.0)})
DAYS = 480


def noise(days: int, variants: int, seed: int = 3) -> np.ndarray:
    """Independent daily returns of 1% without any edge."""
    drawn = np.empty(days * variants)
    fill_uniforms(seed, 99, 0, 0, drawn)
    return (drawn.reshape(days, variants) - 0.5) * math.sqrt(12.0) * 0.01


def runs_of(returns: np.ndarray) -> DailyRuns:
    daily = np.vstack((np.ones((1, returns.shape[1])), np.cumprod(1.0 + returns, axis=0))).T * 1_000.0
    days, variants = returns.shape
    grid = SweepGrid({"fast_period": tuple(range(variants))}, {})
    figures = np.zeros((variants, 4))
    return DailyRuns(grid, np.arange(variants), figures, daily, np.arange(days), 0, 365.0, variants)


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_500))


def test_each_path_takes_every_day_once_from_what_the_rest_chose():
    returns, purge, embargo = noise(60, 5), 2, 3
    found = purged_paths(returns, 365.0, folds=6, test_folds=2, purge=purge, embargo=embargo)
    assert isinstance(found, PurgedPaths)
    splits = list(combinations(range(6), 2))
    for split, tested in enumerate(splits):
        trains = [day for day in range(60) if all(not 10 * k - purge <= day < 10 * k + 10 + purge + embargo
                                                  for k in tested)]  # fmt: skip
        ratios = returns[trains].mean(axis=0) / returns[trains].std(axis=0, ddof=1)
        assert found.chosen[split] == np.argmax(ratios)
    assert found.returns.shape == (5, 60)
    for fold in range(6):
        days = slice(10 * fold, 10 * fold + 10)
        testing = [split for split, tested in enumerate(splits) if fold in tested]
        for path, split in enumerate(testing):
            assert (found.returns[path, days] == returns[days, found.chosen[split]]).all()
    whole = found.returns.mean(axis=1) / found.returns.std(axis=1, ddof=1) * math.sqrt(365.0)
    assert found.sharpes == pytest.approx(whole)
    assert (found.low, found.middle) == pytest.approx((np.quantile(whole, 0.05), np.median(whole)))


def test_what_is_always_best_keeps_all_of_it():
    returns = noise(DAYS, 6)
    returns[:, 2] += 0.02
    found = purged_paths(returns, 365.0, purge=1, embargo=5)
    assert isinstance(found, PurgedPaths)
    assert (found.chosen == 2).all()
    assert len(found.chosen) == 45
    assert found.sharpes == pytest.approx(np.full(9, found.in_sample))
    assert found.kept == pytest.approx(1.0)


def test_the_best_of_noise_is_not_believed():
    returns = noise(DAYS, 200)
    found = cross_validation(runs_of(returns), np.zeros(DAYS))
    assert not isinstance(found.paths, Undefined)
    assert found.paths.in_sample > 1.5, "it looks good"
    assert found.paths.low < 0.0
    assert found.paths.kept < 0.5
    assert found.halves.probability_of_loss > 0.3
    assert found.superior.p_consistent > 0.1
    assert found.superior.superior == ()


def test_a_planted_edge_is_found_by_all_three():
    returns = noise(DAYS, 50)
    returns[:, 17] += 0.004
    found = cross_validation(runs_of(returns), np.zeros(DAYS))
    assert found.paths.low > 0.0
    assert found.paths.kept > 0.9
    assert found.halves.probability_of_loss < 0.01
    assert found.superior.p_consistent < 0.01
    assert found.superior.superior == (17,)
    assert 1.0 <= found.mean_block_days < 10.0


def test_what_only_holds_the_market_is_not_superior_to_holding_it():
    holding = noise(DAYS, 1, seed=5)[:, 0] + 0.003
    found = cross_validation(runs_of(holding[:, None] + 0.1 * noise(DAYS, 20)), holding)
    assert found.paths.low > 0.0, "the market did well"
    assert found.superior.p_consistent > 0.05
    assert found.superior.superior == ()


def test_a_record_too_short_or_still_gives_no_figure():
    assert isinstance(purged_paths(noise(49, 5), 365.0, purge=0, embargo=0), Undefined)
    assert isinstance(purged_paths(noise(DAYS, 1), 365.0, purge=0, embargo=0), Undefined)
    assert isinstance(purged_paths(noise(60, 5), 365.0, purge=40, embargo=0), Undefined)
    still = cross_validation(runs_of(np.zeros((DAYS, 3))), np.zeros(DAYS))
    assert isinstance(still.paths.in_sample, Undefined)
    assert (still.paths.chosen == -1).all()
    assert isinstance(still.paths.low, Undefined)
    assert isinstance(still.superior, Undefined)


def test_the_days_of_a_variant_are_those_of_the_sweep(data: MarketData):
    runs = daily_runs(data, EMA, GRID, Policy())
    found = sweep(data, EMA, GRID, Policy(), sketched=True)
    assert runs.variants.tolist() == list(range(8)), "fast 60 contradicts"
    assert runs.chosen_from == 12
    assert runs.figures == pytest.approx(found.figures[:8], nan_ok=True)
    assert runs.daily[:, -1] / runs.daily[:, 0] - 1.0 == pytest.approx(found.column("total_return")[:8])
    per_day = runs.returns.mean(axis=0) / runs.returns.std(axis=0, ddof=1)
    assert per_day == pytest.approx(found.daily_sharpes[:8])
    ours, theirs = runs.tried(data, Policy()), tried_by_sweep(found, data, Policy())
    assert (ours.count, ours.days) == (theirs.count, theirs.days)
    assert ours.sketch.as_json() == theirs.sketch.as_json()


def test_memory_is_counted_and_what_must_stay_stays(data: MarketData):
    days = daily_runs(data, EMA, GRID, Policy(), variants=np.array([0])).days
    row = 8 * (len(days) + 5)
    for always in (1, 6):
        some = daily_runs(
            data, EMA, GRID, Policy(), variants=np.arange(8), always=np.array([always]), bytes_max=3 * row
        )
        assert len(some.variants) == 3
        assert always in some.variants
        assert some.chosen_from == 8
    with pytest.raises(InputError, match="room for the days of 1 of 8"):
        daily_runs(data, EMA, GRID, Policy(), variants=np.arange(8), bytes_max=row)


def test_ruin_is_a_return_and_nothing_follows():
    runs = runs_of(np.zeros((4, 1)))
    ruined = replace(runs, daily=np.array([[100.0, 110.0, -11.0, -11.0, 50.0]]))
    assert ruined.returns[:, 0] == pytest.approx([0.1, -1.1, 0.0, 0.0])


def test_holding_pays_the_costs_of_the_policy_and_follows_the_price():
    market = market_data(candles(100.0 * 1.001 ** np.arange(240)))
    free = holding_returns(market, free_policy(taker_fee=0.0, maker_fee=0.0, allow_long=False))
    assert free[1:] == pytest.approx(np.full(9, 1.001**24 - 1.0), rel=1e-3)
    tenth = holding_returns(market, free_policy(taker_fee=0.0, maker_fee=0.0, size_value=0.1))
    assert tenth[1:] == pytest.approx(0.1 * free[1:], rel=0.06), "in the size of the policy, within the band"
    stopped = free_policy(
        taker_fee=0.0, maker_fee=0.0, size_mode=SizeMode.RISK, size_value=0.01, stop_mode=LevelMode.FRACTION,
        stop_value=0.02,
    )  # fmt: skip
    assert holding_returns(market, stopped) == pytest.approx(free), "it has no stop to size by"
    dear = holding_returns(market, free_policy(taker_fee=0.01, maker_fee=0.0))
    assert dear[0] == pytest.approx(free[0] - 0.01, abs=5e-4)
    assert holding_returns(market, Policy().with_costs(CostLevel.BRUTAL)).sum() < free.sum()


def test_the_same_seed_gives_the_same_figures(data: MarketData):
    runs, holding = daily_runs(data, EMA, GRID, Policy()), holding_returns(data, Policy())
    first, second = (cross_validation(runs, holding, CrossSettings(seed=4, resamples=200)) for _ in range(2))
    assert first.superior.p_consistent == second.superior.p_consistent
    assert first.days == len(holding)


def test_holding_real_bitcoin_on_spot_is_its_price_less_one_entry(shared):
    frame = pl.read_parquet(shared / "data" / "candles" / "binance_spot" / "1h" / "BTCUSDT.parquet").tail(3_000)
    columns = {name: frame[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    bars = Candles(MarketId("test:AB"), HOUR_MS, **columns)
    market = market_data(bars, kind=Kind.SPOT, lot=1e-8)
    grown = float(np.prod(1.0 + holding_returns(market, free_policy(taker_fee=0.001))))
    assert grown == pytest.approx(bars.close[-1] / bars.open[1] / 1.001, rel=1e-4)


def test_funding_is_paid_out_of_what_is_held():
    """A tenth of a percent every eight hours at a still price: not 0.3% of the start each day, but of what is left."""
    bars = candles(np.full(24 * 300, 100.0))
    stamps = bars.ts[::8].copy()
    funding = Funding(stamps, np.full(len(stamps), 0.001), np.full(len(stamps), 100.0))
    market = replace(market_data(bars), market=Market(bars, funding))
    returns = holding_returns(market, free_policy(taker_fee=0.0, maker_fee=0.0))
    assert returns[10:] == pytest.approx(np.full(290, -0.003), rel=0.06), "within the band"
    assert 0.3 < np.prod(1.0 + returns) < 0.5
