"""What each figure of the summary is: its name, unit, meaning and where the definition comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a summary. `unit` is one of fraction, ratio, money, days, bars, count, per_year."""

    name: str
    unit: str
    meaning: str
    source: str


METRICS: tuple[Metric, ...] = (
    Metric("total_return", "fraction", "Equity at the end against the start, less one.", "rule 31"),
    Metric("cagr", "fraction", "Yearly compound growth over the days of the run.", "empyrical cagr, days of rule 33"),
    Metric("rolling_cagr_worst", "fraction", "CAGR of the worst rolling window.", "vector rolling_cagr"),
    Metric("rolling_cagr_median", "fraction", "CAGR of the median rolling window.", "vector rolling_cagr"),
    Metric("rolling_cagr_positive", "fraction", "Share of rolling windows that gained.", "vector rolling_cagr"),
    Metric("volatility", "fraction", "Yearly sample deviation of daily returns.", "empyrical annual_volatility"),
    Metric("sharpe", "ratio", "Yearly mean over deviation of daily returns, risk-free 0.", "rule 33"),
    Metric("sharpe_error", "ratio", "Standard error of the yearly Sharpe, independent returns.", "Lo 2002, equation 9"),
    Metric("sortino", "ratio", "Yearly mean over downside deviation of daily returns.", "empyrical sortino_ratio"),
    Metric("calmar", "ratio", "CAGR over the largest drawdown.", "empyrical calmar_ratio, drawdown of rule 32"),
    Metric("max_drawdown", "fraction", "Largest fall from a peak at closes, start included.", "rule 32"),
    Metric("drawdown_bars", "bars", "Longest stretch of closes under water.", "rule 32, vector mdd_series"),
    Metric("drawdown_days", "days", "Longest time from a peak to the last close under it.", "rule 32"),
    Metric("ulcer_index", "fraction", "Root mean square drawdown at closes.", "vector mdd_series"),
    Metric("value_at_risk_95", "fraction", "Loss exceeded on 1 day in 20, historical.", "empyrical value_at_risk"),
    Metric("expected_shortfall_95", "fraction", "Mean loss of the worst 1 in 20 days.", "empyrical cvar"),
    Metric("value_at_risk_99", "fraction", "Loss exceeded on 1 day in 100, historical.", "empyrical value_at_risk"),
    Metric("expected_shortfall_99", "fraction", "Mean loss of the worst 1 in 100 days.", "empyrical cvar"),
    Metric("worst_day", "fraction", "Lowest daily return.", "rule 33"),
    Metric("best_day", "fraction", "Highest daily return.", "rule 33"),
    Metric("worst_month", "fraction", "Lowest monthly return.", "rule 33"),
    Metric("months_positive", "fraction", "Share of calendar months that gained.", "rule 33"),
    Metric("days", "count", "Days of the run, partial ones included; sessions for equities.", "rule 33"),
    Metric("trades", "count", "Closed trades.", "rule 18"),
    Metric("win_rate", "fraction", "Share of closed trades with a net gain.", "rules 10 and 22"),
    Metric("profit_factor", "ratio", "Money won over money lost, net.", "quantstats profit_factor"),
    Metric("payoff_ratio", "ratio", "Mean winning over mean losing trade, net.", "quantstats payoff_ratio"),
    Metric("expectancy", "money", "Mean net result of a trade.", "definition"),
    Metric("expectancy_r", "ratio", "Mean net result in units of money at risk at entry.", "definition"),
    Metric("trade_return", "fraction", "Mean of net result over entry notional.", "definition"),
    Metric("best_trade", "money", "Highest net result of a trade.", "definition"),
    Metric("worst_trade", "money", "Lowest net result of a trade.", "definition"),
    Metric("bars_held", "bars", "Mean bars held, the entry bar included.", "rule 16"),
    Metric("exposure", "fraction", "Share of bars that closed in a position.", "definition"),
    Metric("turnover", "per_year", "Notional of all fills over mean equity, per year.", "definition"),
    Metric("costs", "money", "Fees, spread, slippage, funding and borrow of closed trades.", "rules 11 and 31"),
    Metric("cost_share", "fraction", "Costs over profit before costs, of closed trades.", "definition"),
)
