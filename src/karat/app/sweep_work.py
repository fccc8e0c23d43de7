"""What karat sweep does on one market, and on several: check them all, sweep them one after the other, pool them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from karat.app.console import progress
from karat.core.errors import InputError, KaratError
from karat.core.ids import MarketId, market_id
from karat.core.time import parse_time_ms, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.core.model.policy import Policy
    from karat.research.backtest import MarketData
    from karat.research.sweeps.grid import SweepGrid
    from karat.research.sweeps.job import Choice
    from karat.research.sweeps.store import SweepFolder
    from karat.research.sweeps.sweep import Sweep
    from karat.strategies import Strategy


@dataclass(frozen=True, slots=True)
class Target:
    """One market at one timeframe."""

    market: MarketId
    timeframe_ms: int

    def __str__(self) -> str:
        return f"{self.market} {timeframe_text(self.timeframe_ms)}"


@dataclass(frozen=True, slots=True)
class SweepWork:
    """What is done on every market alike. `costs` says whose are charged."""

    strategy: Strategy
    grid: SweepGrid
    policy: Policy
    costs: str
    choice: Choice
    span: tuple[str | None, str | None]
    min_coverage: float | None

    def data(self, target: Target) -> MarketData:
        """The target's bars before its vault. Raises InputError where there are none, or none that can be trusted."""
        from karat.lake.store import open_lake
        from karat.research.backtest_market import market_data
        from karat.research.sweeps.sweep import before_vault, refuse_old_vault

        lake, (start, end) = open_lake(), (None if text is None else parse_time_ms(text) for text in self.span)
        until = before_vault(end, lake.entry(target.market, target.timeframe_ms).vault_start_ts)
        needs = self.strategy.needs
        data = market_data(
            lake, target.market, target.timeframe_ms, start, until, needs, coverage_min=self.min_coverage
        )
        refuse_old_vault(data)
        return data

    def swept(self, data: MarketData) -> tuple[Sweep, SweepFolder]:
        """Run a sweep or go on with it, with its pace on the terminal; its trials are counted before it is shown."""
        from karat.bots.system_clock import SystemClock
        from karat.research.ledger.told import tried_by_sweep
        from karat.research.ledger.trials import TrialLedger
        from karat.research.sweeps.job import kept_sweep
        from karat.research.sweeps.study import led_sweep

        candles = data.candles
        place = Target(candles.market, candles.timeframe_ms)
        with progress(f"{self.strategy.name} on {place}, {len(candles):,} bars") as line:
            run = led_sweep if self.choice.sampler.leads else kept_sweep
            pace = Pace(line.update, str(place)) if line else None
            result, folder = run(data, self.strategy, self.grid, self.policy, self.choice, progress=pace)
        tried = tried_by_sweep(result, data, self.policy)
        TrialLedger().record_trials(self.strategy, tried, SystemClock().now_ms())
        return result, folder


def targets_of(markets: Sequence[str], timeframes: Sequence[str]) -> tuple[Target, ...]:
    """Every market at every timeframe, timeframes first. Raises InputError where one is given twice."""
    found = [Target(market_id(name), timeframe_ms(text)) for text in timeframes for name in markets]
    twice = next((one for k, one in enumerate(found) if one in found[:k]), None)
    if twice is not None:
        raise InputError("given_twice", f"{twice} is given twice.", "Name every market and every timeframe once.")
    return tuple(found)


def check_all(work: SweepWork, targets: Sequence[Target]) -> None:
    """Refuse all where one of several cannot be swept, and say which. Nothing was simulated then."""
    from karat.research.sweeps.several import check_sweepable, variants_of

    rows = variants_of(work.grid, work.choice)
    for target in targets:
        pooled = sum(one.timeframe_ms == target.timeframe_ms for one in targets)
        with _named(target):
            data = work.data(target)
            check_sweepable(data, work.strategy, work.grid, work.policy, work.choice, rows, pooled=pooled)


@contextmanager
def _named(target: Target) -> Iterator[None]:
    """Says of which target an expected failure is."""
    try:
        yield
    except InputError as error:
        message = f"{target}: {error.message}"
        raise InputError(error.code, message, f"{error.hint} Nothing was swept.".strip()) from error
    except KaratError as error:
        raise type(error)(error.code, f"{target}: {error.message}", error.hint) from error


class Pace:
    """Tells a person how far a sweep is, how fast, and for how long it will still run."""

    def __init__(self, update: Callable[[str], None], place: str) -> None:
        self._update, self._place = update, place
        self._began, self._done = time.monotonic(), 0

    def __call__(self, done: int, of: int) -> None:
        self._done += done
        rate = self._done / max(time.monotonic() - self._began, 1e-9)
        left = (of - self._done) / rate
        self._update(f"{self._place}: {self._done:,} of {of:,} variants, {rate:,.0f} a second, {left:,.0f} s left")
