"""Performance figures: pure functions from arrays to numbers, undefined with a reason instead of infinities."""

from karat.stats.catalogue import METRICS, Metric
from karat.stats.drawdown import Drawdown, drawdown_figures, drawdown_length, max_drawdown
from karat.stats.figure import Figure, Undefined, is_defined, to_json
from karat.stats.months import YearRow, monthly_table
from karat.stats.ratios import (
    calmar,
    sharpe,
    sharpe_columns,
    sharpe_from_sums,
    sharpe_or_nan,
    sortino,
    volatility,
)
from karat.stats.returns import cagr, daily_marks, daily_returns, rolling_cagr, total_return
from karat.stats.summary import SummaryInput, TradeColumns, summary
from karat.stats.tail import expected_shortfall, value_at_risk, worst_day
from karat.stats.trades import (
    cost_share,
    expectancy,
    expectancy_r,
    exposure,
    payoff_ratio,
    profit_factor,
    trade_sums,
    turnover,
    win_rate,
)

__all__ = [
    "METRICS",
    "Drawdown",
    "Figure",
    "Metric",
    "SummaryInput",
    "TradeColumns",
    "Undefined",
    "YearRow",
    "cagr",
    "calmar",
    "cost_share",
    "daily_marks",
    "daily_returns",
    "drawdown_figures",
    "drawdown_length",
    "expectancy",
    "expectancy_r",
    "expected_shortfall",
    "exposure",
    "is_defined",
    "max_drawdown",
    "monthly_table",
    "payoff_ratio",
    "profit_factor",
    "rolling_cagr",
    "sharpe",
    "sharpe_columns",
    "sharpe_from_sums",
    "sharpe_or_nan",
    "sortino",
    "summary",
    "to_json",
    "total_return",
    "trade_sums",
    "turnover",
    "value_at_risk",
    "volatility",
    "win_rate",
    "worst_day",
]
