"""The prover as a calibration meets it: the same code on markets in memory, with smaller sweeps and a ledger a panel.

A market's verdict is the best that any of the strategies gets on it, because that is what a user would act on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.policy import Policy
from karat.core.time import HOUR_MS
from karat.research.backtest import MarketData
from karat.research.calibration.markets import Panel
from karat.research.calibration.prover import Judged
from karat.research.gates.verdict import Grade
from karat.research.ledger.trials import TrialLedger
from karat.research.prove.ground import Book, swept_in_memory
from karat.research.prove.proving import Request, prove
from karat.research.prove.settings import Effort, ProofSettings
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice
from karat.research.sweeps.sweep import Sweep
from karat.strategies import Strategy, code_hash, find_strategy

STRATEGIES = ("bollinger_mean_reversion", "donchian_breakout", "ema_crossover", "rsi_macd_momentum")
_ORDER = (Grade.BURIED, Grade.NO_EVIDENCE, Grade.WATCH, Grade.GOLD)


@dataclass(frozen=True, slots=True)
class PanelGround:
    """The markets of one panel."""

    markets: Mapping[MarketId, MarketData]

    def before_vault(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        whole = self.markets[market]
        end = int(np.searchsorted(whole.candles.ts, whole.entry.vault_start_ts))
        return replace(whole, market=whole.market[:end])

    def whole(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        return self.markets[market]

    def sweep(self, data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice) -> Sweep:
        return swept_in_memory(data, strategy, grid, policy, choice, workers=1)


@dataclass(frozen=True, slots=True)
class CalibratedProver:
    """Satisfies `research.calibration.prover.Prover`."""

    settings: ProofSettings

    @property
    def told(self) -> Mapping[str, Any]:
        strategies = {name: code_hash(find_strategy(name)) for name in STRATEGIES}
        return {"strategies": strategies, **self.settings.as_dict()}

    def judge(self, panel: Panel) -> Sequence[Judged]:
        ground = PanelGround({MarketId(one.candles.market): one for one in panel.markets})
        request = Request(tuple(ground.markets), (HOUR_MS,))
        with tempfile.TemporaryDirectory(prefix="karat-calibrate-") as home:
            book = Book(TrialLedger(Path(home)), lambda: 0)
            found = [
                prove(find_strategy(name), request, ground, book, self.settings, progress=_silent)
                for name in STRATEGIES
            ]
        return [_best(own) for own in zip(*found, strict=True)]


def calibrated_prover() -> CalibratedProver:
    """The prover with the sweeps of a calibration."""
    return CalibratedProver(ProofSettings(effort=Effort.small()))


def _best(proofs: Sequence[Mapping[str, Any]]) -> Judged:
    best = max(proofs, key=lambda one: (_ORDER.index(Grade(one["verdict"])), len(one["stages"])))
    grade = Grade(best["verdict"])
    where = f"{best['stage'] or 'gates'}: {best['decided_by']}"
    return Judged(grade, None if grade is Grade.GOLD else where)


def _silent(step: str) -> None:
    """Nobody watches one panel."""
