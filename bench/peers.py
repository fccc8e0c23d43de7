"""vectorbt and backtesting.py at the same work, on one core: four figures per variant of stop, take and signals."""

from __future__ import annotations

import os
import time
import warnings
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from bench.clocks import best_cpu, best_process_cpu
from bench.market import World, data_of, level_axes, level_grid, simple_policy, year
from bench.rows import Row
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import sweep
from karat.strategies import Signals, evaluate, find_strategy, resolve

STRATEGY = "ema_crossover"
PARAMETERS = {"fast_period": (10, 20), "slow_period": (50, 100, 150, 200), "shorts": (False,)}
CHUNKS = (25, 100, 400)  # columns vectorbt gets at once


def peers(quick: bool) -> list[Row]:
    """Variants per second of each, and how many times as many Karat does."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world = year()
    ours, per_second = _karat(world, quick)
    rows = [ours]
    chunks = CHUNKS[:2] if quick else CHUNKS
    for engine in _engines():
        speed, chunk = max((_vectorbt(world, engine, chunk, 1 if quick else 3), chunk) for chunk in chunks)
        rows.append(Row(f"vectorbt, {engine}", speed, "variants/s", note=f"{chunk} columns at once, four figures"))
        target = 200.0 if engine == "numba" else None
        rows.append(Row(f"Karat over vectorbt, {engine}", per_second / speed, "times", target, at_most=False))
    speed = _backtesting(world, 5 if quick else 40)
    rows.append(Row("backtesting.py", speed, "variants/s", note="one run each, with its statistics"))
    rows.append(Row("Karat over backtesting.py", per_second / speed, "times", 2_000.0, at_most=False))
    return rows


def _karat(world: World, quick: bool) -> tuple[Row, float]:
    side = 16 if quick else 32
    grid = SweepGrid(PARAMETERS, level_axes(side, side))
    data, strategy = data_of(world), find_strategy(STRATEGY)
    sweep(data, strategy, grid, simple_policy(), workers=1)
    seconds = best_process_cpu(lambda: sweep(data, strategy, grid, simple_policy(), workers=1), 2 if quick else 7)
    speed = grid.variants / seconds
    note = f"{grid.variants:,} variants through the public sweep, one worker; {world.name}"
    return Row("Karat, one core", speed, "variants/s", note=note), speed


def _signals(world: World) -> list[Signals]:
    """The signal sets of the grid, in its order."""
    data, strategy, grid = data_of(world), find_strategy(STRATEGY), SweepGrid(PARAMETERS, {})
    return [evaluate(strategy, data.market, resolve(strategy, grid.parameters_at(k))) for k in range(grid.signal_sets)]


def _engines() -> list[str]:
    from vectorbt._engine import is_rust_available

    return ["numba", "rust"] if is_rust_available() else ["numba"]


def _vectorbt(world: World, engine: str, columns: int, times: int) -> float:
    """Variants per second: from_signals and four figures for `columns` variants at once."""
    import vectorbt

    policy, frame = simple_policy(), _frame(world)
    given = _signals(world)
    pick = np.arange(columns) % len(given)
    entries = _delayed(np.array([one.entry > 0 for one in given]))[pick].T
    exits = _delayed(np.array([one.exit_long for one in given]))[pick].T
    stops, takes = level_grid(columns)
    settings: dict[str, Any] = {
        "open": frame["Open"], "high": frame["High"], "low": frame["Low"], "price": frame["Open"],
        "fees": world.instrument.taker_fee, "slippage": policy.half_spread + policy.slippage_base,
        "sl_stop": stops, "tp_stop": takes, "stop_entry_price": "fillprice", "freq": "1h", "engine": engine,
    }  # fmt: skip

    def work() -> None:
        portfolio = vectorbt.Portfolio.from_signals(frame["Close"], entries, exits, **settings)
        found = [
            portfolio.total_return(), portfolio.max_drawdown(), portfolio.sharpe_ratio(), portfolio.trades.count(),
        ]  # fmt: skip
        assert all(len(one) == columns for one in found)

    return columns / best_cpu(work, times)


def _delayed(decided: np.ndarray) -> np.ndarray:
    """What was decided at a close, at the bar in whose open it acts."""
    out = np.zeros_like(decided)
    out[:, 1:] = decided[:, :-1]
    return out


def _frame(world: World) -> pd.DataFrame:
    bars = world.candles
    columns = {name.title(): getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame(columns, index=pd.to_datetime(bars.ts, unit="ms"))


def _backtesting(world: World, runs: int) -> float:
    """Variants per second: one run with its statistics each."""
    from backtesting import Backtest, Strategy

    given = _signals(world)

    class Follower(Strategy):
        pair, stop, take = 0, 0.02, 0.04

        def init(self) -> None:
            self.asked = given[self.pair]

        def next(self) -> None:
            bar = len(self.data) - 1
            if self.position:
                if self.asked.exit_long[bar]:
                    self.position.close()
            elif self.asked.entry[bar] > 0:
                close = self.data.Close[-1]
                self.buy(sl=close * (1 - self.stop), tp=close * (1 + self.take))

    stops, takes = level_grid(runs)
    with warnings.catch_warnings(), redirect_stderr(StringIO()):  # it draws its progress
        warnings.simplefilter("ignore")
        test = Backtest(_frame(world), Follower, cash=1e8, commission=world.instrument.taker_fee)
        test.run()
        begin = time.thread_time()
        for place in range(runs):
            test.run(pair=place % len(given), stop=stops[place], take=takes[place])
        return runs / (time.thread_time() - begin)
