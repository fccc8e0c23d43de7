"""The same variants on several markets, put together: one row a variant, whatever markets it earned on.

A figure of the pool is the median over its markets, so that one market cannot carry a variant; its trades are those of
all, its drawdown the worst. A variant that has no figure on one of the markets has none in the pool: unknown is not
good.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karat.core.model.candles import Floats
from karat.kernel.sweep import FIGURES
from karat.research.sweeps.objective import NO_ROWS
from karat.research.sweeps.sweep import Sweep

_ROWS_AT_ONCE = 65_536  # a median sorts a copy of what it is of


def pooled(parts: Sequence[Sweep]) -> Sweep:
    """The pool of sweeps of one grid, the same variants and one objective, each on a market of its own.

    Nothing in it is `refined` or sketched: where the parts scored only their best again, those differ by market, so let
    them be scored with one number of paths. `days` is of the shortest.
    """
    first = parts[0]
    assert all(one.score_names == first.score_names for one in parts), "the parts have one objective"
    assert all(np.array_equal(one.variants, first.variants) for one in parts), "the parts have the same variants"
    figures = _medians([one.figures for one in parts])
    trades, drawdown = FIGURES.index("trades"), FIGURES.index("max_drawdown")
    figures[:, trades] = np.sum([one.figures[:, trades] for one in parts], axis=0)
    figures[:, drawdown] = np.max([one.figures[:, drawdown] for one in parts], axis=0)
    return Sweep(
        grid=first.grid,
        variants=first.variants,
        figures=figures,
        scores=_medians([one.scores for one in parts]),
        refined=NO_ROWS,
        days=min(one.days for one in parts),
        days_per_year=first.days_per_year,
        sketch=None,
        objective=first.objective,
    )


def _medians(columns: Sequence[Floats]) -> Floats:
    """Row by row over the parts; NaN where any of them has none."""
    found = np.empty_like(columns[0])
    for first in range(0, len(found), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        found[rows] = np.median(np.stack([one[rows] for one in columns]), axis=0)
    return found
