"""Series of the cockpit: sums, drawdowns and thinning, on paths small enough to see."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as draw

from karat.control.cockpit_marks import POINTS_MAX, drawdowns, series, thinned
from karat.control.cockpit_standing import day_start, price_of
from karat.core.ids import MarketId
from karat.core.instruments import find
from karat.core.time import DAY_MS, HOUR_MS
from karat.ports.cockpit import EquityRange


def test_a_fall_is_measured_from_the_capital_too() -> None:
    falls = drawdowns(100.0, np.array([90.0, 95.0, 110.0, 99.0]))
    assert np.allclose(falls, [-0.1, -0.05, 0.0, -0.1])


def test_a_week_keeps_the_drawdown_of_the_whole_path() -> None:
    ts = np.arange(30, dtype=np.int64) * DAY_MS
    equity = np.concatenate((np.full(10, 200.0), np.full(20, 150.0)))
    week = series("USDT", 100.0, ts, equity, EquityRange.WEEK)
    assert week.ts[0] == 22 * DAY_MS and len(week.ts) == 8
    assert set(week.drawdown) == {-0.25}


def test_short_paths_are_not_thinned() -> None:
    assert thinned(np.zeros(POINTS_MAX)).tolist() == list(range(POINTS_MAX))


@given(draw.integers(POINTS_MAX + 1, 3 * POINTS_MAX), draw.integers(0, 2**32 - 1))
def test_thinning_keeps_the_ends_and_every_extreme(rows: int, seed: int) -> None:
    path = np.random.default_rng(seed).standard_normal(rows).cumsum()
    kept = thinned(path)
    assert len(kept) <= POINTS_MAX and np.all(np.diff(kept) > 0)
    assert kept[0] == 0 and kept[-1] == rows - 1
    assert path[kept].min() == path.min() and path[kept].max() == path.max()


def test_a_day_ends_with_the_close_at_midnight() -> None:
    assert day_start(DAY_MS + HOUR_MS) == DAY_MS
    assert day_start(2 * DAY_MS) == DAY_MS
    assert day_start(2 * DAY_MS + 1) == 2 * DAY_MS


def test_whole_ticks_are_exact_prices() -> None:
    instrument = find(MarketId("simulated:AURUM-USDT"))
    assert instrument is not None
    assert price_of(instrument, 412_345) == 412_345 / round(1 / instrument.tick)
