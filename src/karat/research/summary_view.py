"""A backtest for people: the stamp first, then the figures of the cost levels side by side, then what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from karat.core.time import iso
from karat.research.backtest import Backtest
from karat.research.json_form import SIDES
from karat.research.manifest_stamp import is_simulated, stamp
from karat.stats import METRICS, Figure, Undefined

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN = (
    "total_return", "cagr", "volatility", "sharpe", "sharpe_error", "sortino", "calmar", "max_drawdown",
    "drawdown_days", "expected_shortfall_95", "worst_month", "months_positive", "trades", "win_rate", "profit_factor",
    "expectancy", "bars_held", "exposure", "turnover", "costs", "cost_share",
)  # fmt: skip
_METRICS = {metric.name: metric for metric in METRICS}


def summary_view(result: Backtest, manifest: dict[str, Any], run: str) -> RenderableType:
    """Everything the terminal shows of a backtest."""
    from rich.console import Group
    from rich.text import Text

    title = f"{result.strategy.name} on {manifest['market']} {manifest['timeframe']}"
    if is_simulated(manifest):
        title += "  SIMULATED DATA"
    parts: list[RenderableType] = [Text(title, style="bold"), stamp_view(manifest), _figures(result)]
    parts += [Text(line) for line in (_edge(result), _refusals(result), _open(result))]
    parts += [Text(""), *_next(manifest, run, len(result.main_run.trades))]
    return Group(*parts)


def stamp_view(manifest: dict[str, Any]) -> RenderableType:
    """The stamp of assumptions; what makes the result worth less is marked."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, show_header=False, title="What this assumes", title_justify="left", expand=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for one in stamp(manifest):
        style = "yellow" if one.warning else ""
        table.add_row(
            Text(f"! {one.name}" if one.warning else f"  {one.name}", style=style), Text(one.text, style=style)
        )
    return table


def _figures(result: Backtest) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="At three levels of costs (* shown below)", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in result.levels:
        table.add_column(f"{name} *" if name == result.main else name, justify="right")
    for name in _SHOWN:
        row = [figure_text(run.metrics[name], _METRICS[name].unit) for run in result.levels.values()]
        table.add_row(name.replace("_", " "), *row)
    paid = [f"{run.paid_bp:.1f} bp" if len(run.fills["ts"]) else "no fill" for run in result.levels.values()]
    table.add_row("paid per fill", *paid)
    return table


def figure_text(figure: Figure, unit: str) -> str:
    """A figure in the unit's own way of writing; what is undefined says why."""
    if isinstance(figure, Undefined):
        return f"({figure.reason})"
    if unit == "fraction":
        return f"{figure:.2%}"
    if unit == "count":
        return f"{figure:,.0f}"
    return f"{figure:,.1f}" if unit in ("bars", "days") else f"{figure:,.2f}"


def _edge(result: Backtest) -> str:
    edge = result.edge_dies_at_bp
    if isinstance(edge, Undefined):
        return f"The edge dies at: undefined, {edge.reason}."
    paid = result.main_run.paid_bp
    return (
        f"The edge dies at {edge:.1f} bp a fill, all costs of a fill together; {result.main} fills paid {paid:.1f} bp."
    )


def _refusals(result: Backtest) -> str:
    counts = result.main_run.refusals
    if not counts:
        return "Refused entries: none."
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return "Refused entries by first reason: " + ", ".join(f"{name} {count:,}" for name, count in ranked) + "."


def _open(result: Backtest) -> str:
    held = result.main_run.open_position
    if held is None:
        return "Open at the end: nothing."
    return (
        f"Open at the end, not in the trades: {SIDES[held.side]} {held.quantity:g} at {held.entry_price:g} since "
        f"{iso(held.entry_ts)}, marked at {held.mark_price:g}: {held.unrealised:+,.2f}."
    )


def _next(manifest: dict[str, Any], run: str, trades: int) -> list[RenderableType]:
    from rich.text import Text

    lines = [f"Kept as run {run}."]
    if trades:
        lines.append(f"Check a trade by hand: karat explain {run} 1   (trades 1 to {trades})")
    lines.append("See it: the same command with --report report.html")
    return [Text(line) for line in lines]
