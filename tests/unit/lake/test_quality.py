"""What is measured about the goodness of candles."""

from __future__ import annotations

import math

import numpy as np
from tests.unit.lake.bars import MARKET, START, bars, without

from karat.core.model.candles import Candles
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.quality import measure
from karat.ports.lake import Hole


def priced(closes: list[float], *, step: int = HOUR_MS) -> Candles:
    """Bars that open at the close before."""
    close = np.array(closes)
    opens = np.concatenate((close[:1], close[:-1]))
    ts = START + np.arange(len(close)) * step
    return Candles(
        MARKET, step, ts, opens, np.maximum(opens, close), np.minimum(opens, close), close, np.ones(len(close))
    )


def test_holes_are_counted_and_listed() -> None:
    quality = measure(without(bars(20), 3, 8, 9, 10), sessions=False)
    assert (quality.holes, quality.missing_bars, quality.longest_hole_bars) == (2, 4, 3)
    assert quality.first_holes == (Hole(START + 3 * HOUR_MS, 1), Hole(START + 8 * HOUR_MS, 3))
    assert quality.grade == "holes"


def test_nights_of_a_market_with_sessions_are_pauses() -> None:
    quality = measure(without(bars(20), 3, 8, 9, 10), sessions=True)
    assert (quality.holes, quality.session_gaps, quality.grade) == (0, 2, "clean")


def test_the_largest_move_is_found_with_its_time() -> None:
    quality = measure(priced([100, 101, 80, 81]), sessions=False)
    assert math.isclose(quality.largest_move, math.log(101 / 80))
    assert quality.largest_move_ts == START + 2 * HOUR_MS


def test_bars_without_volume_are_counted() -> None:
    candles = bars(5)
    volume = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    idle = Candles(MARKET, HOUR_MS, candles.ts, candles.open, candles.high, candles.low, candles.close, volume)
    assert measure(idle, sessions=False).zero_volume_bars == 2


def test_an_unadjusted_split_is_named() -> None:
    candles = bars(4, step=DAY_MS)
    scale = np.array([4.0, 4.0, 1.0, 1.0])
    prices = [getattr(candles, name) * scale for name in ("open", "high", "low", "close")]
    split = Candles(MARKET, DAY_MS, candles.ts, *prices, candles.volume)
    quality = measure(split, sessions=True)
    assert len(quality.oddities) == 1
    assert "2024-01-03" in quality.oddities[0]
    assert "1:4" in quality.oddities[0]
    assert quality.grade == "odd"


def test_a_long_pause_of_a_market_with_sessions_is_odd() -> None:
    quality = measure(without(bars(30, step=DAY_MS), *range(5, 25)), sessions=True)
    assert len(quality.oddities) == 1
    assert "20 days" in quality.oddities[0]


def test_one_bar_has_no_move() -> None:
    quality = measure(bars(1), sessions=False)
    assert (quality.largest_move, quality.largest_move_ts) == (0.0, START)
