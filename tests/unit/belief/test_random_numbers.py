"""Counter-based random numbers: the published answers of the algorithm, and what a user of them relies on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.stats.belief.bootstrap import days_of, stationary_blocks
from karat.stats.belief.random import fill_uniforms, philox

ALL_ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_answers_that_the_authors_published(counter, key, answer):
    assert tuple(philox(*counter, *key)) == answer


def test_numbers_of_two_places_have_nothing_to_do_with_each_other():
    rows = np.empty((4, 10_000))
    for row, (seed, variant, path) in enumerate([(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)]):
        fill_uniforms(seed, 9, variant, path, rows[row])
    assert ((rows >= 0.0) & (rows < 1.0)).all()
    assert np.abs(rows.mean(axis=1) - 0.5).max() < 0.015
    assert np.abs(np.corrcoef(rows) - np.eye(4)).max() < 0.05


@given(st.integers(0, 2**63 - 1), st.integers(1, 60), st.integers(1, 90), st.integers(1, 40), st.floats(1.0, 30.0))
def test_a_path_does_not_depend_on_how_many_others_are_drawn(seed, days, horizon, paths, mean_block):
    few = stationary_blocks(seed, paths, days, horizon, mean_block)
    many = stationary_blocks(seed, paths + 5, days, horizon, mean_block)
    for path in range(paths):
        drawn = days_of(few, path, days)
        assert len(drawn) == horizon
        assert ((drawn >= 0) & (drawn < days)).all()
        assert (drawn == days_of(many, path, days)).all()


def test_blocks_have_the_mean_length_that_was_asked_for():
    blocks = stationary_blocks(3, 2_000, 500, 500, 10.0)
    assert blocks.length.mean() == pytest.approx(10.0, rel=0.03)
    single = stationary_blocks(3, 10, 500, 500, 1.0)
    assert (single.length == 1).all()
