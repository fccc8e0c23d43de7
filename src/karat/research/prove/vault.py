"""The last stage: one look into the vault, with parameters that can no longer be changed.

1. It is opened once a family of strategies and market. Another opening, with whatever parameters, is refused: the
   second look chooses. What was opened with stays with the ledger, so a proof that was killed goes on with the same.
2. The look is recorded before a bar is read.
3. The run begins flat at the vault's first bar, with signals that have seen the bars before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.core.time import DAY_MS, iso, timeframe_text
from karat.kernel.sweep import FIGURES
from karat.research.json_form import settings_json
from karat.research.ledger.trials import Read
from karat.research.manifest import policy_json
from karat.research.prove.ground import TOOL
from karat.research.prove.record import curve
from karat.research.prove.search import Searcher
from karat.research.prove.stage import Stage, StageResult, above
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.research.validation.seen_before import KnownSignals, part_of, seen_before
from karat.stats.figure import Figure, Undefined, defined_or, to_json
from karat.strategies import code_hash


def open_vault(
    searcher: Searcher, market: MarketId, timeframe_ms: int, settings: Mapping[str, Any]
) -> tuple[StageResult, Figure]:
    """The stage, and the return of the vault; undefined where it was opened before with anything else."""
    strategy, bound = searcher.strategy, searcher.settings.thresholds.gate("vault_return").value
    entry = searcher.ground.before_vault(market, timeframe_ms, strategy.needs).entry
    read = Read(
        tool=TOOL,
        market=market,
        timeframe=timeframe_text(timeframe_ms),
        first_ms=entry.vault_start_ts,
        end_ms=entry.last_ts + timeframe_ms,
        what={
            "code_hash": code_hash(strategy), "timeframe": timeframe_text(timeframe_ms),
            "settings": settings_json(settings),
            "policy": policy_json(searcher.policy),
        },
    )  # fmt: skip
    before = searcher.book.opening(strategy, market)
    if before is not None and before.what != read.what:
        opened = f"the vault of {market} was opened for this family before, with {_told(before.what)}; it opens once"
        none = Undefined(opened)
        return StageResult(Stage.VAULT, (above("vault_return", none, bound),)), none
    if before is None:
        searcher.book.open(strategy, read)
    return _looked(searcher, before or read, timeframe_ms, settings)


def _told(what: Mapping[str, Any]) -> str:
    settings = what.get("settings", {})
    return " ".join(f"{name}={value}" for name, value in settings.items()) or "the same parameters and other code"


def _looked(
    searcher: Searcher, read: Read, timeframe_ms: int, settings: Mapping[str, Any]
) -> tuple[StageResult, Figure]:
    strategy, bound = searcher.strategy, searcher.settings.thresholds.gate("vault_return").value
    whole = searcher.ground.whole(MarketId(read.market), timeframe_ms, strategy.needs)
    begin, end = np.searchsorted(whole.candles.ts, (read.first_ms, read.end_ms)).tolist()
    known = KnownSignals(strategy, whole.market[:end])
    names = {one.name for one in strategy.parameters}
    grid = SweepGrid(
        {name: (value,) for name, value in settings.items() if name in names},
        {name: (value,) for name, value in settings.items() if name not in names},
    )
    runs = daily_runs(part_of(whole, (begin, end)), seen_before(known, (begin, end)), grid, searcher.policy)
    figures = dict(zip(FIGURES, runs.figures[0].tolist(), strict=True))
    earned = defined_or(figures["total_return"], Undefined("nothing was earned or lost in the vault"))
    none = Undefined("no trade in the vault")
    numbers = {
        "begin": iso(read.first_ms), "end": iso(read.end_ms), "days": len(runs.days), "bars": end - begin,
        **{name: to_json(defined_or(value, none)) for name, value in figures.items()},
    }  # fmt: skip
    pictures = {"equity": curve(runs.days * DAY_MS, runs.daily[0])}
    return StageResult(Stage.VAULT, (above("vault_return", earned, bound),), numbers, pictures), earned
