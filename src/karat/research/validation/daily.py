"""What variants earned each day: the matrix that cross-validation reads, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import Policy
from karat.kernel.prepare import clock_columns
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.ledger.told import tried_by_sweep
from karat.research.ledger.trials import Tried
from karat.research.levels import session_keys
from karat.research.sweeps.batches import Plan, batches, plan_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.keeping import sample_of
from karat.research.sweeps.paths import Simulated
from karat.research.sweeps.sweep import Sweep
from karat.stats.belief.sketch import project, sketch_of
from karat.strategies import Strategy

MATRIX_BYTES_MAX = 32 * 2**20  # 3,800 variants of three years; the tests hold some copies of it


class DailyKeeper:
    """Keeps the figures of variants and their equity at the end of each day, the start first.

    `variants` are their numbers, ascending, one to a row. `figures` is float64[rows, 4], `daily` float64[rows,
    days + 1]: 8 bytes each, so the caller bounds the rows. NaN: not simulated.
    """

    wants_days = True

    def __init__(self, plan: Plan, variants: Ints) -> None:
        self.figures: Floats = np.full((len(variants), len(FIGURES)), np.nan)
        self.daily: Floats = np.full((len(variants), plan.days + 1), np.nan)
        self._variants = variants

    def keep(self, variants: Ints, found: Simulated) -> None:
        rows = np.searchsorted(self._variants, variants)
        self.figures[rows] = found.figures
        self.daily[rows] = found.daily


@dataclass(frozen=True, slots=True, eq=False)
class DailyRuns:
    """Variants day by day. `variants` are their numbers, ascending; `figures` float64[variants, 4], columns
    `kernel.sweep.FIGURES`; `daily` the equity at the end of each day, the start first, float64[variants, days + 1].

    `days` numbers the days since 1970-01-01 (of sessions: their dates in New York), int64 ascending. `first_day` is the
    number that the sketch's directions go by. `chosen_from` is how many variants there were before a sample was taken.
    Variants that contradict themselves are left out.
    """

    grid: SweepGrid
    variants: Ints
    figures: Floats
    daily: Floats
    days: Ints
    first_day: int
    days_per_year: float
    chosen_from: int

    @property
    def returns(self) -> Floats:
        """Simple returns of each day, float64[days, variants], a column a variant. Never NaN: a day that takes all is
        what it is, and 0 follows, because nothing is left to earn on."""
        before, after = self.daily[:, :-1].T, self.daily[:, 1:].T
        ruined = np.logical_or.accumulate(before <= 0.0, axis=0)
        return np.divide(after, before, out=np.ones_like(after), where=~ruined) - 1.0

    def tried(self, data: MarketData, policy: Policy) -> Tried:
        """What the trial ledger must be told, the same as a sweep of these variants tells it."""
        clusters = sketch_of(project(self.daily, self.first_day))
        nothing, none = np.zeros((len(self.variants), 0)), np.zeros(0, np.int64)
        told = Sweep(
            self.grid, self.variants, self.figures, nothing, none, len(self.days), self.days_per_year, clusters
        )
        return tried_by_sweep(told, data, policy)


def daily_runs(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    *,
    variants: Ints | None = None,
    always: Ints | None = None,
    bytes_max: int = MATRIX_BYTES_MAX,
) -> DailyRuns:
    """Simulate all variants of `grid`, or those numbered `variants` (ascending, each once), and keep their days.

    Where they do not fit into `bytes_max`, a sample is taken that depends on their numbers alone, and those numbered
    `always` stay in it: what the sweep would choose belongs there. The vault is not theirs to read either: the caller
    cuts the market before it. Raises what `sweep` raises, and InputError `too_large` where not even two fit.
    """
    plan = plan_of(data, strategy, grid, policy)
    everyone = np.arange(grid.variants) if variants is None else variants
    room = bytes_max // (8 * (plan.days + 1 + len(FIGURES)))
    chosen = _fitting(everyone, np.zeros(0, np.int64) if always is None else always, room)
    keeper = DailyKeeper(plan, chosen)
    for batch in batches(plan, keeper, chosen):
        batch()
    simulated = ~np.isnan(keeper.daily[:, 0])
    figures, daily = keeper.figures[simulated], keeper.daily[simulated]
    days = day_numbers(data)
    assert len(days) == plan.days, "days are counted in one way"
    return DailyRuns(grid, chosen[simulated], figures, daily, days, plan.first_day, plan.days_per_year, len(everyone))


def _fitting(everyone: Ints, always: Ints, room: int) -> Ints:
    assert np.isin(always, everyone).all(), "what always stays is one of the variants"
    if len(everyone) <= room:
        return everyone
    if room < max(2, len(always)):
        message = f"There is room for the days of {room:,} of {len(everyone):,} variants."
        raise InputError("too_large", message, "Take a shorter range, or give more memory.")
    others = sample_of(np.setdiff1d(everyone, always))
    spread = np.linspace(0, len(others) - 1, min(room - len(always), len(others))).astype(np.int64)
    return np.union1d(always, others[spread])


def day_numbers(data: MarketData) -> Ints:
    """The days of a market since 1970-01-01, or the New York dates of its sessions, as `DailyRuns.days`."""
    dates = session_keys(data.candles, data.instrument)
    if dates is not None:
        return np.unique(dates)
    marks = clock_columns(data.candles, data.instrument.kind)[2]
    return np.arange(int(marks[0]), int(marks[-1]) + 1)
