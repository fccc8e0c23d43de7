"""Can it be lived with? What the record depends on, and how it could have gone."""

from __future__ import annotations

from typing import Any

from karat.research.prove.examination import Candidate, Findings
from karat.research.robustness.dependence import dependence
from karat.research.robustness.paths import ResampledDays
from karat.research.robustness.report import Robustness, json_of, robustness
from karat.stats.figure import Figure, Undefined


def dependence_of(candidate: Candidate) -> Findings:
    """The best trades, the best month, one symbol; and the plateau it stands on."""
    found, plateau = dependence(candidate.variant), candidate.plateau
    figures: dict[str, Figure] = {
        "best_trades_profit_share": found.best_trades,
        "best_month_profit_share": found.best_month,
        "largest_symbol_share": candidate.shares.largest,
        "plateau_score": plateau.score,
        "neighbours_profitable": plateau.profitable,
    }
    return Findings(
        figures, {"month": found.month, "trades_counted": found.trades_counted, **candidate.shares.as_dict()}
    )


def paths_of(candidate: Candidate) -> Findings:
    """Monte Carlo and stress of every kind."""
    settings = candidate.searcher.settings
    found = robustness(candidate.variant, settings.effort.robustness)
    year = found.year
    figures: dict[str, Figure] = {
        "loss_probability_year": _of(year, "loss"),
        "ruin_probability": _of(year, "ruin"),
        "drawdown_high": year if isinstance(year, Undefined) else year.drawdown.at(95),
        "drawdown_high_over_observed": _of(found.record, "drawdown_over_real"),
    }
    return Findings(figures, _told(found))


def _of(days: ResampledDays | Undefined, name: str) -> Figure:
    figure: Figure = days if isinstance(days, Undefined) else getattr(days, name)
    return figure


def _told(found: Robustness) -> dict[str, Any]:
    told: dict[str, Any] = json_of(found)
    return told
