"""What karat sweep does on one market, and on several: check them all, sweep them one after the other, pool them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from karat.core.errors import InputError, KaratError
from karat.core.ids import MarketId, market_id
from karat.core.time import parse_time_ms, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.core.model.policy import Policy
    from karat.jobs.work import Work
    from karat.ports.executor import Executor
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
    """What is done on every market alike. `costs` says whose are charged, `executor` whose hands work, None this
    machine's."""

    strategy: Strategy
    grid: SweepGrid
    policy: Policy
    costs: str
    choice: Choice
    span: tuple[str | None, str | None]
    min_coverage: float | None
    executor: Executor | None = None

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

    def words(self, data: MarketData) -> str:
        """What is done, for the person who waits."""
        return f"{self.strategy.name} on {_place(data)}, {len(data.candles):,} bars"

    def swept(self, data: MarketData, told: Work) -> tuple[Sweep, SweepFolder]:
        """Run a sweep or go on with it, and tell how far it is; its trials are counted before it is shown."""
        from karat.bots.system_clock import SystemClock
        from karat.research.ledger.told import tried_by_sweep
        from karat.research.ledger.trials import TrialLedger
        from karat.research.sweeps.job import kept_sweep
        from karat.research.sweeps.study import led_sweep

        run = led_sweep if self.choice.sampler.leads else partial(kept_sweep, executor=self.executor)
        told.progress(0, stage=str(_place(data)))
        result, folder = run(data, self.strategy, self.grid, self.policy, self.choice, progress=told.advance)
        tried = tried_by_sweep(result, data, self.policy)
        TrialLedger().record_trials(self.strategy, tried, SystemClock().now_ms())
        return result, folder


def _place(data: MarketData) -> Target:
    return Target(data.candles.market, data.candles.timeframe_ms)


def targets_of(markets: Sequence[str], timeframes: Sequence[str]) -> tuple[Target, ...]:
    """Every market at every timeframe, timeframes first. Raises InputError where none, or one twice, is given."""
    if not markets or not timeframes:
        hint = "For example: --market binance_perp:BTCUSDT --timeframe 1h 4h."
        raise InputError("bad_command", "A sweep wants a market and a timeframe.", hint)
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
