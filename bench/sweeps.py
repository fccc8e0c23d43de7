"""Variants by the million through the public sweep: shared signals, signals of their own, signals recomputed.

Wall seconds on all cores, and memory. A smaller count (`--quick`) is scaled to a million; the note says how many ran.
"""

from __future__ import annotations

import os

import numpy as np

from bench.clocks import best_process_cpu, peak_mb, wall
from bench.kernel_speed import FACTOR_MAX, pairs_of
from bench.market import averages, data_of, default_costs_policy, level_axes, simple_policy, year
from bench.rows import Row
from bench.sweeping import DAYS_PER_YEAR, on_all_cores, policy_rows, prepared
from bench.yardsticks import START, yardstick
from karat.core.model.policy import Policy
from karat.kernel.signals import pack_codes
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import Consistency
from karat.research.sweeps.paths import MarketColumns, simulate_codes
from karat.research.sweeps.sweep import sweep
from karat.strategies import find_strategy

MILLION = 1_000_000
MEMORY_MB_MAX = 500.0
STRATEGY = "ema_crossover"
LONG_ONLY = {"shorts": (False,)}


def lanes(quick: bool) -> list[Row]:
    """Many policies over few signal sets on one core, by the path the sweep chooses, beside lanes in C."""
    world, policy = year(), simple_policy()
    side = 16 if quick else 32
    parameters = {"fast_period": (20,), "slow_period": (50, 100, 150, 200), **LONG_ONLY}
    grid = SweepGrid(parameters, level_axes(side, side))
    data, strategy = data_of(world), find_strategy(STRATEGY)
    sweep(data, strategy, grid, policy, workers=1)
    times = 2 if quick else 7
    seconds = best_process_cpu(lambda: sweep(data, strategy, grid, policy, workers=1), times)
    ours = 1e9 * seconds / grid.variants / len(world.candles)
    axes = level_axes(side, side)
    stops, takes = np.repeat(axes["stop_value"], side), np.tile(axes["take_value"], side)
    slip = policy.half_spread + policy.slippage_base
    c = yardstick("lanes", world, stops, takes, world.instrument.taker_fee, slip)
    note = f"{grid.variants:,} variants, {side * side} policies a signal set, one worker"
    if c is None:
        return [Row("many policies a signal set, simple policy", ours, "ns/bar", note=note)]
    c.run()
    theirs = 1e9 * best_process_cpu(c.run, times) / len(c.trades) / len(world.candles)
    beside = (("C lanes", theirs), ("times C", ours / theirs))
    note = f"target {FACTOR_MAX} x C; {note}"
    return [
        Row("many policies a signal set, simple policy", ours, "ns/bar", FACTOR_MAX * theirs, beside=beside, note=note)
    ]


def policies(quick: bool) -> list[Row]:
    """A million policies over one set of signals."""
    side = 200 if quick else 1_000
    return [
        _shared(side, "simple policy", simple_policy(), 5.0),
        _shared(side, "default costs", default_costs_policy(), 15.0),
        Row("peak memory of both", peak_mb(), "MB", MEMORY_MB_MAX, note="interpreter and libraries included"),
    ]


def _shared(side: int, name: str, policy: Policy, target: float) -> Row:
    data, strategy = data_of(year()), find_strategy(STRATEGY)
    sweep(data, strategy, SweepGrid({}, level_axes(16, 16)), policy)
    grid = SweepGrid({}, level_axes(side, side))
    seconds = wall(lambda: sweep(data, strategy, grid, policy)) * MILLION / grid.variants
    return Row(f"1,000,000 policies, shared signals, {name}", seconds, "s", target, note=_ran(grid.variants))


def objective(quick: bool) -> list[Row]:
    """A million policies over one set of signals, each scored on a hundred resampled half years, the best on 5,000."""
    side = 200 if quick else 1_000
    data, strategy, policy = data_of(year()), find_strategy(STRATEGY), default_costs_policy()
    sweep(data, strategy, SweepGrid({}, level_axes(16, 16)), policy, objective=Consistency())
    grid = SweepGrid({}, level_axes(side, side))
    seconds = wall(lambda: sweep(data, strategy, grid, policy, objective=Consistency())) * MILLION / grid.variants
    return [
        Row("1,000,000 policies with consistency, default costs", seconds, "s", 60.0, note=_ran(grid.variants)),
        Row("peak memory of it", peak_mb(), "MB", 1_000.0, note="interpreter and libraries included"),
        _resampling(quick),
    ]


