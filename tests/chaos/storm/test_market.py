"""Prices of the storm: whole ticks from a seed, and bars that are made of nothing else."""

from __future__ import annotations

import numpy as np
from tests.chaos.storm.market import FLOOR_TICKS, Market
from tests.chaos.storm.setting import START_MS, Setting

FIRST, SECOND_ONE = Setting().instruments


def market(seed: int, instrument=FIRST) -> Market:
    return Market(instrument, seed, START_MS, 3_600, 600)


def test_a_seed_and_a_market_give_one_path() -> None:
    assert np.array_equal(market(1).ticks, market(1).ticks)
    assert not np.array_equal(market(1).ticks, market(2).ticks)
    assert not np.array_equal(market(1).ticks, market(1, SECOND_ONE).ticks)


def test_prices_are_whole_ticks_above_the_floor() -> None:
    for seed in range(20):
        ticks = market(seed).ticks
        assert ticks.dtype == np.int64 and ticks.min() >= FLOOR_TICKS


def test_there_are_quiet_stretches_jumps_and_in_some_seeds_a_crash() -> None:
    paths = [market(seed).ticks.astype(float) for seed in range(40)]
    moves = [np.abs(np.diff(np.log(path))) for path in paths]
    assert all(np.sort(move)[: len(move) // 20].max() < 1e-4 for move in moves)
    assert all(move.max() > 1e-3 for move in moves)
    falls = [np.max(path[:-60] / path[60:]) for path in paths]
    assert 0 < sum(fall > 1.09 for fall in falls) < 40


def test_bars_are_the_first_the_extremes_and_the_last_of_their_seconds() -> None:
    one = market(3)
    candles = one.bars(20_000, START_MS - 60_000, START_MS + 65_000)
    assert list(candles.ts) == [START_MS - 60_000 + 20_000 * bar for bar in range(6)]
    seconds = [one.ticks_at(second) for second in range(-60, -40)]
    told = (candles.open[0], candles.high[0], candles.low[0], candles.close[0])
    figures = (seconds[0], max(seconds), min(seconds), seconds[-1])
    assert told == tuple(round(figure * FIRST.tick, 10) for figure in figures)


def test_one_bar_is_the_same_whether_alone_or_among_others() -> None:
    one = market(4)
    candles, bar = one.bars(20_000, START_MS, START_MS + 40_000), one.bar(20_000, START_MS + 20_000)
    assert bar[1:] == (candles.open[1], candles.high[1], candles.low[1], candles.close[1], candles.volume[1])
    assert one.bar(20_000, START_MS + 20_000, seconds=5).open == bar.open
