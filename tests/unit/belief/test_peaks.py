"""How far the best of correlated trials comes by luck, against trials that are drawn and looked at."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import hadamard

from karat.stats.belief.deflated import expected_maximum_exact
from karat.stats.belief.peaks import expected_peak
from karat.stats.belief.sketch import DIRECTIONS, Sketch, project, sketch_of

STRANGERS = hadamard(DIRECTIONS).astype(np.int8) * 127  # rows at right angles: independent to the last digit


def clusters(count: int, members: int, fit: float = 1.0) -> Sketch:
    """Independent clusters; a member correlates with its leader by `fit`."""
    counts = np.full(count, members)
    return Sketch(STRANGERS[:count], counts, 1.0 + fit * (counts - 1.0))


@pytest.mark.parametrize("count", [2, 10, 100])
def test_strangers_are_all_they_seem(count: int) -> None:
    assert expected_peak(clusters(count, 1), count) == pytest.approx(expected_maximum_exact(count), abs=0.02)


def test_copies_are_one_trial() -> None:
    assert expected_peak(clusters(1, 1_000_000), 1_000_000) == pytest.approx(0.0, abs=1e-9)
    assert expected_peak(clusters(10, 500), 5_000) == pytest.approx(expected_maximum_exact(10), abs=0.02)


@pytest.mark.parametrize(("count", "members", "correlation"), [(1, 100, 0.9), (10, 50, 0.8), (40, 5, 0.7)])
def test_members_that_differ_have_more_luck_than_their_leader(count: int, members: int, correlation: float) -> None:
    draw = np.random.default_rng(3)
    common = draw.normal(size=(4_000, count, 1))
    own = draw.normal(size=(4_000, count, members))
    best = (math.sqrt(correlation) * common + math.sqrt(1.0 - correlation) * own).max(axis=(1, 2)).mean()
    told = expected_peak(clusters(count, members, math.sqrt(correlation)), count * members)
    assert told == pytest.approx(best, abs=0.04)


def test_leaders_that_correlate_share_their_luck() -> None:
    """A hundred trials that share three quarters of their days' noise: the luck of a hundred strangers, halved."""
    draw = np.random.default_rng(5)
    noise = math.sqrt(0.75) * draw.normal(size=(1, 900)) + 0.5 * draw.normal(size=(100, 900))
    daily = np.concatenate((np.ones((100, 1)), np.cumprod(1.0 + 0.01 * noise, axis=1)), axis=1)
    sketch = sketch_of(project(daily, 19_000))
    assert len(sketch.counts) == 100  # none is a copy of another
    assert expected_peak(sketch, 100) == pytest.approx(0.5 * expected_maximum_exact(100), rel=0.1)


def test_a_sample_stands_for_all_that_were_tried() -> None:
    few, many = expected_peak(clusters(5, 10, 0.9), 50), expected_peak(clusters(5, 10, 0.9), 5_000_000)
    assert few < many < expected_maximum_exact(5_000_000)
