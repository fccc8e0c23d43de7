"""Exact intervals of rates, beside numbers that can be worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from karat.research.calibration.bounds import Rate


def test_no_hit_of_600_leaves_one_minus_the_600th_root_of_a_twentieth() -> None:
    assert Rate(0, 600).upper() == pytest.approx(1.0 - 0.05 ** (1 / 600), rel=1e-12)
    assert round(100 * Rate(0, 600).upper(), 3) == 0.498
    assert Rate(0, 600).lower() == 0.0


def test_all_of_ten_leave_the_tenth_root_of_a_twentieth() -> None:
    assert Rate(10, 10).lower() == pytest.approx(0.05**0.1, rel=1e-12)
    assert Rate(10, 10).upper() == 1.0


def test_the_gate_of_one_percent_allows_one_of_600_and_not_two() -> None:
    assert Rate(1, 600).upper() < 0.01 < Rate(2, 600).upper()


def test_the_interval_of_five_of_ten_is_the_one_in_the_tables() -> None:
    low, high = Rate(5, 10).interval()
    assert (round(low, 4), round(high, 4)) == (0.1871, 0.8129)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_at_the_upper_bound_so_few_hits_have_a_chance_of_one_in_twenty(case: tuple[int, int]) -> None:
    rate = Rate(*case)
    if rate.hits < rate.cases:
        assert binom.cdf(rate.hits, rate.cases, rate.upper()) == pytest.approx(0.05, rel=1e-6)
    assert rate.interval()[0] <= rate.share <= rate.interval()[1]


def test_a_rate_of_nothing_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        Rate(0, 0)
