"""A variant run again, of which only what the tests compare is worked out.

Hundreds of runs are made to read five figures of each, so trades are not written out and no other figure is taken. Each
is the same function of the same record as in `research.levels`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from karat.core.model.candles import Candles, Floats
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.kernel.columns import policy_row, rules_of
from karat.kernel.engine import Inputs, Record, prepare, run
from karat.kernel.signals import pack_signal
from karat.research.robustness.variant import Outcome, Variant
from karat.research.sweeps.grid import BAR_FIELDS
from karat.research.trades import closed_results
from karat.stats import Figure, daily_marks, sharpe
from karat.stats.drawdown import max_drawdown
from karat.stats.returns import returns_of_marks, total_return
from karat.stats.trades import profit_factor, trade_sums

T = TypeVar("T")
_PATHS_A_TASK = 8


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """`marks` is the equity at the end of each day, the start first."""

    variant: Variant
    record: Record
    marks: Floats

    @property
    def sharpe(self) -> Figure:
        return sharpe(returns_of_marks(self.marks), self.variant.days_per_year)

    @property
    def entered(self) -> int:
        """Trades that were opened, one that is still open included."""
        trade = self.record.fills["trade"]
        return int(trade[-1]) + 1 if len(trade) else 0

    @property
    def daily_equity(self) -> Floats:
        """Equity at the end of each day over the capital, without the start."""
        return self.marks[1:] / self.marks[0]

    @property
    def outcome(self) -> Outcome:
        equity, capital = self.record.equity, float(self.marks[0])
        sums = trade_sums(closed_results(self.record))
        return Outcome(
            sharpe=self.sharpe,
            total_return=total_return(capital, float(self.marks[-1])),
            max_drawdown=max_drawdown(equity, capital),
            profit_factor=profit_factor(sums),
            trades=float(sums.count),
        )


def with_signals(variant: Variant, signals: Signals) -> Again:
    """With other signals of the same kind: the columns of the market are not prepared again."""
    inputs = variant.run.inputs
    return _again(variant, replace(inputs, signal=pack_signal(signals, inputs.spans)))


def with_policy(variant: Variant, policy: Policy) -> Again:
    """Under a policy of other costs: its rules are other ones, the columns of the market the same."""
    own = variant.policy
    assert all(getattr(policy, name) == getattr(own, name) for name in (*BAR_FIELDS, "capital")), "only costs differ"
    assert (policy.slippage_atr > 0.0) == (own.slippage_atr > 0.0), "the ATR is there if it is asked for"
    targets = variant.signals.target is not None
    rules = rules_of(policy_row(policy, variant.data.instrument, targets=targets))
    return _again(variant, replace(variant.run.inputs, rules=rules))


def on_candles(variant: Variant, candles: Candles, signals: Signals) -> Again:
    """On other prices at the same times, with the signals for them."""
    return _again(variant, prepare(candles, signals, variant.policy, variant.data.instrument, variant.extras))


def _again(variant: Variant, inputs: Inputs) -> Again:
    record = run(inputs)
    capital, keys = variant.policy.capital, variant.keys
    close_ts = variant.run.close_ts
    marks = daily_marks(close_ts, record.equity, capital, sessions=keys is not None, session_keys=keys)[1]
    return Again(variant, record, marks)


def in_turn(runs: int, work: Callable[[int], T]) -> list[T]:
    """`work(path)` of each path, in order, on as many threads as cores: a kernel lets go of the interpreter.

    What it gives should be small: all of it is held.
    """

    def some(first: int) -> list[T]:
        return [work(path) for path in range(first, min(first + _PATHS_A_TASK, runs))]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [one for part in pool.map(some, range(0, runs, _PATHS_A_TASK)) for one in part]
