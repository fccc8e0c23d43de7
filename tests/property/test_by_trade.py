"""From trade to trade a plain policy makes the trades of the loop over bars: all four figures are equal to the bit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.simulation.compiled import inputs_of
from tests.simulation.world import World
from tests.simulation.worlds import seeded_world, simple_worlds

from karat.core.compiled import PLAIN
from karat.core.ids import market_id
from karat.core.instruments import find
from karat.core.model.candles import Candles
from karat.core.model.instrument import Kind
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.signals import signals
from karat.core.time import HOUR_MS
from karat.kernel.by_trade.ground import events_of, ground_of, room_for_events
from karat.kernel.by_trade.levels import sweep_levels, tile_room
from karat.kernel.by_trade.marking import sheet_of
from karat.kernel.by_trade.outcomes import entry_bars, find_outcomes, room_for_outcomes
from karat.kernel.by_trade.plain import are_plain, is_plain_market, may_share_outcomes
from karat.kernel.by_trade.sweep import sweep_codes_by_trade, sweep_rows_by_trade
from karat.kernel.columns import INDEX, policy_row
from karat.kernel.engine import Inputs, prepare
from karat.kernel.features import features_of, tier_of
from karat.kernel.prepare import Extras
from karat.kernel.signals import read_only
from karat.kernel.sweep import FIGURES, daily_room, sweep_rows

SEEDS = 150 if PLAIN else 1_500
NORMAL = settings(max_examples=200, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
OFF = {
    "drawdown_halving": math.nan,
    "trail_mode": LevelMode.NONE,
    "dynamic_levels": False,
    "cooldown": 0,
    "min_confidence_by_regime": (),
    "cooldown_by_regime": (),
    "daily_loss_limit": math.nan,
    "loss_streak_limit": 0,
    "volume_factor": math.nan,
    "funding_low": math.nan,
    "funding_high": math.nan,
    "session_from": -1,
    "session_to": -1,
    "reentry_max": 0,
    "max_adds": 0,
    "borrow_rate": math.nan,
}


def plain_world(seed: int) -> World:
    """A random world with everything off that a plain policy may not use."""
    drawn = seeded_world(seed)
    kind = Kind.LINEAR if drawn.instrument.kind == Kind.INVERSE else drawn.instrument.kind
    n = len(drawn.bars)
    entry = drawn.entry if drawn.target is None else [[0, 1, 0, -1, 0][(seed + bar) % 5] for bar in range(n)]
    policy = replace(drawn.policy, **OFF)
    if seed % 2:
        policy = replace(policy, latency=1, take_fraction=1.0, slippage_volume=0.0)
    if policy.stop_mode == LevelMode.NONE and policy.size_mode == 2:
        policy = replace(policy, stop_mode=LevelMode.FRACTION, stop_value=0.02)
    return replace(
        drawn, instrument=replace(drawn.instrument, kind=kind), policy=policy, entry=entry, stop=None, take=None,
        size_scale=None, leverage=None, target=None, funding=[], detail=None, detail_timeframe_ms=0, regime=None,
    )  # fmt: skip


def rows_of(policy: Policy, instrument, levels: int) -> np.ndarray:
    """Policies with `levels` stops times `levels` takes around the policy's own."""
    rows = np.tile(policy_row(policy, instrument), (levels * levels, 1))
    factors = np.linspace(0.5, 1.5, levels) if levels > 1 else np.ones(1)
    rows[:, INDEX["stop_value"]] *= np.repeat(factors, levels)
    rows[:, INDEX["take_value"]] *= np.tile(factors, levels)
    return rows