def _resampling(quick: bool) -> Row:
    """The objective alone, on one core, per day drawn: every day of every path counts as one draw."""
    rule, variants, days = Consistency(), (1_024 if quick else 8_192), 365
    daily = np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 0.02, (variants, days + 1)), axis=1)
    draws = rule.draws(days, rule.paths)
    rule.scores(daily[:64], draws, 365.0)
    seconds = best_process_cpu(lambda: rule.scores(daily, draws, 365.0), 3)
    nanoseconds = 1e9 * seconds / variants / rule.paths / rule.window_days
    return Row("resampling, per draw, one core", nanoseconds, "ns", 1.1, note=f"{variants:,} variants of {days} days")


def _ran(count: int) -> str:
    return f"{count:,} ran, {os.cpu_count()} threads"


def distinct(quick: bool) -> list[Row]:
    """A million variants with signals of their own, simulated: crossings of averages by another lead each."""
    count, part = (20_000 if quick else MILLION), 256
    world, policy = year(), simple_policy()
    inputs = prepared(world, pairs_of(world)[0], policy, sparse=True)
    market = MarketColumns.of(inputs, DAYS_PER_YEAR)
    row = policy_rows(world, policy, 1)[0]
    codes, sure = _codes(averages(world.candles), part), np.ones((part, len(world.candles)))

    def chunk(first: int, number: int) -> None:
        for begin in range(first, first + number, part):
            few = min(part, first + number - begin)
            simulate_codes(market, codes[:few], sure[:few], row)

    chunk(0, part)
    seconds = wall(lambda: on_all_cores(chunk, count)) * MILLION / count
    note = f"{_ran(count)}; the packed signals of {part} in turn, each searched anew"
    return [Row("1,000,000 variants, signals all distinct, simulated", seconds, "s", 20.0, note=note)]


def _codes(lines: np.ndarray, count: int) -> np.ndarray:
    """Packed signals, a row per variant."""
    nothing = np.zeros(lines.shape[1], np.bool_)
    codes = np.empty((count, lines.shape[1]), np.uint8)
    for place in range(count):
        pair = place % (len(lines) // 2)
        above = lines[2 * pair] > lines[2 * pair + 1] * (1.0 + 1e-5 * place)
        entry, leave = np.zeros((2, len(above)), np.bool_)
        entry[START:] = above[START:] & ~above[START - 1 : -1]
        leave[START:] = ~above[START:] & above[START - 1 : -1]
        codes[place] = pack_codes(entry.astype(np.int8), leave, nothing)
    return codes


def recomputed(quick: bool) -> list[Row]:
    """A million variants of a starter: signals by the strategy for each, indicators cached, then simulated."""
    fast, slow, bands = (20, 20, 20) if quick else (100, 100, 100)
    data, strategy, policy = data_of(year()), find_strategy(STRATEGY), simple_policy()
    axes = {
        "fast_period": tuple(range(2, 2 + fast)),
        "slow_period": tuple(range(110, 110 + 2 * slow, 2)),
        "band": tuple(0.0005 * band for band in range(bands)),
    }
    sweep(data, strategy, SweepGrid({**axes, "band": (0.0,)}, {}), policy)  # fills the cache of indicators
    grid = SweepGrid(axes, {})
    seconds = wall(lambda: sweep(data, strategy, grid, policy)) * MILLION / grid.variants
    note = f"{_ran(grid.variants)}; {strategy.name}"
    memory = "interpreter, libraries and indicators included"
    return [
        Row("1,000,000 variants, signals recomputed", seconds, "s", 90.0, note=note),
        Row("peak memory of it", peak_mb(), "MB", MEMORY_MB_MAX, note=memory),
    ]
