"""Several records one after the other are one record."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.research.validation.stitched import DayReturns, stitch


def days(first: int, *returns: float) -> DayReturns:
    return DayReturns(first + np.arange(len(returns)), np.array(returns), 365.0)


def test_a_day_that_two_parts_share_has_the_growth_of_both_and_days_between_are_left_out():
    found = stitch([days(10, 0.1, 0.2), days(11, 0.5), days(20, -0.5)])
    assert found.days.tolist() == [10, 11, 20]
    assert found.returns == pytest.approx([0.1, 0.8, -0.5])
    assert found.curve == pytest.approx([1.0, 1.1, 1.98, 0.99])


def test_the_t_ratio_is_the_mean_in_standard_errors():
    found = days(0, 0.01, 0.03, 0.02, 0.02)
    error = math.sqrt(0.0002 / 3.0 / 4.0)
    assert found.t_ratio == pytest.approx(0.02 / error)
    assert found.sharpe == pytest.approx(found.t_ratio * math.sqrt(365.0 / 4.0))
    assert found.annual_return == pytest.approx(7.3)


@given(st.lists(st.floats(-0.9, 2.0), min_size=2, max_size=30), st.data())
def test_cutting_a_record_and_stitching_it_changes_nothing(returns: list[float], data: st.DataObject):
    cut = data.draw(st.integers(1, len(returns) - 1))
    found = stitch([days(5, *returns[:cut]), days(5 + cut, *returns[cut:])])
    assert found.curve == pytest.approx(days(5, *returns).curve)
