"""Is it luck? The record against the number of trials of the ledger, and against the bugs that make such records."""

from __future__ import annotations

import math

import numpy as np

from karat.research.gates import figures
from karat.research.prove.examination import Candidate, Findings
from karat.research.prove.record import marks_of
from karat.research.robustness.stress import cost_stress, delays
from karat.stats.belief.deflated import moments, probabilistic_sharpe
from karat.stats.figure import BANKRUPT, Figure, Undefined, to_json
from karat.stats.returns import returns_of_marks


def luck_of(candidate: Candidate) -> Findings:
    """Sharpe ratios, probabilistic and deflated. The number of trials and their spread come from the ledger."""
    variant, thresholds = candidate.variant, candidate.searcher.settings.thresholds
    standing = candidate.searcher.book.standing(candidate.searcher.strategy, candidate.market)
    account, year = standing.account, variant.days_per_year
    returns, charged = returns_of_marks(marks_of(variant)[1]), standing.effective_trials
    benchmark = account.luck_of(charged)
    found = moments(returns) if np.isfinite(returns).all() else BANKRUPT
    deflated: Figure = found if isinstance(found, Undefined) else probabilistic_sharpe(found, benchmark)
    told: dict[str, Figure] = {
        "days": float(len(returns)),
        "trades": variant.run.metrics["trades"],
        "annual_sharpe": figures.annual_sharpe(returns, year, thresholds),
        "probabilistic_sharpe": figures.probabilistic_sharpe(returns),
        "deflated_sharpe": deflated,
        "t_ratio": figures.t_ratio(returns, year, thresholds),
        "haircut_sharpe": figures.haircut_sharpe(returns, year, charged, thresholds),
        "drawdown_plausibility": figures.drawdown_plausibility(returns),
        "rolling_positive": figures.rolling_positive(returns, thresholds),
        "rolling_worst": figures.rolling_worst(returns, year, thresholds),
    }
    numbers = {
        "family": account.family, "trials": account.trials, "effective_trials": account.effective,
        "looks_into_vault": standing.looks, "charged_trials": charged, "runs": account.runs,
        "ledger_lines": standing.lines, "annual_sharpe_of_luck": benchmark * math.sqrt(year),
        "track_record_days_needed": to_json(figures.minimum_track_days(returns, thresholds)),
    }  # fmt: skip
    return Findings(told, numbers)


def bugs_of(candidate: Candidate) -> Findings:
    """Later fills and double costs: what lives on the timing of one bar, or on fills that nobody gets, is none."""
    variant, thresholds = candidate.variant, candidate.searcher.settings.thresholds
    later = delays(variant)
    fall = later[0].sharpe_fall
    kept: Figure = fall if isinstance(fall, Undefined) else 1.0 - fall
    costs = cost_stress(variant, thresholds.setting("cost_stress"))
    told: dict[str, Figure] = {
        "sharpe_kept_one_bar_later": kept, "profit_factor_at_double_costs": costs.outcome.profit_factor,
        "order_share_of_volume": figures.order_share_of_volume(variant, thresholds),
    }  # fmt: skip
    numbers = {
        "edge_dies_at_bp": to_json(costs.dies_at_bp), "paid_bp": costs.paid_bp, "cost_times": costs.times,
        "sharpe_at_double_costs": to_json(costs.outcome.sharpe),
        "later": [{"bars": one.bars, "sharpe": to_json(one.outcome.sharpe)} for one in later],
    }  # fmt: skip
    return Findings(told, numbers)
