"""All that a verdict reads, in one record: numbers, or the reasons why there are none."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from karat.stats.figure import Figure, Undefined, is_defined, to_json

NOT_REACHED = Undefined("not looked at yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One strategy on one market, at the pessimistic level of costs unless said otherwise.

    Shares are of 1, Sharpe ratios annual, drawdowns and losses positive. Infinite or NaN figures are a programmer's
    error. `NOT_REACHED` stands where a stage has not been gone through, which is not the same as a figure that could
    not be told: only the latter keeps a failure from burying.
    """

    bar_ms: int  # length of the bars that were decided on
    days: Figure  # length of the record outside the vault
    trades: Figure  # closed, in all of it
    trades_out_of_sample: Figure  # closed in the walk-forward's test windows
    annual_sharpe: Figure
    sharpe_kept_one_bar_later: Figure  # Sharpe with fills one more bar late / Sharpe
    profit_factor_at_double_costs: Figure
    probabilistic_sharpe: Figure  # against 0
    best_trades_profit_share: Figure  # of all profit
    best_month_profit_share: Figure
    largest_symbol_share: Figure
    largest_regime_share: Figure
    regimes_positive: Figure  # number of the five
    worst_regime_drawdown: Figure
    deflated_sharpe: Figure  # with the effective trials of the ledger
    superior_p_value: Figure  # SPA against buy and hold, consistent
    out_of_sample_loss: Figure  # probability, of the splits of CSCV
    t_ratio: Figure
    haircut_sharpe: Figure
    plateau_score: Figure
    neighbours_profitable: Figure
    walk_forward_efficiency: Figure  # annual return out of sample / in sample
    walk_forward_positive: Figure  # share of windows
    walk_forward_t_ratio: Figure
    combinatorial_sharpe_low: Figure
    combinatorial_median_kept: Figure  # median Sharpe of paths / in sample
    vault_return: Figure
    loss_probability_year: Figure
    drawdown_high: Figure  # 95th percentile of paths
    drawdown_high_over_observed: Figure
    ruin_probability: Figure
    rolling_positive: Figure  # share of windows
    rolling_worst: Figure  # CAGR of the worst window
    drawdown_plausibility: Figure  # chance of one as small by Brownian motion of its drift and volatility
    order_share_of_volume: Figure

    def __post_init__(self) -> None:
        assert self.bar_ms > 0, "bars have a length"
        for name in figure_names():
            figure = self.figure(name)
            assert not is_defined(figure) or math.isfinite(figure), f"{name} is neither a number nor undefined"

    def figure(self, name: str) -> Figure:
        """A figure by its name."""
        figure: Figure = getattr(self, name)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """For json: `bar_ms`, and every figure as in `stats.figure.to_json`."""
        return {"bar_ms": self.bar_ms, **{name: to_json(self.figure(name)) for name in figure_names()}}


def figure_names() -> tuple[str, ...]:
    """The names of all figures, in order."""
    return tuple(one.name for one in fields(Evidence) if one.name != "bar_ms")


def no_evidence_yet(bar_ms: int) -> Evidence:
    """The record before the first stage; `dataclasses.replace` fills it stage by stage."""
    unknown: dict[str, Any] = dict.fromkeys(figure_names(), NOT_REACHED)
    return Evidence(bar_ms=bar_ms, **unknown)
