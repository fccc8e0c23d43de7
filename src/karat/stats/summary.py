"""All figures of one run, in the order of METRICS.

1. Equity becomes daily marks and returns once (rule 33); ratios, tails, rolling windows and months are read off these.
2. Drawdown, exposure and mean equity are single passes over the bars.
3. Trade figures are over closed trades only (rule 18); an open position is in the equity and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.time import YEAR_DAYS
from karat.stats import months, ratios, returns, tail, trades
from karat.stats.catalogue import METRICS
from karat.stats.drawdown import drawdown_figures
from karat.stats.figure import BANKRUPT, NO_TRADES, TOO_LARGE, Figure, Undefined, defined_or
from karat.stats.sharpe_error import sharpe_error_iid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TradeColumns:
    """Closed trades as columns of one length, money in the account's currency, no NaN except in `risk`.

    `net_pnl` has fees, funding and borrow taken off and spread and slippage inside; the costs are positive when paid,
    so funding received is negative. `risk` is money from entry to stop, NaN where there was no stop.
    """

    net_pnl: Floats
    fees: Floats
    funding: Floats
    borrow: Floats
    spread: Floats
    slippage: Floats
    bars_held: Ints
    entry_notional: Floats
    risk: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SummaryInput:
    """One run, one value per bar, at least one bar.

    close_ts int64 UTC ms of closes, strictly rising; equity at them; start > 0, held since `start_ts`, the open of the
    first bar; position the signed quantity at each close; traded_notional of all fills. Equities give `session_keys`:
    the New York date of each bar in days since 1970-01-01; their year has 252 days.
    """

    close_ts: Ints
    equity: Floats
    start: float
    start_ts: int
    position: Floats
    trades: TradeColumns
    traded_notional: float
    session_keys: Ints | None = None
    rolling_days: int = 180

    @property
    def periods_per_year(self) -> int:
        return YEAR_DAYS if self.session_keys is None else returns.SESSION_DAYS


def summary(inputs: SummaryInput) -> dict[str, Figure]:
    """Every figure of METRICS, in that order, for one run. Broken inputs are assertions; nothing is infinite."""
    assert len(inputs.equity) > 0, "a run has at least one bar"
    day_ts, marks = returns.daily_marks(
        inputs.close_ts,
        inputs.equity,
        inputs.start,
        sessions=inputs.session_keys is not None,
        session_keys=inputs.session_keys,
    )
    figures: dict[str, Figure] = {"days": float(len(day_ts))}
    figures |= _growth(inputs, marks)
    figures |= _falls(inputs, figures["cagr"])
    daily = returns.returns_of_marks(marks)
    figures |= _daily(daily, inputs.periods_per_year)
    figures |= _monthly(day_ts, marks)
    figures |= _activity(inputs, len(day_ts) / inputs.periods_per_year)
    figures |= _closed_trades(inputs.trades)
    return {metric.name: figures[metric.name] for metric in METRICS}


def _growth(inputs: SummaryInput, marks: Floats) -> dict[str, Figure]:
    end = float(marks[-1])
    return {
        "total_return": returns.total_return(inputs.start, end),
        "cagr": returns.cagr(inputs.start, end, len(marks) - 1, inputs.periods_per_year),
    } | _rolling(marks, inputs.rolling_days, inputs.periods_per_year)


def _rolling(marks: Floats, window_days: int, periods_per_year: float) -> dict[str, Figure]:
    """Order and sign of windows do not change when they are made yearly, so only the windows reported are."""
    growth = returns.rolling_growth(marks, window_days)
    names = ("rolling_cagr_worst", "rolling_cagr_median", "rolling_cagr_positive")
    if not len(growth):
        return dict.fromkeys(names, Undefined(f"fewer than {window_days} days"))
    if not math.isfinite(float(growth.sum())):
        return dict.fromkeys(names, BANKRUPT)
    middle = len(growth) // 2
    ordered = np.partition(growth, (0, max(middle - 1, 0), middle))
    chosen = np.array([ordered[0], ordered[middle - 1 + len(growth) % 2], ordered[middle]])
    with np.errstate(over="ignore"):
        yearly = chosen ** (periods_per_year / window_days) - 1.0
    return {
        "rolling_cagr_worst": defined_or(float(yearly[0]), TOO_LARGE),
        "rolling_cagr_median": defined_or(float(yearly[1] + yearly[2]) / 2.0, TOO_LARGE),
        "rolling_cagr_positive": float(np.count_nonzero(growth > 1.0)) / len(growth),
    }


def _falls(inputs: SummaryInput, cagr: Figure) -> dict[str, Figure]:
    falls = drawdown_figures(inputs.close_ts, inputs.equity, inputs.start, inputs.start_ts)
    return {
        "calmar": ratios.calmar(cagr, falls.max),
        "max_drawdown": falls.max,
        "drawdown_bars": float(falls.longest_bars),
        "drawdown_days": falls.longest_days,
        "ulcer_index": falls.ulcer_index,
    }


def _daily(daily: Floats, periods_per_year: float) -> dict[str, Figure]:
    sharpe = ratios.sharpe(daily, periods_per_year)
    at_95, at_99 = tail.tail_losses_of(daily, (0.95, 0.99))
    return {
        "volatility": ratios.volatility(daily, periods_per_year),
        "sharpe": sharpe,
        "sharpe_error": _yearly_error(sharpe, len(daily), periods_per_year),
        "sortino": ratios.sortino(daily, periods_per_year),
        "value_at_risk_95": at_95[0],
        "expected_shortfall_95": at_95[1],
        "value_at_risk_99": at_99[0],
        "expected_shortfall_99": at_99[1],
        "worst_day": tail.worst_day(daily),
        "best_day": tail.best_day(daily),
    }


def _yearly_error(sharpe: Figure, days: int, periods_per_year: float) -> Figure:
    if isinstance(sharpe, Undefined):
        return sharpe
    scale = ratios.annualisation_factor(periods_per_year)
    error = sharpe_error_iid(sharpe / scale, days)
    return error if isinstance(error, Undefined) else error * scale


def _monthly(day_ts: Ints, marks: Floats) -> dict[str, Figure]:
    _, ends = months.month_marks(day_ts, marks)
    monthly = returns.returns_of_marks(ends)
    worst = float(monthly.min())
    if not math.isfinite(worst):
        return {"worst_month": BANKRUPT, "months_positive": BANKRUPT}
    return {"worst_month": worst, "months_positive": float(np.count_nonzero(monthly > 0.0)) / len(monthly)}


def _activity(inputs: SummaryInput, years: float) -> dict[str, Figure]:
    assert len(inputs.position) == len(inputs.equity), "one position per bar"
    return {
        "exposure": trades.exposure(inputs.position),
        "turnover": trades.turnover(inputs.traded_notional, inputs.equity, years),
    }


def _closed_trades(columns: TradeColumns) -> dict[str, Figure]:
    pnl = columns.net_pnl
    sums = trades.trade_sums(pnl)
    paid = (columns.fees, columns.spread, columns.slippage, columns.funding, columns.borrow)
    costs = sum(float(column.sum()) for column in paid)
    assert math.isfinite(costs), "trade costs hold NaN or infinite values"

    def over_trades(figure: Callable[[], float]) -> Figure:
        return figure() if sums.count else NO_TRADES

    return {
        "trades": float(sums.count),
        "win_rate": trades.win_rate(sums),
        "profit_factor": trades.profit_factor(sums),
        "payoff_ratio": trades.payoff_ratio(sums),
        "expectancy": trades.expectancy(sums),
        "expectancy_r": NO_TRADES if not sums.count else _in_risk(columns),
        "trade_return": trades.trade_return(pnl, columns.entry_notional),
        "best_trade": over_trades(lambda: float(pnl.max())),
        "worst_trade": over_trades(lambda: float(pnl.min())),
        "bars_held": over_trades(lambda: float(columns.bars_held.mean())),
        "costs": costs,
        "cost_share": trades.cost_share(sums.total, costs) if sums.count else NO_TRADES,
    }


def _in_risk(columns: TradeColumns) -> Figure:
    if columns.risk is None:
        return Undefined("no trade had a stop to measure risk by")
    return trades.expectancy_r(columns.net_pnl, columns.risk)
