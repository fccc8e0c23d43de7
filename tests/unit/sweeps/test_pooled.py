"""Variants on several markets, put together."""

from __future__ import annotations

import numpy as np

from karat.kernel.sweep import FIGURES
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import NO_ROWS
from karat.research.sweeps.pooled import pooled
from karat.research.sweeps.sweep import Sweep

GRID = SweepGrid({"fast_period": (5, 10, 20)}, {})


def on_a_market(days: int, *rows: dict[str, float]) -> Sweep:
    figures = np.array([[row[name] for name in FIGURES] for row in rows])
    return Sweep(GRID, np.arange(3), figures, np.zeros((3, 0)), NO_ROWS, days, 365.0, None)


def figures(sharpe: float, trades: float = 10.0, max_drawdown: float = 0.1) -> dict[str, float]:
    return {"total_return": sharpe / 10.0, "max_drawdown": max_drawdown, "sharpe": sharpe, "trades": trades}


def test_one_market_does_not_carry_a_variant() -> None:
    nan = float("nan")
    found = pooled(
        [
            on_a_market(100, figures(9.0), figures(1.0, 5.0, 0.4), figures(1.0)),
            on_a_market(90, figures(-1.0), figures(2.0, 6.0, 0.2), figures(nan)),
            on_a_market(80, figures(-2.0), figures(3.0, 7.0, 0.3), figures(1.0)),
        ]
    )
    assert found.column("sharpe")[:2].tolist() == [-1.0, 2.0]
    assert np.isnan(found.column("sharpe")[2])  # on one market it has none
    assert found.column("trades")[1] == 18.0
    assert found.column("max_drawdown")[1] == 0.4
    assert found.days == 80
    assert found.best(3, "sharpe") == [1, 0]
