"""A backtest as `karat backtest --json` prints it (json.md). Lists of records are built here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.policy import CostLevel
from karat.core.model.reasons import Reason
from karat.kernel.records import NO_LEVEL
from karat.research.backtest import Backtest
from karat.research.levels import LevelRun
from karat.stats import to_json

EQUITY_BARS_MAX = 100_000  # a longer curve goes to a file (json.md)
SIDES = {1: "long", -1: "short"}
_ORDERS = {1: "buy", -1: "sell"}
_TRADE_COLUMNS = (
    "id", "side", "entry_ts", "exit_ts", "bars_held", "quantity", "entry_price", "exit_price", "pnl", "fees", "funding",
    "borrow", "spread", "slippage", "entry_reason", "reason",
)  # fmt: skip
_FILL_COLUMNS = (
    "ts", "bar", "side", "lots", "raw_price", "price", "fee", "spread_cost", "slippage_cost", "reason", "decision_bar",
    "position_before", "equity_before", "gain",
)  # fmt: skip


def backtest_json(result: Backtest, manifest: dict[str, Any], equity_path: Path | None) -> dict[str, Any]:
    """The one object of `karat backtest --json`. `equity_path` holds the equity when it is over `EQUITY_BARS_MAX`."""
    run = result.main_run
    return {
        "manifest": manifest,
        "metrics": metrics_json(result),
        "trades": trades_json(run, result.data.instrument.lot),
        "equity": {"path": str(equity_path)} if equity_path else equity_json(run),
        "open_position": open_json(run, result.data.instrument.lot),
        "refusals": dict(run.refusals),
    }


def setting_json(value: Any) -> Any:
    """What a variant sets: modes by name, a limit that is off undefined."""
    if hasattr(value, "name"):
        return value.name.lower()
    return {"undefined": "off"} if isinstance(value, float) and value != value else value


def settings_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """All that a variant sets, by name."""
    return {name: setting_json(value) for name, value in settings.items()}


def metrics_json(result: Backtest) -> dict[str, Any]:
    """Figures per cost level, the three of json.md first, and the cost at which the edge dies."""
    names = [str(level) for level in CostLevel]
    names += [name for name in result.levels if name not in names]
    levels = {name: _figures(result.levels[name]) for name in names}
    return {**levels, "edge_dies_at_bp": to_json(result.edge_dies_at_bp)}


def _figures(run: LevelRun) -> dict[str, Any]:
    figures: dict[str, Any] = {name: to_json(figure) for name, figure in run.metrics.items()}
    paid: Any = run.paid_bp if len(run.fills["ts"]) else {"undefined": "nothing was filled"}
    return {**figures, "paid_bp": paid}


def trades_json(run: LevelRun, lot: float) -> list[dict[str, Any]]:
    """Every closed trade with its fills."""
    columns = {name: _column(name, getattr(run.trades, name), SIDES) for name in _TRADE_COLUMNS}
    fills = fills_json(run, lot)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    bounds = zip(rows, run.trades.first_fill.tolist(), run.trades.last_fill.tolist(), strict=True)
    return [{**row, "fills": fills[first : last + 1]} for row, first, last in bounds]


def fills_json(run: LevelRun, lot: float) -> list[dict[str, Any]]:
    """Every fill as in "The record of a trade"; `level` is the price of a stop, take or limit, null without."""
    columns = {name: _column(name, run.fills[name], _ORDERS) for name in _FILL_COLUMNS}
    columns["quantity"] = (run.fills["lots"] * lot).tolist()
    ticks, tick = run.fills["level_ticks"].tolist(), run.inputs.rules.tick
    columns["level"] = [None if level == NO_LEVEL else level * tick for level in ticks]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def equity_json(run: LevelRun) -> dict[str, Any]:
    """Equity at every close; `ts` is the time of the close."""
    return {"ts": run.close_ts.tolist(), "value": run.equity.tolist()}


def open_json(run: LevelRun, lot: float) -> dict[str, Any] | None:
    """What is still held, or None."""
    held = run.open_position
    if held is None:
        return None
    names = [name for name in held.__slots__ if name not in ("first_fill", "last_fill")]
    record = {name: getattr(held, name) for name in names}
    return {**record, "side": SIDES[held.side], "fills": fills_json(run, lot)[held.first_fill : held.last_fill + 1]}


def _column(name: str, values: NDArray[Any], sides: dict[int, str]) -> list[Any]:
    if name == "side":
        return [sides[side] for side in values.tolist()]
    if name in ("reason", "entry_reason"):
        return [Reason(code).name.lower() for code in values.tolist()]
    assert values.dtype != np.float64 or math.isfinite(float(values.sum())), f"{name} holds NaN or infinite values"
    return values.tolist()
