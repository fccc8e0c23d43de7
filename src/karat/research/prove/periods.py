"""Stage 5: five period regimes, fixed by rule before anything was searched, each judged apart."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from karat.core.errors import InputError
from karat.research.gates.thresholds import Thresholds
from karat.research.period_figures import (
    PeriodFigures,
    largest_regime_share,
    regimes_positive,
    worst_regime_drawdown,
)
from karat.research.period_regimes import Periods
from karat.research.prove.record import by_period, curve, marks_of, periods_of
from karat.research.prove.stage import Check, Stage, StageResult, at_least
from karat.research.robustness.variant import Variant
from karat.stats.figure import Figure, Undefined, to_json

_FIGURES = ("regimes_positive", "worst_regime_drawdown", "largest_regime_share")


def judge_periods(variant: Variant, thresholds: Thresholds) -> tuple[StageResult, dict[str, Figure]]:
    """The stage, and the figures of the evidence that it fills."""
    try:
        periods = periods_of(variant)
    except InputError as error:
        none = Undefined(error.message)
        return StageResult(Stage.REGIMES, (at_least("regimes_positive", none, 0.0),)), dict.fromkeys(_FIGURES, none)
    found = by_period(variant, periods)
    needed = thresholds.gate("regimes_positive").value
    figures: dict[str, Figure] = {
        "regimes_positive": regimes_positive(found, int(needed)),
        "worst_regime_drawdown": worst_regime_drawdown(found),
        "largest_regime_share": largest_regime_share(found),
    }
    limit, fall = thresholds.gate("worst_regime_drawdown").value, figures["worst_regime_drawdown"]
    checks = (
        at_least("regimes_positive", figures["regimes_positive"], needed),
        Check("worst_regime_drawdown", fall, f"at most {limit:g}", not isinstance(fall, Undefined) and fall <= limit),
    )
    pictures = {"equity": curve(*marks_of(variant)), "periods": _segments(periods)}
    return StageResult(Stage.REGIMES, checks, {"regimes": [_told(one) for one in found]}, pictures), figures


def _told(one: PeriodFigures) -> dict[str, Any]:
    told = asdict(one)
    for name in ("total_return", "sharpe", "max_drawdown"):
        told[name] = to_json(getattr(one, name))
    return {**told, "period": one.period.value, "judged": one.is_judged, "positive": one.is_positive}


def _segments(periods: Periods) -> list[dict[str, Any]]:
    return [{"period": one.period.value, "begin": one.begin_ts, "end": one.end_ts} for one in periods.segments]
