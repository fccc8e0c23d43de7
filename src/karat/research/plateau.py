"""Whether what a sweep found is a peak or a plateau, and where the plateaus have their centres.

1. The **score** of a variant is the median objective of its neighbours (`plateau_ground.py`) over its own. Chance makes
   peaks: a variant that is good by luck stands alone. The checklist asks for 70%, and for 80% of neighbours that earn.
2. The **height** of a variant is the lower of its own objective and that median: what is left of it when the parameters
   are a little off. Centres are chosen by height, never by the objective alone.
3. Of equal heights the one is taken whose neighbours hold up best, off the edges of the grid where it can be, and in a
   flat that is level all over its middle.
4. Whoever was simulated and has no objective (no trade, no deviation) counts as the lowest of the sweep, and as zero
   where that is above: unknown is not good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.research.plateau_ground import NEIGHBOURHOOD, Ground
from karat.research.sweeps.sweep import Sweep
from karat.stats.figure import Figure, Undefined, quotient

CANDIDATES = 2_000
NEIGHBOURS_MIN = 2
_LEVEL = 1e-9  # heights closer than this share of each other are equal
ALONE = Undefined(f"fewer than {NEIGHBOURS_MIN} neighbours were simulated")
NOT_POSITIVE = Undefined("the objective is not above zero, so nothing is a share of it")


@dataclass(frozen=True, slots=True)
class Plateau:
    """A variant and what surrounds it.

    `row` of the sweep; `objective` its own, undefined where the sweep has none; `median` that of its `neighbours`;
    `score` median / objective; `profitable` the share of neighbours that earned. `edges` are the axes on which the
    variant is the last of the grid: beyond, nobody looked.
    """

    row: int
    objective: Figure
    neighbours: int
    median: Figure
    score: Figure
    profitable: Figure
    edges: tuple[str, ...]


def refuse_no_height(by: str, scores: tuple[str, ...]) -> None:
    """Nothing has a plateau where less is better, or of what a sweep with these scores does not tell. Raises InputError
    `bad_objective`."""
    if by == "max_drawdown":
        raise InputError("bad_objective", "A plateau is of what should be high.", "Order by another figure.")
    if by not in (*FIGURES, *scores):
        raise InputError("bad_objective", f"The sweep was not scored by {by}.", "Give it an objective.")


class Plateaus:
    """The plateaus of a sweep by one objective, of which more is better.

    `sampled`: its variants are a sample of their grid, and neighbours are the nearest. Raises InputError
    `bad_objective` where less is better, or where the sweep was not scored.
    """

    def __init__(
        self, sweep: Sweep, by: str = "sharpe", *, sampled: bool = False, reach: float = NEIGHBOURHOOD
    ) -> None:
        refuse_no_height(by, sweep.score_names)
        self._sweep, self._by, self._objective = sweep, by, sweep.column(by)
        self._earns = sweep.column("total_return") > 0.0
        self._ground = Ground(sweep, sampled=sampled, reach=reach)
        known = self._objective[~np.isnan(self._objective)]
        lowest = min(float(known.min()), 0.0) if len(known) else 0.0
        self._filled = np.where(np.isnan(self._objective), lowest, self._objective)

    def of(self, row: int) -> Plateau:
        """What surrounds the variant of a row."""
        near, own = self._ground.neighbours(row), float(self._objective[row])
        objective: Figure = own if own == own else Undefined("the variant has no objective")
        median, score, profitable = self._around(near, objective)
        return Plateau(row, objective, len(near), median, score, profitable, self._ground.edges(row))

    def _around(self, near: Ints, objective: Figure) -> tuple[Figure, Figure, Figure]:
        if len(near) < NEIGHBOURS_MIN:
            return ALONE, ALONE, ALONE
        median, profitable = float(np.median(self._filled[near])), float(np.mean(self._earns[near]))
        if isinstance(objective, Undefined):
            return median, objective, profitable
        return median, (quotient(median, objective, NOT_POSITIVE) if objective > 0.0 else NOT_POSITIVE), profitable

    def centres(
        self, count: int = 1, candidates: int = CANDIDATES, eligible: NDArray[np.bool_] | None = None
    ) -> list[Plateau]:
        """The centres of the `count` highest plateaus, no two next to each other; fewer where there are fewer.

        They are looked for among the best `candidates` variants by the objective that are above zero: a plateau whose
        whole top is below that many peaks is not found. `eligible`, one for each row, says which may be a centre;
        neighbours are all.
        """
        best = self._sweep.best(candidates, self._by)
        rows = [row for row in best if self._objective[row] > 0.0 and (eligible is None or eligible[row])]
        around = self._ground.neighbourhoods(rows)
        near = {row: found for row, found in around.items() if len(found) >= NEIGHBOURS_MIN}
        left = np.array(sorted(near), np.int64)
        heights = np.minimum(self._filled[left], self._medians([near[row] for row in left.tolist()]))
        found: list[Plateau] = []
        while len(left) and len(found) < count:
            flat = self._flat(left, heights, near)
            centre = self._middle(flat)
            found.append(self.of(centre))
            keeps = ~np.isin(left, np.concatenate([flat, near[centre]]))
            left, heights = left[keeps], heights[keeps]
        return found

    def _medians(self, near: list[Ints]) -> Floats:
        """The median objective of each neighbourhood, of those of one size together."""
        sizes, found = np.array([len(rows) for rows in near]), np.empty(len(near))
        for size in np.unique(sizes):
            same = np.flatnonzero(sizes == size)
            found[same] = np.median(self._filled[np.stack([near[k] for k in same])], axis=1)
        return found

    def _flat(self, rows: Ints, heights: Floats, near: dict[int, Ints]) -> Ints:
        """Of the highest rows those whose neighbours hold up best, of these those on the fewest edges, of these what
        hangs together with the first."""
        top = float(heights.max())
        level = rows[heights >= top - _LEVEL * abs(top)]
        holds = np.array([float(np.mean(np.minimum(self._filled[near[row]], top))) for row in level.tolist()])
        best = float(holds.max())
        level = level[holds >= best - _LEVEL * abs(best)]
        edges = np.array([len(self._ground.edges(row)) for row in level.tolist()])
        level = level[edges == edges.min()]
        seen, waiting, inside = {int(level[0])}, [int(level[0])], set(level.tolist())
        while waiting:
            beside = inside.intersection(near[waiting.pop()].tolist()) - seen
            seen |= beside
            waiting += sorted(beside)
        return np.array(sorted(seen), np.int64)

    def _middle(self, rows: Ints) -> int:
        """The row closest to the middle of all of them, the first of several."""
        ranks = self._ground.ranks(rows)
        away = np.sum((ranks - ranks.mean(axis=0)) ** 2, axis=1)
        return int(rows[int(np.flatnonzero(away <= float(away.min()) + _LEVEL)[0])])
