"""The journey's research: check the starters, backtest them, sweep them, write a report. Nothing reads the vault."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from karat.app.check_markets import check_markets
from karat.app.check_store import ensure_checked
from karat.app.demo_ground import POLICY, Ground, policy_of, starters
from karat.bots.system_clock import SystemClock
from karat.core.home import karat_home
from karat.core.ids import MarketId, symbol_of
from karat.core.model.policy import CostLevel
from karat.research.backtest import Backtest, backtest
from karat.research.ledger.told import tried_by_backtest, tried_by_sweep
from karat.research.ledger.trials import TrialLedger
from karat.research.manifest import manifest
from karat.research.report import write_report
from karat.research.run_store import StoredRun, store_run
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.sweep import Sweep, sweep
from karat.stats import Figure, is_defined
from karat.strategies import Parameter, Strategy, resolve

if TYPE_CHECKING:
    from rich.table import Table

STOPS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # multiples of the ATR
TAKES = (2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0)
PARAMETERS_VARIED = 2
VALUES_A_PARAMETER = 5
_LEVELS = tuple(str(level) for level in CostLevel)


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """One starter's sweep and how long it took."""

    strategy: Strategy
    result: Sweep
    bars: int
    seconds: float


def check_starters() -> tuple[int, int]:
    """Prove that no starter sees the future. Returns how many passed and at how many cuts. Raises `check_failed`."""
    markets = check_markets()
    reports = [ensure_checked(strategy, markets) for strategy in starters()]
    return len(reports), sum(report.cuts for report in reports)


def backtest_starters(ground: Ground) -> dict[tuple[str, MarketId], Backtest]:
    """Every starter on every market, at three levels of costs."""
    found: dict[tuple[str, MarketId], Backtest] = {}
    ledger = TrialLedger()
    for market in ground.markets:
        data = ground.before_vault(market)
        for strategy in starters():
            result = backtest(data, strategy, resolve(strategy), policy_of(strategy))
            found[strategy.name, market] = result
            ledger.record_trials(strategy, tried_by_backtest(result, manifest(result)), SystemClock().now_ms())
    return found


def cost_table(found: dict[tuple[str, MarketId], Backtest], market: MarketId) -> Table:
    """One market: return and Sharpe at the three levels of costs, and the cost at which the edge dies."""
    from rich.table import Table

    levels = [f"{level} return / Sharpe" for level in _LEVELS]
    table = Table("strategy", "trades", *levels, "drawdown", "edge dies at", title=f"{market}, before its vault")
    for (name, where), result in found.items():
        if where == market:
            pairs = [result.levels[level].metrics for level in _LEVELS]
            table.add_row(
                name,
                str(len(result.main_run.trades)),
                *(f"{_percent(one['total_return'])} / {_number(one['sharpe'])}" for one in pairs),
                _percent(result.main_run.metrics["max_drawdown"], sign=""),
                f"{result.edge_dies_at_bp:.1f} bp" if is_defined(result.edge_dies_at_bp) else "-",
            )
    return table


def sharpe_table(found: dict[tuple[str, MarketId], Backtest], markets: tuple[MarketId, ...]) -> Table:
    """Sharpe at pessimistic costs, every starter on every market."""
    from rich.table import Table

    table = Table("Sharpe, pessimistic costs", *(symbol_of(market).partition("-")[0] for market in markets))
    for name in dict.fromkeys(name for name, _ in found):
        figures = [found[name, market].main_run.metrics["sharpe"] for market in markets]
        table.add_row(name, *(_number(figure) for figure in figures))
    return table


def sweep_starters(ground: Ground, market: MarketId) -> list[Swept]:
    """Every starter on one market: stops times takes times a few values around its defaults."""
    data = ground.before_vault(market)
    swept: list[Swept] = []
    for strategy in starters():
        began = time.perf_counter()
        result = sweep(data, strategy, grid_of(strategy), POLICY, sketched=True)
        TrialLedger().record_trials(strategy, tried_by_sweep(result, data, POLICY), SystemClock().now_ms())
        swept.append(Swept(strategy, result, len(data.candles), time.perf_counter() - began))
    return swept


def grid_of(strategy: Strategy) -> SweepGrid:
    """What the journey varies of a strategy."""
    varied = [one for one in strategy.parameters if one.kind is not bool][:PARAMETERS_VARIED]
    parameters = {one.name: _around(one) for one in varied}
    return SweepGrid(parameters, {"stop_value": STOPS, "take_value": TAKES})


def sweep_table(swept: list[Swept]) -> Table:
    """What was tried and what came of it: the best of many tries is shown beside the middle one."""
    from rich.table import Table

    table = Table("strategy", "variants tried", "best Sharpe", "middle Sharpe", "above 0", "seconds")
    for one in swept:
        values = sorted(value for value in one.result.column("sharpe").tolist() if value == value)
        best, middle = (f"{values[-1]:.2f}", f"{values[len(values) // 2]:.2f}") if values else ("-", "-")
        above = f"{sum(value > 0 for value in values) / len(values):.0%}" if values else "-"
        table.add_row(one.strategy.name, f"{one.result.trials:,}", best, middle, above, f"{one.seconds:.2f}")
    return table


def best_of(found: dict[tuple[str, MarketId], Backtest]) -> Backtest:
    """The backtest with the highest Sharpe at pessimistic costs. Being the best of many is no merit by itself."""

    def sharpe(result: Backtest) -> float:
        figure = result.main_run.metrics["sharpe"]
        return figure if is_defined(figure) else float("-inf")

    return max(found.values(), key=sharpe)


def report_on(result: Backtest) -> tuple[StoredRun, Path]:
    """Keep the run and write its report into KARAT_HOME/reports."""
    told = manifest(result, tuple(ensure_checked(result.strategy, check_markets).datasets))
    kept = store_run(result, told)
    folder = karat_home() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return kept, write_report(result, told, kept.id, folder / f"{kept.id}.html")


def _around(parameter: Parameter) -> tuple[bool | int | float, ...]:
    """A few values of a parameter's grid, spread from half to one and a half times its default."""
    values = [one for one in parameter.values() if 0.5 * parameter.default <= one <= 1.5 * parameter.default]
    last = len(values) - 1
    places = {round(k * last / (VALUES_A_PARAMETER - 1)) for k in range(VALUES_A_PARAMETER)}
    return tuple(values[place] for place in sorted(places))


def _percent(figure: Figure, sign: str = "+") -> str:
    return f"{figure:{sign}.1%}" if is_defined(figure) else "-"


def _number(figure: Figure) -> str:
    return f"{figure:.2f}" if is_defined(figure) else "-"
