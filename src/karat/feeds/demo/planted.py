"""The planted edges of the demo market. Only `path.py` may import this: no product code may know what it should find.

1. Reversion: a transient part of the log price that pulls back to zero. Deviations from a slow mean close again.
2. Trend: a hidden drift that wanders slowly. A move of the last days goes on a little more often than not.

Sizes are chosen to outlast the base costs of a patient strategy; all other symbols are martingales but for the mild
drift of their regimes. A test in tests/unit/demo measures both, and reads the imports.
"""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.ids import MarketId

STEPS_PER_HOUR = 12


@dataclass(frozen=True, slots=True)
class Edge:
    """Both sizes are in deviations of the step: `reversion` of its transient shock, `trend` of its drift."""

    reversion: float = 0.0
    reversion_half_life_steps: float = 1.0
    trend: float = 0.0
    trend_half_life_steps: float = 1.0


NO_EDGE = Edge()

_EDGES = {
    MarketId("simulated:CINDERFALL-USDT"): Edge(trend=0.035, trend_half_life_steps=36.0 * STEPS_PER_HOUR),
    MarketId("simulated:EMBERLYNE-USDT"): Edge(reversion=1.0, reversion_half_life_steps=10.0 * STEPS_PER_HOUR),
}


def edge_of(symbol: MarketId) -> Edge:
    """The edge planted in a symbol, or none."""
    return _EDGES.get(symbol, NO_EDGE)
