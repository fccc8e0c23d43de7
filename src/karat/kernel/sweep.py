"""Many policies over one market and one set of signals: the loop of `loop.py` once per row, four figures each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from karat.core.compiled import compiled, inlined
from karat.core.model.candles import Floats
from karat.kernel.columns import rules_of
from karat.kernel.loop import closing_day, simulate
from karat.kernel.records import Bars, Signal
from karat.kernel.state import fresh_records

FIGURES = ("total_return", "max_drawdown", "sharpe", "trades")


def daily_room(variants: int, bars: Bars | None) -> Floats:
    """Room for the equity at the end of each day of each variant, the start first; one cell each without `bars`."""
    days = 0 if bars is None else int(bars.mark_day[-1] - bars.mark_day[0]) + 1
    return np.empty((variants, 1 + days))


@inlined
def sharpe_of(days: int, total: float, squares: float, days_per_year: float) -> float:
    """Rule 33 from sums; NaN where it is undefined (fewer than two days, no deviation)."""
    if days < 2:
        return math.nan
    variance = (squares - total * total / days) / (days - 1)
    if not variance > 1e-12 * squares / days:
        return math.nan
    return total / days / math.sqrt(variance) * math.sqrt(days_per_year)


@inlined
def figures_of_marks(capital: float, marks: Any, money: Any, days_per_year: float, daily: Any) -> Any:
    """`FIGURES` of a run that is over; the ends of `daily` (`marks.new_day`) are written."""
    days, total, squares = closing_day(marks)
    if len(daily) > 1:
        daily[0], daily[days] = capital, marks.equity
    sharpe = sharpe_of(days, total, squares, days_per_year)
    return marks.equity / capital - 1.0, marks.max_drawdown, sharpe, float(money.closed_trades)


@inlined
def _figures(
    rules: Any, features: Any, bars: Any, spans: Any, detail: Any, signal: Any, equities: Any, positions: Any,
    daily: Any, days_per_year: float,
) -> Any:  # fmt: skip
    """`FIGURES` of one policy."""
    holding, levels, trade, money, order, limit, marks, blocks = fresh_records(rules.capital)
    _done, holding, levels, trade, money, order, limit, marks, blocks = simulate(
        rules, features, bars, spans, detail, signal, None, equities, positions, daily, 0, len(bars.close), 0, holding,
        levels, trade, money, order, limit, marks, blocks,
    )  # fmt: skip
    return figures_of_marks(rules.capital, marks, money, days_per_year, daily)


@compiled
def sweep_rows(
    rows: Any, features: Any, bars: Any, spans: Any, detail: Any, signal: Any, equities: Any, positions: Any,
    days_per_year: float, daily: Any, out: Any,
) -> None:  # fmt: skip
    """Simulate each of `rows` (policies as in `columns.policy_row`) and write `FIGURES` to `out[row]`.

    `daily[row]` is a column for the equity at the end of each day, the start first, or one cell (`daily_room`).
    """
    for row in range(len(rows)):
        rules = rules_of(rows[row])
        out[row] = _figures(
            rules, features, bars, spans, detail, signal, equities, positions, daily[row], days_per_year
        )


@compiled
def sweep_codes(
    codes: Any, following: Any, within: Any, confidences: Any, row: Any, features: Any, bars: Any, spans: Any,
    detail: Any, nothing: Any, equities: Any, positions: Any, days_per_year: float, daily: Any, out: Any,
) -> None:  # fmt: skip
    """Simulate one policy over each of many signals: a row of packed codes, of `code_columns`, of confidences each.

    `nothing` is the column that stands where a strategy gives no stop, take, size scale, leverage or target.
    """
    rules = rules_of(row)
    for variant in range(len(codes)):
        signal = Signal(
            codes[variant], following[variant], within[variant], confidences[variant], nothing, nothing, nothing,
            nothing, nothing,
        )  # fmt: skip
        out[variant] = _figures(
            rules, features, bars, spans, detail, signal, equities, positions, daily[variant], days_per_year
        )
