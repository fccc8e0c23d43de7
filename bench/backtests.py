"""One backtest: warm in a process, `karat backtest` from a cold process, and the first compilation ever."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.clocks import best_wall, children_cpu
from bench.market import MARKET, ROOT, START_OF_LONG, candle_file, crossings, default_costs_policy, long
from bench.rows import Row
from karat.core.indicators.averages import sma
from karat.kernel.engine import prepare, run
from karat.research.levels import run_level
from karat.research.trades import trades_of
from karat.stats import METRICS

_KERNEL_ONLY = """
import numpy as np
from karat.core.instruments import find
from karat.core.model.candles import Candles
from karat.core.model.policy import Policy
from karat.core.model.signals import signals
from karat.kernel.engine import prepare, run
steps = np.arange(50)
prices = 100.0 + np.sin(steps)
bars = Candles("binance_perp:BTCUSDT", 3_600_000, steps * 3_600_000, prices, prices + 1, prices - 1, prices, prices)
run(prepare(bars, signals(50, long=steps % 9 == 1), Policy(), find("binance_perp:BTCUSDT")))
"""


def backtest(quick: bool) -> list[Row]:
    """100,000 bars, default costs: record, trades and every statistic; and what the parts of it take."""
    world, times = long(), 5 if quick else 40
    given = crossings(*(np.nan_to_num(sma(world.candles.close, period)) for period in (20, 100)), START_OF_LONG)
    policy = default_costs_policy()
    candles, instrument = world.candles, world.instrument

    def whole() -> None:
        run_level("bench", candles, given, policy, instrument)

    inputs = prepare(candles, given, policy, instrument)
    record = run(inputs)
    trades = len(trades_of(record, inputs, given, instrument))
    value = 1e3 * best_wall(whole, times)
    parts = {
        "ms to prepare": 1e3 * best_wall(lambda: prepare(candles, given, policy, instrument), times),
        "ms to run and record": 1e3 * best_wall(lambda: run(inputs), times),
        "ms for the trades": 1e3 * best_wall(lambda: trades_of(record, inputs, given, instrument), times),
    }
    beside = (*parts.items(), ("ms for statistics and the rest", value - sum(parts.values())))
    note = f"{world.name}; {trades} trades; record, trades, {len(METRICS)} statistics"
    return [Row("one backtest of 100,000 bars, warm", value, "ms", 4.0, beside=beside, note=note)]


def command(quick: bool) -> list[Row]:
    """`karat backtest` in processes of its own on a lake of its own: first ever, then with everything cached.

    `quick` leaves the first ever out: it takes the kernels that are there.
    """
    source = candle_file("1h")
    if not source.is_file():
        return []
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
        home = Path(folder)
        environment = {**os.environ, "KARAT_HOME": str(home / "home")}
        rows: list[Row] = []
        if not quick:
            compiled = _process([sys.executable, "-c", _KERNEL_ONLY], {**environment, **_cache(home / "only")})
            rows.append(_told("first ever compile: the kernel, imports included", compiled, 30.0, "empty cache"))
            environment |= _cache(home / "kernels")
        karat = [sys.executable, "-m", "karat.app"]
        _process([*karat, "data", "import", str(source)], environment)
        asked = [*karat, "backtest", "ema_crossover", "--market", MARKET, "--timeframe", "1h", "--from", "2025-01-01"]
        first = _process(asked, environment)
        if not quick:
            note = "kernels and indicators compiled, strategy checked"
            rows.append(_told("karat backtest, first ever", first, None, note))
        again = min(_process(asked, environment) for _ in range(2 if quick else 7))
    note = "a year of hours, three levels of costs"
    return [_told("karat backtest, cold process, all cached", again, 2.0, note), *rows]


def _told(what: str, seconds: tuple[float, float], target: float | None, note: str) -> Row:
    return Row(what, seconds[0], "s", target, beside=(("s of CPU", seconds[1]),), note=note)


def _cache(folder: Path) -> dict[str, str]:
    return {"KARAT_KERNEL_CACHE": str(folder)}


def _process(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """(wall, CPU) seconds of a process. Raises CalledProcessError when it fails."""
    before, begin = children_cpu(), time.perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begin, children_cpu() - before
