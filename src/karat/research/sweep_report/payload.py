"""The data inside the page of a sweep: medians over pairs of axes, lines of a sample, counts of every variant.

The page stays small whatever the sweep's size: every variant is in the heat maps and the counts, as medians and numbers
of bins; of lines at most `LINES_MAX` are drawn, half of them the best and the others spread evenly over the rest. What
was left out is said on the page.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.research.report.packing import pack, pack_drawn
from karat.research.sweep_report.ground import DrawnAxis, bins_of, drawn_axes
from karat.research.sweep_report.story import SweepStory
from karat.research.sweeps.objectives import LOWEST_FIRST
from karat.stats.figure import Undefined

PAIRS_MAX = 21  # of seven axes all pairs
FIGURES_MAX = 6
LINES_MAX = 3_000
AXES_MAX = 12  # of parallel coordinates
COUNTS = 80
_COUNTS_MIN = 10
_TAIL = 0.001  # of variants below the first count: one ruin must not squeeze all others into one count
_SHARES = (
    "consistency", "growth_low", "growth_middle", "growth_high", "cagr", "total_return", "max_drawdown",
)  # fmt: skip


def columns_shown(story: SweepStory) -> tuple[str, ...]:
    """The figures that charts can show, what is ordered by first."""
    names = dict.fromkeys([story.goal, "sharpe", "total_return", "max_drawdown", "trades", *story.even.score_names])
    return tuple(names)[:FIGURES_MAX]


def payload(story: SweepStory) -> dict[str, Any]:
    """JSON-ready data of the page; columns as `packing` writes them."""
    axes, names = drawn_axes(story.even.grid), columns_shown(story)
    places = bins_of(story.even, axes)
    simulated = ~np.isnan(story.even.column("trades"))
    values = {name: shown_values(story, name) for name in names}
    return {
        "goal": story.goal,
        "figures": [{"name": name, "share": name in _SHARES, "low": name == LOWEST_FIRST} for name in names],
        "axes": [{"name": axis.name, "labels": axis.labels, "binned": axis.binned} for axis in axes],
        "pairs": _pairs(axes, places, values, simulated),
        "centre": _marked(story.centres[0].row if story.centres else None, places),
        "peak": _marked(story.peaks[0] if story.peaks else None, places),
        "marks": _marks(story, values),
        "lines": _lines(story, axes[:AXES_MAX], places, values, simulated),
        "counts": {name: counted(values[name], simulated) for name in dict.fromkeys([story.goal, "sharpe"])},
        "luck": None if isinstance(story.luck, Undefined) else story.luck,
    }


def shown_values(story: SweepStory, name: str) -> Floats:
    """A figure of every variant; NaN for what was given up half way, whose figures are of that half."""
    values = story.even.column(name).copy()
    values[story.even.pruned] = np.nan
    return values


def _pairs(
    axes: tuple[DrawnAxis, ...], places: dict[str, Ints], values: dict[str, Floats], simulated: Any
) -> list[dict[str, Any]]:
    """For each pair of axes the number of variants in each cell, and the median of each figure over them."""
    pairs = list(combinations(axes, 2))[:PAIRS_MAX]
    cells = [
        (places[x.name].astype(np.int32) * len(y.labels) + places[y.name]).astype(np.int16) for x, y in pairs
    ]  # fmt: skip
    found: list[dict[str, Any]] = [
        {"x": axes.index(x), "y": axes.index(y), "medians": [],
         "count": pack(np.bincount(cell[simulated], minlength=len(x.labels) * len(y.labels)))}
        for (x, y), cell in zip(pairs, cells, strict=True)
    ]  # fmt: skip
    for column in values.values():
        order = np.argsort(column, kind="stable")
        order = order[: np.count_nonzero(~np.isnan(column))]
        for one, (x, y), cell in zip(found, pairs, cells, strict=True):
            one["medians"].append(pack_drawn(medians(column[order], cell[order], len(x.labels) * len(y.labels))))
    return found


def medians(rising: Floats, cells: Ints, count: int) -> Floats:
    """The median of each of `count` cells of values in rising order, NaN where a cell has none."""
    order = np.argsort(cells, kind="stable")
    sorted_values = rising[order]
    sizes = np.bincount(cells, minlength=count)
    ends = np.cumsum(sizes)
    found = np.full(count, np.nan)
    full = sizes > 0
    first = (ends - sizes)[full]
    low, high = first + (sizes[full] - 1) // 2, first + sizes[full] // 2
    found[full] = (sorted_values[low] + sorted_values[high]) / 2.0
    return found


def _marked(row: int | None, places: dict[str, Ints]) -> list[int] | None:
    return None if row is None else [int(some[row]) for some in places.values()]


def _marks(story: SweepStory, values: dict[str, Floats]) -> dict[str, Any]:
    """What the chosen centre is worth, and the highest (of a drawdown the lowest) there is."""
    names = list(dict.fromkeys([story.goal, "sharpe"]))
    centre = None if not story.centres else {name: _number(values[name][story.centres[0].row]) for name in names}
    best = {}
    for name in names:
        known = values[name][~np.isnan(values[name])]
        best[name] = float(known.min() if name == LOWEST_FIRST else known.max()) if len(known) else None
    return {"centre": centre, "best": best}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def line_rows(values: Floats, *, low: bool, simulated: Any, most: int = LINES_MAX) -> tuple[Ints, Ints]:
    """(rows whose lines are drawn, how many are better than each), the best first, those without a value last.

    All rows where there are at most `most`; else half of them the best, the others evenly spread over the rest.
    """
    keys = np.where(np.isnan(values), np.inf, values if low else -values)
    order = np.argsort(keys, kind="stable")
    order = order[simulated[order]]
    ranks = np.arange(len(order))
    if len(order) > most:
        best = most // 2
        rest = best + np.linspace(0, len(order) - best - 1, most - best).astype(np.int64)
        ranks = np.concatenate([ranks[:best], rest])
    return order[ranks], ranks


def _lines(
    story: SweepStory, axes: tuple[DrawnAxis, ...], places: dict[str, Ints], values: dict[str, Floats], simulated: Any
) -> dict[str, Any]:
    rows, ranks = line_rows(values[story.goal], low=story.goal == LOWEST_FIRST, simulated=simulated)
    known = int(np.count_nonzero(~np.isnan(values[story.goal]) & simulated))
    return {
        "of": int(np.count_nonzero(simulated)),
        "known": known,
        "variant": pack(story.even.variants[rows]),
        "rank": pack(ranks),
        "bins": [pack(places[axis.name][rows]) for axis in axes],
        "values": [pack_drawn(column[rows]) for column in values.values()],
    }


def counted(values: Floats, simulated: Any) -> dict[str, Any]:
    """How many variants have which value: `counts` of equal bins from `low` to `high`, `below` it, and `undefined`."""
    known = values[simulated & ~np.isnan(values)]
    undefined = int(np.count_nonzero(simulated)) - len(known)
    if not len(known):
        return {"counts": [], "low": 0.0, "high": 0.0, "below": 0, "undefined": undefined, "median": None}
    low, high = float(np.quantile(known, _TAIL)) if len(known) > 1_000 else float(known.min()), float(known.max())
    bins = min(COUNTS, max(_COUNTS_MIN, int(2.0 * np.sqrt(len(known)))))
    counts, _ = np.histogram(known, bins=bins if high > low else 1, range=(low, high if high > low else low + 1e-9))
    return {
        "counts": counts.tolist(), "low": low, "high": high, "below": int(np.count_nonzero(known < low)),
        "undefined": undefined, "median": float(np.median(known)),
    }  # fmt: skip
