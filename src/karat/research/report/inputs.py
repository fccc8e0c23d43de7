"""What a report is made of, gathered from a finished backtest and its manifest. Nothing here computes a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karat.core.ids import RunId
from karat.core.model.candles import Candles, Floats
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy
from karat.research.backtest import Backtest
from karat.research.levels import session_keys
from karat.research.manifest_stamp import Assumption, is_simulated, stamp
from karat.research.trades import OpenPosition, Trades
from karat.stats import Figure, YearRow, monthly_table


@dataclass(frozen=True, slots=True, eq=False)
class LevelFigures:
    """One level of costs: `metrics` by name, `equity` at the close of each bar, `paid_bp` of an average fill."""

    name: str
    policy: Policy
    metrics: Mapping[str, Figure]
    equity: Floats
    paid_bp: float


@dataclass(frozen=True, slots=True, eq=False)
class ReportInput:
    """Everything a report shows. `main` names the level whose trades, fills, months and refusals these are."""

    run: RunId
    strategy: str
    hypothesis: tuple[tuple[str, str], ...]
    simulated: bool
    manifest: Mapping[str, Any]
    assumptions: tuple[Assumption, ...]
    instrument: Instrument
    candles: Candles
    capital: float
    main: str
    levels: tuple[LevelFigures, ...]
    edge_dies_at_bp: Figure
    months: tuple[YearRow, ...]
    trades: Trades
    fills: Mapping[str, Any]
    open_position: OpenPosition | None
    refusals: Mapping[str, int]

    @property
    def main_level(self) -> LevelFigures:
        """The level that was chosen for trades and equity."""
        return next(level for level in self.levels if level.name == self.main)


def report_input(result: Backtest, manifest: Mapping[str, Any], run: RunId) -> ReportInput:
    """What a report shows of `result`; `manifest` is the one it is stored under as `run`."""
    chosen, data = result.main_run, result.data
    keys = session_keys(data.candles, data.instrument)
    return ReportInput(
        run=run,
        strategy=result.strategy.name,
        hypothesis=tuple(result.strategy.hypothesis.as_dict().items()),
        simulated=is_simulated(dict(manifest)),
        manifest=manifest,
        assumptions=stamp(dict(manifest)),
        instrument=data.instrument,
        candles=data.candles,
        capital=result.policy.capital,
        main=result.main,
        levels=tuple(
            LevelFigures(name, level.policy, level.metrics, level.equity, level.paid_bp)
            for name, level in result.levels.items()
        ),
        edge_dies_at_bp=result.edge_dies_at_bp,
        months=monthly_table(
            chosen.close_ts, chosen.equity, result.policy.capital, sessions=keys is not None, session_keys=keys
        ),
        trades=chosen.trades,
        fills=chosen.fills,
        open_position=chosen.open_position,
        refusals=chosen.refusals,
    )
