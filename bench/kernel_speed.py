"""The kernel alone: dense, sparse and lanes beside C with the same algorithm; every feature on; the record."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from bench.clocks import best_cpu
from bench.market import PAIRS, World, averages, crossings, default_costs_policy, simple_policy, year
from bench.rows import Row
from bench.sweeping import TRADES, by_trade, figures_of, policy_rows, prepared
from bench.yardsticks import START, yardstick
from karat.core.model.candles import Funding
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.signals import Signals, signals
from karat.kernel.columns import INDEX
from karat.kernel.engine import advance, prepare, recorder
from karat.kernel.features import EVERY_FEATURE
from karat.kernel.prepare import Extras
from karat.kernel.state import fresh_state

FACTOR_MAX = 1.5  # beside C with the same algorithm


def pairs_of(world: World) -> list[Signals]:
    """Crossings of each pair of averages, as the yardsticks see them."""
    rows = averages(world.candles)
    return [crossings(rows[2 * pair], rows[2 * pair + 1], START) for pair in range(len(PAIRS))]


def scan(algorithm: str, quick: bool) -> list[Row]:
    """`dense` or `sparse`: nanoseconds per bar and variant on one core, simple policy and default costs."""
    world = year()
    levels, times = (32, 3) if quick else (128, 9)
    return [_scanned(world, algorithm, name, policy, levels, times) for name, policy in _policies()]


def _policies() -> tuple[tuple[str, Policy], ...]:
    return (("simple policy", simple_policy()), ("default costs", default_costs_policy()))


def _scanned(world: World, algorithm: str, name: str, policy: Policy, levels: int, times: int) -> Row:
    runs = [prepared(world, given, policy, sparse=algorithm == "sparse") for given in pairs_of(world)]
    grid = policy_rows(world, policy, levels)
    paths = [by_trade(inputs) if algorithm == "sparse" else partial(figures_of, inputs) for inputs in runs]
    trades = np.mean([figures(grid)[:, TRADES].mean() for figures in paths])
    per_bar = 1e9 / (levels * len(PAIRS) * len(world.candles))
    ours = per_bar * best_cpu(lambda: [figures(grid) for figures in paths], times)
    c = _yardstick(world, algorithm, policy, grid, per_bar, times)
    by_bars = per_bar * best_cpu(lambda: [figures_of(inputs, grid) for inputs in runs], times)
    note = f"{levels * len(PAIRS):,} variants of {world.name}; {trades:.1f} trades a variant"
    beside = (("C", c[0]), ("times C", ours / c[0]), ("trades in C", c[1])) if c else ()
    if algorithm == "sparse":
        beside = (*beside, ("by the loop over bars, for policies that are not plain", by_bars))
    if name == "simple policy":
        target = FACTOR_MAX * c[0] if c else None
        return Row(
            f"{algorithm}, {name}", ours, "ns/bar", target, beside=beside, note=f"target {FACTOR_MAX} x C; {note}"
        )
    return Row(f"{algorithm}, {name}", ours, "ns/bar", beside=beside, note=note)


def _yardstick(
    world: World, algorithm: str, policy: Policy, grid: np.ndarray, per_bar: float, times: int
) -> tuple[float, float] | None:
    """(nanoseconds per bar, trades a variant) of C."""
    slip = policy.half_spread + policy.slippage_base
    stops, takes = (np.ascontiguousarray(grid[:, INDEX[name]]) for name in ("stop_value", "take_value"))
    c = yardstick(algorithm, world, stops, takes, world.instrument.taker_fee, slip)
    if c is None:
        return None
    seconds = best_cpu(c.run, times)
    return per_bar * seconds, float(c.trades.mean())


def dense(quick: bool) -> list[Row]:
    return scan("dense", quick)


def sparse(quick: bool) -> list[Row]:
    return scan("sparse", quick)


def busy_policy() -> Policy:
    """Every feature that one policy can use at once."""
    return Policy(
        size_value=0.5,
        confidence_scaling=True,
        drawdown_halving=0.2,
        leverage=3.0,
        volume_share=0.5,
        stop_mode=LevelMode.ATR,
        stop_value=2.5,
        take_mode=LevelMode.ATR,
        take_value=4.0,
        trail_mode=LevelMode.ATR,
        trail_value=3.0,
        dynamic_levels=True,
        time_exit=200,
        min_confidence=0.1,
        cooldown=2,
        daily_loss_limit=0.05,
        loss_streak_limit=5,
        volume_factor=0.2,
        funding_low=-0.01,
        funding_high=0.01,
        session_from=60,
        session_to=1_380,
        reentry_max=2,
        reentry_offset=0.002,
        reentry_bars=12,
        max_adds=2,
    )


def busy_signals(world: World) -> Signals:
    """Crossings on both sides with levels, sizes and leverage of their own."""
    one = pairs_of(world)[2]
    close = world.candles.close
    wave = 0.5 + 0.5 * np.sin(np.arange(len(close)) / 37.0)
    return signals(
        len(close),
        long=one.entry > 0,
        short=one.exit_long,
        exit_long=one.exit_long,
        exit_short=one.entry > 0,
        confidence=wave,
        stop=close * (0.01 + 0.01 * wave),
        take=close * (0.02 + 0.02 * wave),
        size_scale=0.5 + wave,
        leverage=1.0 + 2.0 * wave,
    )


def funding_of(world: World) -> Extras:
    """Funding every eight hours, at a rate that wanders over both signs."""
    stamps = world.candles.ts[::8].copy()
    rates = 0.0001 * np.sin(np.arange(len(stamps)) / 11.0)
    return Extras(funding=Funding(stamps, rates, np.full(len(stamps), math.nan)))


def features(quick: bool) -> list[Row]:
    """A policy that uses everything, in the smallest kernel for it and in the one that can do everything."""
    world, times = year(), 5 if quick else 20
    given, policy, extras = busy_signals(world), busy_policy(), funding_of(world)
    smallest = prepared(world, given, policy, sparse=False, extras=extras)
    whole = prepare(world.candles, given, policy, world.instrument, extras, features=EVERY_FEATURE)
    grid = policy_rows(world, policy, 100)
    per_bar = 1e9 / (len(grid) * len(world.candles))
    rows: list[Row] = []
    for name, inputs in (("every feature used", smallest), ("every feature used, kernel for all markets", whole)):
        trades = figures_of(inputs, grid)[:, TRADES].mean()
        value = per_bar * best_cpu(lambda inputs=inputs: figures_of(inputs, grid), times)
        target = 10.0 if inputs is smallest else None
        rows.append(Row(name, value, "ns/bar", target, note=f"{len(grid)} variants, {trades:.1f} trades a variant"))
    return rows


def record(quick: bool) -> list[Row]:
    """The same kernel with its full record and without."""
    world, times = year(), 50 if quick else 400
    return [_recorded(world, name, policy, times) for name, policy in _policies()]


def _recorded(world: World, name: str, policy: Policy, times: int) -> Row:
    inputs = prepare(world.candles, pairs_of(world)[0], policy, world.instrument, features=EVERY_FEATURE)
    bars = len(world.candles)
    room = recorder(bars, 4_096)

    def with_record() -> None:
        room.log.counts[:] = 0
        advance(inputs, fresh_state(inputs.rules), bars, room)

    full = best_cpu(with_record, times)
    none = best_cpu(lambda: advance(inputs, fresh_state(inputs.rules), bars, None), times)
    beside = (("ns/bar with", 1e9 * full / bars), ("ns/bar without", 1e9 * none / bars))
    return Row(f"full record, {name}", full / none, "times", 1.25, beside=beside, note="kernel for all markets")
