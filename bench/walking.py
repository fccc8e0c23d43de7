"""A walk forward beside the sweeps that it is made of, alone: the same windows, variants and bars, in turn."""

from __future__ import annotations

import os

from bench.clocks import wall
from bench.market import data_of, default_costs_policy, level_axes, three_years
from bench.rows import Row
from karat.core.model.candles import Ints
from karat.research.sweeps.choice import Sampler, chosen_variants
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import sweep
from karat.research.validation.seen_before import part_of
from karat.research.validation.walk_forward import Lengths, walk_forward
from karat.strategies import find_strategy

VARIANTS = 256
WINDOWS = 20
OVER_SWEEPS_MAX = 1.3
BY = "sharpe"


def walks(quick: bool) -> list[Row]:
    """20 windows of a sample of 256 variants over three years, best of several in turn."""
    data, strategy, policy = data_of(three_years()), find_strategy("ema_crossover"), default_costs_policy()
    grid = SweepGrid(
        {"fast_period": tuple(range(5, 60, 3)), "slow_period": tuple(range(70, 260, 10))}, level_axes(4, 4)
    )
    variants = _sample(grid)
    lengths = _lengths(len(data.candles))
    windows = lengths.windows(len(data.candles))
    assert len(windows) == WINDOWS, "as many as the target is of"

    def sweeps() -> None:
        for window in windows:
            sweep(part_of(data, window.train), strategy, grid, policy, variants=variants, sketched=True)

    def walk() -> None:
        walk_forward(data, strategy, grid, policy, lengths, by=BY, variants=variants, sampled=True)

    sweeps()
    walk()
    both = [(wall(walk), wall(sweeps)) for _ in range(2 if quick else 9)]
    walked, swept = min(one[0] for one in both), min(one[1] for one in both)
    note = f"{WINDOWS} windows of {len(variants)} variants, {len(data.candles):,} bars, {os.cpu_count()} threads"
    beside = (("walk, s", walked), ("sweeps alone, s", swept))
    return [Row("walk forward over its sweeps alone", walked / swept, "x", OVER_SWEEPS_MAX, beside=beside, note=note)]


def _sample(grid: SweepGrid) -> Ints:
    chosen = chosen_variants(grid, Sampler.SOBOL, VARIANTS, 1)
    assert chosen is not None, "a sample of a larger grid"
    return chosen


def _lengths(bars: int) -> Lengths:
    """Training ten times as long as the test, as many windows as wanted."""
    test = bars // (WINDOWS + 11)
    return Lengths(train=bars - WINDOWS * test - 48, test=test, purge=24, embargo=24)
