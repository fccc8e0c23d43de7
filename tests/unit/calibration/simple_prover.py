"""A prover that is real but simple: the deflated Sharpe ratio of the best of a small sweep, before the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from karat.research.calibration.markets import Panel
from karat.research.calibration.naive import POLICIES
from karat.research.calibration.prover import Judged
from karat.research.gates.verdict import Grade
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.stats.belief.deflated import deflated_sharpe, moments
from karat.stats.figure import Undefined
from karat.strategies import find_strategy


@dataclass(frozen=True)
class SimpleProver:
    """Writes the names of its panels to `log`, and is interrupted when it has judged `panels_max` of them."""

    level: float = 0.95
    log: Path | None = None
    panels_max: int = 1_000_000

    @property
    def told(self) -> Mapping[str, Any]:
        return {"name": "simple", "level": self.level}

    def judge(self, panel: Panel) -> Sequence[Judged]:
        if self.log is not None:
            judged = self.log.read_text().split() if self.log.exists() else []
            if len(judged) >= self.panels_max:
                raise KeyboardInterrupt
            self.log.write_text(" ".join([*judged, panel.spec.name]))
        found: list[Judged] = []
        for data in panel.markets:
            bars = int(np.searchsorted(data.candles.ts, data.entry.vault_start_ts))
            early = replace(data, market=data.market[slice(0, bars)])
            grid = SweepGrid({"fast_period": (15, 20), "slow_period": (50, 60)}, {})
            runs = daily_runs(early, find_strategy("ema_crossover"), grid, POLICIES["pessimistic_costs"])
            best = max((moments(np.ascontiguousarray(one)) for one in runs.returns.T), key=_sharpe)
            belief = 0.0 if isinstance(best, Undefined) else deflated_sharpe(best, 1.0 / best.n, 4.0)
            is_gold = not isinstance(belief, Undefined) and belief >= self.level
            found.append(Judged(Grade.GOLD, None) if is_gold else Judged(Grade.BURIED, "sweep: deflated_sharpe"))
        return found


def _sharpe(of: Any) -> float:
    return -1e9 if isinstance(of, Undefined) else of.sharpe
