"""One strategy on one market: signals once, then the same signals at every level of costs.

1. The strategy is evaluated over the market: signals of every bar.
2. The kernel runs them at base, pessimistic and brutal costs; fees stay the instrument's unless the policy has its own.
3. The main level (default pessimistic, by which verdicts go) is what trades and equity show.
4. The cost at which the edge dies is sought on the main level's latency.

Pure: no clock, no disk. What a run was made of (`research.manifest`) is added by whoever knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument
from karat.core.model.policy import CostLevel, Policy
from karat.core.model.signals import Signals
from karat.kernel.engine import prepare
from karat.kernel.prepare import Extras
from karat.lake.adjust import Adjustment
from karat.ports.lake import LakeEntry
from karat.research.data_gate import Gate
from karat.research.edge import edge_dies_at_bp
from karat.research.levels import LevelRun, run_level, session_keys
from karat.stats import Figure
from karat.strategies import Market, Strategy, Values, evaluate

OWN_COSTS = "own"  # the level's name when the policy's own spread, slippage and latency are the main ones


@dataclass(frozen=True, slots=True, eq=False)
class MarketData:
    """What a backtest reads of one market, and what is known about it.

    `market` holds exactly the bars of the run and the funding known by its last close. `entry` describes the series in
    the lake. `gate` is how the range was let through, None where no gate stood. `adjustment` is what splits and
    dividends made of the prices, None where there can be none. `looks_into_vault` says that the run reads bars from
    `entry.vault_start_ts` on.
    """

    market: Market
    instrument: Instrument
    entry: LakeEntry
    gate: Gate | None = None
    adjustment: Adjustment | None = None

    @property
    def candles(self) -> Candles:
        return self.market.candles

    @property
    def looks_into_vault(self) -> bool:
        return int(self.candles.ts[-1]) >= self.entry.vault_start_ts


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Everything that one backtest found.

    `levels` holds a `LevelRun` by name, base, pessimistic and brutal first; `main` names the one whose trades, fills
    and equity count. `edge_dies_at_bp` is basis points per fill, or why there is none (see `research.edge`).
    """

    data: MarketData
    strategy: Strategy
    values: Values
    policy: Policy
    signals: Signals
    main: str
    levels: Mapping[str, LevelRun]
    edge_dies_at_bp: Figure

    @property
    def main_run(self) -> LevelRun:
        """The level that trades, fills and equity show."""
        return self.levels[self.main]


def fitting_signals(data: MarketData, strategy: Strategy, values: Values, policy: Policy) -> Signals:
    """The signals of `strategy`, which `policy` can trade: what is contradictory is found before any work is done.

    Raises InputError of `strategies.evaluate` and `kernel.engine.prepare`.
    """
    signals = evaluate(strategy, data.market, values)
    prepare(data.candles, signals, policy, data.instrument)
    return signals


def backtest(
    data: MarketData,
    strategy: Strategy,
    values: Values,
    policy: Policy,
    costs: CostLevel | None = CostLevel.PESSIMISTIC,
    signals: Signals | None = None,
) -> Backtest:
    """Backtest `strategy` with `values` under `policy`. `costs` names the main level; None takes the policy's own
    spread, slippage and latency as the main level, beside the three. `signals` are those of `strategies.evaluate` on
    the same market and values, where the caller has them already.

    Raises InputError of `strategies.evaluate` and `kernel.engine.prepare`.
    """
    signals = evaluate(strategy, data.market, values) if signals is None else signals
    candles, instrument = data.candles, data.instrument
    extras = Extras(funding=data.market.funding) if len(data.market.funding.ts) else None
    policies = {str(level): policy.with_costs(level) for level in CostLevel}
    if costs is None:
        policies[OWN_COSTS] = policy
    main = OWN_COSTS if costs is None else str(costs)
    levels = {name: run_level(name, candles, signals, own, instrument, extras) for name, own in policies.items()}
    keys = session_keys(candles, instrument)
    return Backtest(
        data=data,
        strategy=strategy,
        values=values,
        policy=policies[main],
        signals=signals,
        main=main,
        levels=levels,
        edge_dies_at_bp=edge_dies_at_bp(levels[main].inputs, levels[main].close_ts, keys),
    )