def by_bar(inputs: Inputs, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Figures and the equity at the end of each day, as of all below."""
    out, daily = np.zeros((len(rows), len(FIGURES))), daily_room(len(rows), inputs.bars)
    sweep_rows(
        rows, inputs.features, inputs.bars, inputs.spans, inputs.detail, inputs.signal, np.zeros(1),
        np.zeros(1, np.int64), 365.0, daily, out,
    )  # fmt: skip
    return out, daily


def by_trade(inputs: Inputs, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    out, daily = np.zeros((len(rows), len(FIGURES))), daily_room(len(rows), inputs.bars)
    sweep_rows_by_trade(
        rows, inputs.features, inputs.bars, ground_of(inputs.bars), inputs.signal, events_of(inputs.signal.code),
        sheet_of(len(inputs.bars.close)), 365.0, daily, out,
    )  # fmt: skip
    return out, daily


def by_level(inputs: Inputs, rows: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray] | None:
    """By a table of outcomes; None where it does not serve."""
    place, ground, events = np.arange(len(rows)), ground_of(inputs.bars), events_of(inputs.signal.code)
    table = room_for_outcomes(entry_bars(inputs.signal.code), levels, levels)
    stop, take = INDEX["stop_value"], INDEX["take_value"]
    values = rows[::levels, stop].copy(), rows[:levels, take].copy()
    served = find_outcomes(
        rows[0], *values, stop, take, inputs.features, inputs.bars, ground, inputs.signal, events, table
    )
    if not served:
        return None
    out, daily = np.zeros((len(rows), len(FIGURES))), daily_room(len(rows), inputs.bars)
    sweep_levels(
        rows[0], inputs.features, inputs.bars, ground, inputs.signal, events, table, place // levels, place % levels,
        tile_room(), 365.0, daily, out,
    )  # fmt: skip
    return out, daily


def by_trade_over_codes(inputs: Inputs, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    out, daily = np.zeros((2, len(FIGURES))), daily_room(2, inputs.bars)
    codes = np.stack([np.zeros_like(inputs.signal.code), inputs.signal.code])
    confidences = np.stack([inputs.signal.confidence] * 2)
    bars = len(inputs.bars.close)
    sweep_codes_by_trade(
        *read_only((codes, confidences)), row, inputs.features, inputs.bars, ground_of(inputs.bars),
        room_for_events(bars), sheet_of(bars), 365.0, daily, out,
    )  # fmt: skip
    return out, daily


def check(sparse: Inputs, dense: Inputs, rows: np.ndarray, levels: int) -> bool:
    """Whether a table of outcomes could be compared too."""
    assert is_plain_market(sparse)
    assert are_plain(rows)
    found = by_level(sparse, rows, levels) if may_share_outcomes(rows[0]) else None
    for part, expected in enumerate(by_bar(dense, rows)):
        np.testing.assert_array_equal(by_trade(sparse, rows)[part], expected)
        np.testing.assert_array_equal(by_trade_over_codes(sparse, rows[0])[part][1], expected[0])
        if found is not None:
            np.testing.assert_array_equal(found[part], expected, "by a table of outcomes")
    return found is not None


def check_world(world: World) -> bool:
    sparse = inputs_of(world, tier=lambda *said: tier_of(features_of(*said)))
    dense = inputs_of(world, tier=lambda *said: tier_of(features_of(*said), sparse=False))
    rows = rows_of(world.policy, world.instrument, 3)
    return check(sparse, dense, rows, 3)


@NORMAL
@given(world=simple_worlds())
def test_simple_worlds(world: World):
    check_world(world)


def test_worlds_with_every_feature_that_a_plain_policy_may_use():
    by_table = 0
    for seed in range(SEEDS):
        try:
            by_table += check_world(plain_world(seed))
        except AssertionError as error:
            raise AssertionError(f"plain_world({seed}): {error}") from error
    assert by_table > SEEDS // 8, "tables of outcomes are compared often"


def test_a_sweep_without_a_signal_has_no_figures_but_zero():
    world = replace(plain_world(3), entry=[0] * len(plain_world(3).bars))
    inputs = inputs_of(world, tier=lambda *said: tier_of(features_of(*said)))
    found, daily = by_trade(inputs, rows_of(world.policy, world.instrument, 1))
    assert (daily == world.policy.capital).all()
    assert found[0, [0, 1, 3]].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("halved", [0.02, 0.5])
def test_a_policy_that_halves_its_size_is_not_plain(halved: float):
    policy = Policy(drawdown_halving=halved)
    assert not are_plain(policy_row(policy, find("binance_perp:BTCUSDT"))[None, :])


LONG_BARS = 600 if PLAIN else 6_000


def real_hours(shared: Path) -> Candles:
    frame = pl.read_parquet(shared / "data/candles/binance_perp/1h/BTCUSDT.parquet")[:LONG_BARS]
    columns = {name: frame[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    return Candles(market_id("binance_perp:BTCUSDT"), HOUR_MS, **columns)


@settings(max_examples=5 if PLAIN else 40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fast=st.integers(2, 30),
    slow=st.integers(31, 200),
    stop=st.sampled_from([0.004, 0.01, 0.03, 0.2]),
    take=st.sampled_from([0.004, 0.02, 0.06, 0.4]),
    part=st.sampled_from([0.3, 1.0]),
    leverage=st.sampled_from([1.0, 3.0, 20.0]),
    latency=st.sampled_from([1, 2, 5]),
    time_exit=st.sampled_from([0, 0, 1, 7, 90]),
    level=st.booleans(),
    grows=st.booleans(),
)
def test_real_hours(shared, fast, slow, stop, take, part, leverage, latency, time_exit, level, grows):
    """Long enough for blocks of 64, for trades of months and for liquidations."""
    candles = real_hours(shared)
    above = trailing_mean(candles.close, fast) > trailing_mean(candles.close, slow)
    turns = np.ones(len(above), bool) if level else np.append(False, above[1:] != above[:-1])
    given_signals = signals(len(above), long=above & turns, short=~above & turns, exit_long=~above, exit_short=above)
    instrument = find("binance_perp:BTCUSDT")
    policy = Policy(
        stop_mode=LevelMode.FRACTION, stop_value=stop, take_mode=LevelMode.FRACTION, take_value=take,
        take_fraction=part, leverage=leverage, latency=latency, time_exit=time_exit, size_value=min(3.0, leverage),
        slippage_volume=0.001 if grows else 0.0,
    )  # fmt: skip
    needed = features_of(policy, instrument, given_signals, Extras())
    sparse, dense = (
        prepare(candles, given_signals, policy, instrument, features=tier_of(needed, sparse=jumps))
        for jumps in (True, False)
    )
    by_table = check(sparse, dense, rows_of(policy, instrument, 2), 2)
    if part < 1.0 or latency > 1 or grows:
        assert not by_table
    elif leverage <= 3.0:
        assert by_table, "no liquidation comes before these stops"


def trailing_mean(values: np.ndarray, window: int) -> np.ndarray:
    sums = np.cumsum(np.insert(values, 0, 0.0))
    means = np.full(len(values), values[0])
    means[window - 1 :] = (sums[window:] - sums[:-window]) / window
    return means
