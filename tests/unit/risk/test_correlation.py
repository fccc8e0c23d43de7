"""What two markets' closes say of how they move together: by hand, and never less than is safe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from karat.risk.correlation import FLOOR, ONE_BET, RETURNS_MIN, Correlation, at_shared_times, plausible

Floats = NDArray[np.float64]


def closes(returns: list[int]) -> Floats:
    return 100.0 * np.exp(np.cumsum([0.0, *(0.01 * one for one in returns)]))


def test_by_hand_what_half_agrees_is_reckoned_with_both_ends_of_its_interval() -> None:
    """Of 160 returns of +-1%, 120 have the same sign in both: r = (120 - 40) / 160 = 0.5, atanh(r) = 0.549306. The
    reach is 1.645 / sqrt(157) = 0.131285, so tanh(0.418021) = 0.395262 and tanh(0.680591) = 0.591904."""
    first = [1, -1] * 80
    second = [-one if place % 8 < 2 else one for place, one in enumerate(first)]
    found = plausible(closes(first), closes(second))
    assert (round(found.low, 6), round(found.high, 6)) == (0.395262, 0.591904)


def test_one_market_with_itself_is_one_bet_and_with_its_mirror_a_hedge_that_counts_nothing_more() -> None:
    there = closes([1, 1, -1, 1, -1] * 40)
    assert plausible(there, there).low > 0.999
    mirror = plausible(there, 1.0 / there)
    assert mirror.low < -0.999 and mirror.high == FLOOR


@pytest.mark.parametrize(
    "spoilt",
    [
        closes([1, -1] * (RETURNS_MIN // 2 - 1)), np.full(200, 5.0),
        *(np.append(closes([1, -1] * 100), value) for value in (math.nan, math.inf, 0.0, -1.0)),
    ],
    ids=["too few", "still", "nan", "infinite", "zero", "below zero"],
)  # fmt: skip
def test_what_nobody_can_tell_is_one_bet(spoilt: Floats) -> None:
    other = closes([1, 1, -1] * 100)[: len(spoilt)]
    assert plausible(spoilt, other) == plausible(other, spoilt) == ONE_BET == Correlation(1.0, 1.0)


@given(st.integers(0, 2**32 - 1), st.floats(-1.0, 1.0), st.integers(RETURNS_MIN + 1, 720))
def test_it_is_symmetric_contains_what_was_measured_and_keeps_its_floor(seed: int, share: float, bars: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(2, bars)) * 0.01
    first = 100.0 * np.exp(np.cumsum(noise[0]))
    second = 100.0 * np.exp(np.cumsum(share * noise[0] + (1.0 - abs(share)) * noise[1]))
    found, measured = plausible(first, second), float(np.corrcoef(np.diff(np.log([first, second])))[0, 1])
    assert found == pytest.approx(plausible(second, first))
    assert -1.0 <= found.low <= measured + 1e-9 and max(measured - 1e-9, FLOOR) <= found.high <= 1.0


def test_only_closes_of_the_same_time_are_compared() -> None:
    early, late = np.array([1, 2, 4, 5], np.int64), np.array([2, 3, 4], np.int64)
    times, first, second = at_shared_times(
        early, np.array([10.0, 20.0, 40.0, 50.0]), late, np.array([200.0, 300.0, 400.0])
    )
    assert (times.tolist(), first.tolist(), second.tolist()) == ([2, 4], [20.0, 40.0], [200.0, 400.0])
