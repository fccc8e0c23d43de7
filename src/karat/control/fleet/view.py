"""A fleet backtest for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from karat.control.fleet.result import FleetResult
from karat.control.fleet.run import FleetRun
from karat.core.model.candles import Floats
from karat.core.time import iso, timeframe_text
from karat.stats import Figure, Undefined

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN = ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "win_rate", "exposure", "turnover")


def fleet_view(run: FleetRun, result: FleetResult) -> RenderableType:
    """Figures of the whole, a row for each bot, exposure, refusals."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    ground, plan = run.ground, run.ground.plan
    title = f"{len(result.bots)} bots on {plan.capital:,.0f} {plan.currency}, "
    title += f"{iso(ground.first_ms)} to {iso(ground.end_ms)}"
    if ground.simulated:
        title += "  SIMULATED DATA"
    limits = "no limits but the desk's switches" if plan.limits is None else "the limits of the fleet"
    figures = Table(box=box.SIMPLE, show_header=False, title=f"At {plan.costs} costs, {limits}", title_justify="left")
    for name in _SHOWN:
        figures.add_row(name.replace("_", " "), _figure(result.metrics[name]))
    bots = Table(box=box.SIMPLE_HEAD, title="Bots", title_justify="left")
    for heading in ("bot", "strategy", "market", "timeframe", "return", "trades", "refused"):
        bots.add_column(heading)
    for one in result.bots:
        gained = one.equity[-1] / one.record.policy.capital - 1.0
        bots.add_row(
            one.record.name, one.record.strategy, one.record.market, timeframe_text(one.record.timeframe_ms),
            f"{gained:+.2%}", str(len(one.trades)), str(sum(one.refusals.values())),
        )  # fmt: skip
    lines = [_exposure(result), _refusals(result), *_halts(result)]
    parts = [bots, _pairs(result)] if result.pairs else [bots]
    return Group(Text(title, style="bold"), figures, *parts, *map(Text, lines))


def _pairs(result: FleetResult) -> RenderableType:
    """A line for each pair: both legs together."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="Pairs", title_justify="left")
    for heading in ("pair", "first leg", "second leg", "return", "result", "round trips", "won", "gross", "net"):
        table.add_column(heading)
    for one in result.pairs:
        won = sum(trip.result > 0.0 for trip in one.trips)
        table.add_row(
            one.name, *(leg.record.market for leg in one.legs), f"{one.equity[-1] / one.capital - 1.0:+.2%}",
            f"{one.equity[-1] - one.capital:+,.2f}", str(len(one.trips)), str(won),
            _most(one.gross), _most(np.abs(one.net)),
        )  # fmt: skip
    return table


def _most(values: Floats) -> str:
    return "-" if np.isnan(values).all() else f"{np.nanmax(values):.2f}"


def _figure(figure: Figure) -> str:
    return f"- ({figure.reason})" if isinstance(figure, Undefined) else f"{figure:.4g}"


def _halts(result: FleetResult) -> list[str]:
    """What stood still to the end, since in a backtest no person lets anything go on."""
    return [f"Stood still from {iso(one.at_ms)}: {one.bot or 'all bots'}, {one.reason}." for one in result.halts]


def _exposure(result: FleetResult) -> str:
    if np.isnan(result.gross).all():
        return "Exposure: undefined, the equity was gone."
    low, high = np.nanmin(result.net), np.nanmax(result.net)
    return f"Exposure: gross at most {np.nanmax(result.gross):.2f}, net between {low:.2f} and {high:.2f} of equity."


def _refusals(result: FleetResult) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in result.refusals.items())
    return f"Refused, in bars: {told or 'nothing'}."
