"""Crossings and comparisons, read off small columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.errors import InputError
from karat.core.indicators.signal_helpers import above, below, crossed_above, crossed_below

NAN = float("nan")
VALUES = st.sampled_from([NAN, 1.0, 2.0, 3.0])


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_a_crossing_needs_a_bar_before_that_was_not_beyond() -> None:
    price = column(1, 2, 3, 3, 2, 1, 2)
    line = column(2, 2, 2, 2, 2, 2, 2)
    assert crossed_above(price, line).tolist() == [False, False, True, False, False, False, False]
    assert crossed_below(price, line).tolist() == [False, False, False, False, False, True, False]


def test_a_level_is_a_column_of_that_level() -> None:
    price = column(25, 31, 30, 29, 31, NAN, 35)
    assert crossed_above(price, 30.0).tolist() == [False, True, False, False, True, False, False]
    assert crossed_below(price, 30).tolist() == [False, False, False, True, False, False, False]


def test_nan_compares_as_false_both_ways() -> None:
    assert not above(column(NAN, 1), column(0, NAN)).any()
    assert not below(column(NAN, 1), column(9, NAN)).any()
    assert not above(column(NAN), 0.0).any()
    assert not below(column(NAN), 0.0).any()


@settings(max_examples=80, deadline=None)
@given(pairs=st.lists(st.tuples(VALUES, VALUES), max_size=12), level=st.sampled_from([1.0, 2.0, NAN]))
def test_they_equal_the_rule_written_out(pairs: list[tuple[float, float]], level: float) -> None:
    left = column(*(pair[0] for pair in pairs))
    for right in (column(*(pair[1] for pair in pairs)), np.full(len(pairs), level)):
        up, down, over, under = [], [], [], []
        for bar in range(len(pairs)):
            over.append(bool(left[bar] > right[bar]))
            under.append(bool(left[bar] < right[bar]))
            up.append(bar > 0 and over[bar] and bool(left[bar - 1] <= right[bar - 1]))
            down.append(bar > 0 and under[bar] and bool(left[bar - 1] >= right[bar - 1]))
        assert crossed_above(left, right).tolist() == up
        assert crossed_below(left, right).tolist() == down
        assert above(left, right).tolist() == over
        assert below(left, right).tolist() == under
    assert crossed_above(left, level).tolist() == up
    assert crossed_below(left, level).tolist() == down
    assert above(left, level).tolist() == over
    assert below(left, level).tolist() == under


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="Cannot compare 2 bars with 1"):
        crossed_above(column(1, 2), column(1))
