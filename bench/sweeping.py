"""How the figures reach Karat's sweep: rows of policies in chunks, on one thread or on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bench.market import World, level_grid
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.kernel.by_trade.ground import events_of
from karat.kernel.columns import INDEX, policy_row
from karat.kernel.engine import Inputs, prepare
from karat.kernel.features import features_of
from karat.kernel.prepare import Extras
from karat.kernel.sweep import FIGURES, daily_room, sweep_rows
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.paths import MarketColumns, SharedSignals, simulate_policies

CHUNK = 4_096  # variants: 1.7 MB of policy columns
DAYS_PER_YEAR = 365.0
TRADES = FIGURES.index("trades")
_NO_FLOATS, _NO_INTS = np.zeros(1), np.zeros(1, np.int64)


def prepared(world: World, given: Signals, policy: Policy, *, sparse: bool, extras: Extras | None = None) -> Inputs:
    """A run of `policy` with the smallest kernel that means it."""
    features = features_of(policy, world.instrument, given, extras or Extras(), sparse=sparse)
    return prepare(world.candles, given, policy, world.instrument, extras, features=features)


def policy_rows(world: World, policy: Policy, count: int, *, first: int = 0, of: int | None = None) -> np.ndarray:
    """Rows `first` to `first + count - 1` of a grid of `of` (default `count`) policies of other stops and takes."""
    rows = np.tile(policy_row(policy, world.instrument), (count, 1))
    stops, takes = level_grid(of or count)
    rows[:, INDEX["stop_value"]] = stops[first : first + count]
    rows[:, INDEX["take_value"]] = takes[first : first + count]
    return rows


def figures_of(inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Four figures of each row, shape (rows, 4)."""
    out = np.empty((len(rows), len(FIGURES)))
    sweep_rows(
        rows, inputs.features, inputs.bars, inputs.spans, inputs.detail, inputs.signal, _NO_FLOATS, _NO_INTS,
        DAYS_PER_YEAR, daily_room(len(rows), None), out,
    )  # fmt: skip
    return out


def by_trade(inputs: Inputs) -> Callable[[np.ndarray], np.ndarray]:
    """The same by the path that a sweep takes with few policies a signal set: from trade to trade, without a table.

    What a sweep works out once a signal set is worked out here, outside of what is measured.
    """
    shared = SharedSignals(inputs.signal, events_of(inputs.signal.code))
    market = MarketColumns.of(inputs, DAYS_PER_YEAR)
    assert market.ground is not None, "the policies of the bench are plain"
    return lambda rows: simulate_policies(market, shared, rows, SweepGrid({}, {}), np.arange(len(rows))).figures


def chunks(count: int) -> Iterator[tuple[int, int]]:
    """(first, number) of each chunk of `count` variants."""
    for first in range(0, count, CHUNK):
        yield first, min(CHUNK, count - first)


def on_all_cores(work: Callable[[int, int], object], count: int) -> None:
    """`work(first, number)` for every chunk of `count` variants, on as many threads as cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(lambda chunk: work(*chunk), chunks(count)):
            del done
