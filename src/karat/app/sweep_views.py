"""What karat sweep prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from karat.app.console import show, undefined
from karat.core.time import iso, timeframe_text
from karat.research.json_form import settings_json

if TYPE_CHECKING:
    from karat.research.backtest import MarketData
    from karat.research.sweeps.objective import Consistency
    from karat.research.sweeps.sweep import Sweep

_SHARES = ("consistency", "growth_low", "growth_middle", "growth_high", "cagr")


def show_sweep(result: Sweep, data: MarketData, costs: str, by: str, top: int) -> None:
    """Print the best of a sweep, and what it was made of."""
    from rich.table import Table

    from karat.kernel.sweep import FIGURES
    from karat.research.adjusted_prices import adjustment_json, adjustment_words
    from karat.research.manifest import data_quality
    from karat.research.sweeps.objective import Consistency

    candles = data.candles
    last = int(candles.ts[-1]) + candles.timeframe_ms
    label = "SIMULATED DATA. " if data.entry.quality.simulated else ""
    assumed = "assumed" if data.instrument.assumed else "known"
    show(
        f"{label}{candles.market} {timeframe_text(candles.timeframe_ms)}, {iso(int(candles.ts[0]))} to {iso(last)},"
        f" before its vault. Costs {costs}. Instrument {assumed}."
    )
    quality = data_quality(data)
    show(f"Data quality {quality['score']:g} of 100, {quality['coverage']['share']:.2%} of the bars are there.")
    for told in adjustment_json(data.adjustment, int(candles.ts[0])).values():
        show(f"Prices: {adjustment_words(told)}.")
    table = Table()
    names = list(result.settings(0))
    for head in ("variant", *names, *result.score_names, *FIGURES):
        table.add_column(head.replace("_", " "), justify="right")
    best = result.best(top, by)
    for k in best:
        given, scored = result.settings(k), zip(result.score_names, result.scores[k], strict=True)
        scores = (_score(name, float(value)) for name, value in scored)
        table.add_row(str(result.variants[k]), *(_shown(given[name]) for name in names), *scores, *_figures(result, k))
    show(table if best else no_best(result, by))
    if "," in by:
        show("No variant beats one of these in both.")
    skipped = (
        f" {result.skipped:,} combinations contradict themselves and were not simulated." if result.skipped else ""
    )
    if isinstance(result.objective, Consistency):
        show(_scored(result, result.objective))
    pruned = f" {len(result.pruned):,} of them were given up half way." if len(result.pruned) else ""
    show(f"{result.trials:,} trials were made to find these: the best of many is partly luck.{pruned}{skipped}")


def no_best(result: Sweep, by: str) -> str:
    """Why nothing can be ordered."""
    why = "no Sharpe ratio" if result.objective is None else result.objective.why_undefined
    return f"None of the {result.trials:,} trials has a defined {by}: {why}."


def _score(name: str, value: float) -> str:
    if value != value:
        return "—"
    return f"{value:+.2%}" if name in _SHARES else f"{value:.4g}"


def score_text(name: str, value: Any) -> str:
    """A figure of a row of `row_json`, as a person reads it; a dash where it is undefined."""
    if value is None or isinstance(value, dict):
        return "—"
    if name == "max_drawdown":
        return f"{value:.2%}"
    if name == "total_return":
        return f"{value:+.2%}"
    return f"{value:.0f}" if name == "trades" else f"{value:.2f}" if name == "sharpe" else _score(name, value)


def _scored(result: Sweep, rule: Consistency) -> str:
    return (
        f"Growth is that of {rule.window_days} of its days drawn again, made annual: {rule.paths} times for each"
        f" variant, {rule.best_paths:,} times for the best {len(result.refined):,}. Low and high are the 1st and 99th"
        f" percentile; consistency is the middle less {rule.penalty:g} times what lies between them."
    )


def _shown(value: Any) -> str:
    return value.name.lower() if hasattr(value, "name") else f"{value:g}" if isinstance(value, float) else str(value)


def _figures(result: Sweep, k: int) -> tuple[str, str, str, str]:
    total, drawdown, sharpe, trades = (float(value) for value in result.figures[k])
    return f"{total:+.2%}", f"{drawdown:.2%}", "—" if sharpe != sharpe else f"{sharpe:.2f}", f"{trades:.0f}"


def sweep_json(result: Sweep, data: MarketData, costs: str, by: str, top: int) -> dict[str, Any]:
    """The same, JSON-ready."""
    from karat.research.adjusted_prices import adjustment_json
    from karat.research.data_gate import bars_hash
    from karat.research.manifest import data_quality

    candles, best = data.candles, result.best(top, by)
    return {
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first": int(candles.ts[0]),
        "last": int(candles.ts[-1]),
        "data_hash": data.entry.hash,
        "bars_hash": bars_hash(candles, data.market.funding),
        "quality": data_quality(data),
        **adjustment_json(data.adjustment, int(candles.ts[0])),
        "simulated": data.entry.quality.simulated,
        "assumed": data.instrument.assumed,
        "cost_level": costs,
        "ordered_by": by,
        "variants": result.grid.variants,
        "trials": result.trials,
        "skipped": result.skipped,
        "pruned": len(result.pruned),
        "best": [row_json(result, k) for k in best],
        **({} if best else {"best_undefined": no_best(result, by)}),
    }


def row_json(result: Sweep, k: int) -> dict[str, Any]:
    """A variant with all its figures, JSON-ready."""
    from karat.kernel.sweep import FIGURES

    figures = {
        name: float(value) if value == value else undefined("fewer than two days, or no deviation")
        for name, value in zip(FIGURES, result.figures[k], strict=True)
    }
    if result.objective is not None:
        none = undefined(result.objective.why_undefined)
        scored = zip(result.score_names, result.scores[k], strict=True)
        figures |= {name: float(value) if value == value else none for name, value in scored}
    if len(result.refined):
        figures |= {"scored_on_many_paths": bool((result.refined == k).any())}
    given = settings_json(result.settings(k))
    return {"variant": int(result.variants[k]), "set": given, **figures}
