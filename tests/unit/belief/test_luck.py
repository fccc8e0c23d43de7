"""How far the best of many comes without any edge, against trials that are drawn and looked at."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.stats.belief.deflated import (
    equivalent_trials,
    expected_maximum,
    expected_maximum_exact,
    expected_maximum_of_clusters,
)


@pytest.mark.parametrize(("clusters", "members", "correlation"), [(1, 100, 0.9), (10, 50, 0.8), (40, 5, 0.7)])
def test_the_best_of_clustered_trials_against_a_drawing(clusters, members, correlation):
    draw = np.random.default_rng(3)
    common = draw.normal(size=(4_000, clusters, 1))
    own = draw.normal(size=(4_000, clusters, members))
    best = (math.sqrt(correlation) * common + math.sqrt(1.0 - correlation) * own).max(axis=(1, 2)).mean()
    told = expected_maximum_of_clusters(clusters * members, clusters, correlation)
    assert told == pytest.approx(best, abs=0.04)


def test_copies_are_one_trial_and_strangers_are_all_they_seem():
    assert expected_maximum_of_clusters(1_000_000, 1, 1.0) == pytest.approx(0.0, abs=1e-9)
    for clusters in (1, 50):
        assert expected_maximum_of_clusters(50, clusters, 0.0) == pytest.approx(expected_maximum_exact(50), abs=1e-6)


@settings(deadline=None)
@given(st.floats(1.0, 1e9))
def test_equivalent_trials_have_the_luck_they_were_asked_for(trials):
    peak = max(expected_maximum(trials), expected_maximum_exact(trials) if trials < 5.0 else 0.0)
    assert equivalent_trials(peak) == pytest.approx(trials, rel=1e-4, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10**7), st.integers(1, 300), st.floats(0.0, 1.0))
def test_clusters_never_have_more_luck_than_as_many_strangers_nor_less_than_their_leaders(members, clusters, rho):
    told = expected_maximum_of_clusters(members * clusters, clusters, rho)
    assert expected_maximum_exact(clusters) - 1e-6 <= told <= expected_maximum_exact(members * clusters) + 1e-6
