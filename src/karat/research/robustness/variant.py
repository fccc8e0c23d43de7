"""The variant whose robustness is tried, run once as it is; every test runs it again with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import CostLevel, Policy
from karat.core.model.signals import Signals
from karat.core.time import YEAR_DAYS, iso
from karat.kernel.prepare import Extras
from karat.kernel.signals import pack_signal
from karat.research.backtest import OWN_COSTS, MarketData
from karat.research.levels import LevelRun, measured, run_level, session_keys
from karat.stats import Figure, daily_returns
from karat.stats.returns import SESSION_DAYS
from karat.strategies import Strategy, Values, evaluate


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one run that the tests compare; fractions, as `karat.stats.METRICS` has them."""

    sharpe: Figure
    total_return: Figure
    max_drawdown: Figure
    profit_factor: Figure
    trades: Figure


def outcome_of(run: LevelRun) -> Outcome:
    """The figures of a run."""
    metrics = run.metrics
    return Outcome(
        sharpe=metrics["sharpe"],
        total_return=metrics["total_return"],
        max_drawdown=metrics["max_drawdown"],
        profit_factor=metrics["profit_factor"],
        trades=metrics["trades"],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A strategy with its values under a policy on a market, its signals, and the run of it. Made by `variant_of`.

    `keys` are the New York dates of an equity's bars, None elsewhere.
    """

    data: MarketData
    strategy: Strategy
    values: Values
    policy: Policy
    signals: Signals
    extras: Extras | None
    keys: Ints | None
    run: LevelRun

    @property
    def days_per_year(self) -> int:
        """365, or the sessions of a year."""
        return YEAR_DAYS if self.keys is None else SESSION_DAYS

    def with_signals(self, signals: Signals) -> LevelRun:
        """The run with other signals of the same kind: the columns of the market are not prepared again."""
        inputs = self.run.inputs
        other = replace(inputs, signal=pack_signal(signals, inputs.spans))
        return measured(self.run.name, self.policy, other, signals, self.data.instrument, self.data.candles)

    def with_policy(self, policy: Policy) -> LevelRun:
        """The run under another policy."""
        return run_level(self.run.name, self.data.candles, self.signals, policy, self.data.instrument, self.extras)

    def daily_returns(self) -> Floats:
        """Simple returns of each day, NaN from where equity was zero or below."""
        run = self.run
        sessions = self.keys is not None
        return daily_returns(run.close_ts, run.equity, run.policy.capital, sessions=sessions, session_keys=self.keys)[1]


def variant_of(
    data: MarketData,
    strategy: Strategy,
    values: Values,
    policy: Policy,
    costs: CostLevel | None = CostLevel.PESSIMISTIC,
    *,
    reads_vault: bool = False,
) -> Variant:
    """The variant at a level of costs, by default that of all verdicts; None keeps the policy's own.

    Raises InputError `vault_closed` where the bars reach into the vault and `reads_vault` does not say that this is
    meant (and recorded by whoever says so), and those of `strategies.evaluate` and `kernel.engine.prepare`.
    """
    if data.looks_into_vault and not reads_vault:
        start = iso(data.entry.vault_start_ts)
        raise InputError(
            "vault_closed", f"The vault of {data.candles.market} begins {start}.", f"End the range there: --to {start}."
        )
    policy = policy if costs is None else policy.with_costs(costs)
    signals = evaluate(strategy, data.market, values)
    extras = Extras(funding=data.market.funding) if len(data.market.funding.ts) else None
    name = OWN_COSTS if costs is None else str(costs)
    run = run_level(name, data.candles, signals, policy, data.instrument, extras)
    keys = session_keys(data.candles, data.instrument)
    return Variant(data, strategy, values, policy, signals, extras, keys, run)


def column(values: Floats | None, bars: Ints, source: Ints, scale: Floats | None = None) -> Floats | None:
    """A column of a strategy with what stands at `source` copied to `bars`, times `scale`; None stays None."""
    if values is None:
        return None
    moved = np.array(values)
    moved[bars] = values[source] if scale is None else values[source] * scale
    return moved
