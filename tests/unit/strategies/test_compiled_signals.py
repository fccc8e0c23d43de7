"""The compiled passes of the starters: their rules on a few bars each, and each beside its plain source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from karat.strategies import compiled_signals as passes
from karat.strategies.check.hostile import noise

NAN = float("nan")
BUSY = np.zeros(6, np.int64)


def floats(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, np.float64)


def said(result: tuple[Any, ...]) -> list[list[float]]:
    return [np.asarray(column).astype(float).round(6).tolist() for column in result]


def test_band_reversion_enters_beyond_the_band_and_leaves_at_the_mean() -> None:
    # mean 100, deviation 1, band at 2: the bars lie -3, -1, 0, +2.5, +5 deviations away, and one has no mean yet.
    close = floats(97.0, 99.0, 100.0, 102.5, 105.0, 97.0)
    mean = floats(100.0, 100.0, 100.0, 100.0, 100.0, NAN)
    result = passes.band_reversion(close, mean, np.ones(6), BUSY, 20, 2.0, 0.0, True)
    entry, exit_long, exit_short, confidence = said(result)
    assert entry == [1, 0, 0, -1, -1, 0]
    assert exit_long == [0, 0, 1, 1, 1, 0]
    assert exit_short == [1, 1, 1, 0, 0, 0]
    assert confidence[:5] == [0.75, 0.25, 0.0, 0.625, 1.0]


def test_band_reversion_makes_nothing_of_a_window_without_deviation_or_trade() -> None:
    close, mean = floats(97.0, 97.0, 97.0), floats(100.0, 100.0, 100.0)
    idle = np.array([0, 19, 20], np.int64)
    entry, *_ = said(passes.band_reversion(close, mean, floats(0.0, 1.0, 1.0), idle, 20, 2.0, 0.0, True))
    assert entry == [0, 1, 0]


def test_strength_momentum_enters_at_the_turn_only_and_only_when_strength_agrees() -> None:
    histogram = floats(-1.0, 1.0, 2.0, -1.0, 1.0, NAN)
    strength = floats(40.0, 60.0, 70.0, 30.0, 50.0, 60.0)
    result = passes.strength_momentum(strength, histogram, BUSY, 14, 55.0, True)
    entry, exit_long, exit_short, confidence = said(result)
    assert entry == [0, 1, 0, -1, 0, 0]
    assert exit_long == [0, 0, 0, 1, 0, 0]
    assert exit_short == [0, 1, 1, 0, 1, 0]
    assert confidence[1:5] == [0.6, 0.7, 0.7, 0.5]


def test_channel_breakout_needs_a_close_beyond_the_channel_by_the_margin() -> None:
    upper, lower = np.full(6, 110.0), np.full(6, 100.0)
    close = floats(110.0, 110.1, 111.1, 99.9, 98.9, 105.0)
    entry, *_ = said(passes.channel_breakout(close, upper, lower, upper, lower, BUSY, 10, 0.0, True))
    assert entry == [0, 1, 1, -1, -1, 0]
    entry, exit_long, exit_short, _ = said(
        passes.channel_breakout(close, upper, lower, upper, lower, BUSY, 10, 0.1, True)
    )
    assert entry == [0, 0, 1, 0, -1, 0]
    assert exit_long == [0, 0, 0, 1, 1, 0] and exit_short == [0, 1, 1, 0, 0, 0]


def test_average_crossover_enters_at_the_bar_of_the_crossing() -> None:
    slow = np.full(6, 100.0)
    fast = floats(NAN, 99.0, 101.0, 102.0, 99.0, 99.0)
    entry, exit_long, exit_short, _ = said(passes.average_crossover(fast, slow, BUSY, 20, 0.0, True))
    assert entry == [0, 0, 1, 0, -1, 0]
    assert exit_long == [0, 1, 0, 0, 1, 1] and exit_short == [0, 0, 1, 1, 0, 0]
    entry, *_ = said(passes.average_crossover(fast, slow, BUSY, 20, 0.015, False))
    assert entry == [0, 0, 0, 1, 0, 0]


def test_shorts_off_leaves_only_longs() -> None:
    histogram, strength = floats(1.0, -1.0, 1.0), floats(60.0, 20.0, 60.0)
    entry, *_ = said(passes.strength_momentum(strength, histogram, BUSY[:3], 14, 55.0, False))
    assert entry == [0, 0, 1]


def test_signal_faults_counts_what_is_out_of_range_and_lets_nan_pass() -> None:
    quiet = np.zeros(4, np.bool_)
    entry = np.array([0, 1, -1, 2], np.int8)
    assert passes.signal_faults(entry, quiet, quiet, floats(0.0, 1.0, NAN, 1.5)) == 2
    assert passes.signal_faults(entry[:3], quiet[:3], quiet[:3], floats(0.0, 1.0, NAN)) == 0


BARS = 400
WALK = 100.0 + np.cumsum(noise(1, BARS))
NEAR = WALK + noise(2, BARS)
IDLE = (30.0 * np.abs(noise(3, BARS))).astype(np.int64)
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "bars_without_trade": (
        passes.bars_without_trade,
        (WALK.round(), NEAR.round(), WALK.round(), noise(4, BARS).round()),
    ),
    "band_reversion": (passes.band_reversion, (WALK, NEAR, np.abs(noise(5, BARS)), IDLE, 20, 1.0, 0.2, True)),
    "strength_momentum": (
        passes.strength_momentum,
        (50.0 + 50.0 * noise(6, BARS), noise(7, BARS), IDLE, 20, 55.0, True),
    ),
    "channel_breakout": (
        passes.channel_breakout,
        (WALK, NEAR + 0.3, NEAR - 0.3, NEAR + 0.2, NEAR - 0.2, IDLE, 20, 0.1, True),
    ),
    "average_crossover": (passes.average_crossover, (WALK, NEAR, IDLE, 20, 0.001, True)),
}


@pytest.mark.parametrize("name", CASES)
def test_compiled_equals_its_plain_source_to_the_bit(name: str) -> None:
    function, arguments = CASES[name]
    plain: Callable[..., Any] = getattr(function, "py_func", function)
    compiled, uncompiled = function(*arguments), plain(*arguments)
    if not isinstance(compiled, tuple):
        compiled, uncompiled = (compiled,), (uncompiled,)
    for one, other in zip(compiled, uncompiled, strict=True):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()
        assert one.any()
