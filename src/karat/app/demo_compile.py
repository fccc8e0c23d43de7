"""Compile what the journey needs, once per version, on the cores that the checks leave idle.

The compiler works one function at a time in one process, so each part gets a process of its own: `python -m
karat.app.demo_compile PART`. They leave what they compiled in the kernel cache, where the journey finds it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from karat.app.demo_ground import BARS_MIN, POLICY, Ground, starters
from karat.core.compiled import PLAIN, kernel_cache_dir
from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.lake.store import open_lake
from karat.research.backtest import MarketData
from karat.research.backtest_market import market_data

_DONE = "demo-compiled"


class Compiling:
    """Parts being compiled for `ground`; `wait` before anything needs them."""

    def __init__(self, ground: Ground) -> None:
        self._done = kernel_cache_dir() / _DONE
        self.needed = not PLAIN and not self._done.exists()
        self._running = {part: _start(part, ground) for part in PARTS} if self.needed else {}

    def wait(self) -> None:
        """Raises NeedsOperator `compile_failed` with what the compiler said."""
        for part, process in self._running.items():
            _, said = process.communicate()
            if process.returncode != 0:
                last = (said.strip().splitlines() or ["it said nothing"])[-1]
                hint = "Try again; if it fails again, remove the cache folder of KARAT_HOME."
                raise NeedsOperator("compile_failed", f"Compiling for the {part} failed: {last}.", hint)
        if self.needed:
            self._done.touch()


def _start(part: str, ground: Ground) -> subprocess.Popen[str]:
    market = (ground.markets[0], str(ground.timeframe_ms))
    command = [sys.executable, "-m", "karat.app.demo_compile", part, *market]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _backtest(data: MarketData) -> None:
    from karat.research.backtest import backtest
    from karat.strategies import resolve

    for strategy in starters():
        backtest(data, strategy, resolve(strategy), POLICY)


def _sweep(data: MarketData) -> None:
    from karat.app.demo_research import grid_of
    from karat.research.sweeps.sweep import sweep

    for strategy in starters():
        sweep(data, strategy, grid_of(strategy), POLICY, workers=1)


def _parity(data: MarketData) -> None:
    from karat.app.demo_ground import policy_of
    from karat.control.parity import ParityCase, sweep_row
    from karat.strategies import Market, evaluate, resolve

    for strategy in starters():
        case = ParityCase(strategy, {}, policy_of(strategy), data.instrument, data.candles, data.market.funding)
        sweep_row(case, evaluate(strategy, Market(data.candles, data.market.funding), resolve(strategy)))


PARTS: dict[str, Callable[[MarketData], None]] = {"backtest": _backtest, "sweep": _sweep, "parity": _parity}


def _main(part: str, market: MarketId, timeframe_ms: int) -> None:
    lake = open_lake()
    end = lake.entry(market, timeframe_ms).first_ts + BARS_MIN * timeframe_ms
    PARTS[part](market_data(lake, market, timeframe_ms, None, end))


if __name__ == "__main__":
    _main(sys.argv[1], MarketId(sys.argv[2]), int(sys.argv[3]))
