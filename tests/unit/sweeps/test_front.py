"""The front of two goals: nobody on it is beaten in both, and everybody off it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from karat.research.sweeps.front import front

values = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30)


def test_a_front_by_hand():
    first, second = np.array([1.0, 3.0, 2.0, 3.0, np.nan]), np.array([5.0, 1.0, 4.0, 1.0, 9.0])
    assert front(first, second).tolist() == [1, 3, 2, 0]


@given(values)
def test_a_row_is_on_the_front_exactly_where_no_other_beats_it(pairs):
    table = np.array(pairs, np.float64).reshape(-1, 2)
    found = front(table[:, 0], table[:, 1]).tolist()
    beaten = [any((other >= row).all() and (other > row).any() for other in table) for row in table]
    assert sorted(found) == [k for k, lost in enumerate(beaten) if not lost]
    assert (np.diff(table[found, 0]) <= 0.0).all()
