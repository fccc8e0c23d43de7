"""The consistency of growth: by the plain definition, and what it says of records that a reader can judge."""

from __future__ import annotations

import numpy as np
import pytest

from karat.stats.belief.bootstrap import days_of
from karat.stats.belief.consistency import COLUMNS, PENALTY, consistency, window_blocks

DAYS = 365
SCORE, LOW, MIDDLE, HIGH = range(len(COLUMNS))


def records(count: int, days: int = DAYS, *, seed: int = 1, drift: float = 0.001) -> np.ndarray:
    """Equity of some variants from 1,000 on."""
    returns = np.random.default_rng(seed).normal(drift, 0.02, (count, days))
    return 1_000.0 * np.concatenate((np.ones((count, 1)), np.cumprod(1.0 + returns, axis=1)), axis=1)


def by_definition(daily: np.ndarray, blocks, window: int) -> np.ndarray:
    returns = daily[:, 1:] / daily[:, :-1] - 1.0
    days = returns.shape[1]
    drawn = [days_of(blocks, path, days) for path in range(len(blocks.offsets) - 1)]
    growth = np.stack([np.prod(1.0 + returns[:, chosen], axis=1) for chosen in drawn], axis=1)
    low, middle, high = np.percentile(growth ** (365.0 / window) - 1.0, [1, 50, 99], axis=1)
    return np.stack([middle - PENALTY * (high - low), low, middle, high], axis=1)


@pytest.mark.parametrize(
    ("variants", "days", "window"), [(1, DAYS, 180), (64, DAYS, 180), (150, 200, 180), (70, 90, 90)]
)
def test_equal_to_the_definition_day_by_day(variants, days, window):
    daily = records(variants, days)
    blocks = window_blocks(5, 100, days)
    assert consistency(daily, blocks) == pytest.approx(by_definition(daily, blocks, window), rel=1e-9)


def test_a_variant_is_scored_the_same_whoever_stands_beside_it():
    daily, blocks = records(200), window_blocks(5, 100, DAYS)
    parts = np.concatenate([consistency(daily[first : first + 37], blocks) for first in range(0, 200, 37)])
    np.testing.assert_array_equal(consistency(daily, blocks), parts)


def test_of_two_with_the_same_growth_the_steady_one_scores_higher():
    steady = 1_000.0 * 1.001 ** np.arange(DAYS + 1.0)
    once = np.full(DAYS + 1, 1_000.0)
    once[200:] = steady[-1]
    found = consistency(np.stack([steady, once]), window_blocks(5, 1_000, DAYS))
    assert found[0, [LOW, MIDDLE, HIGH]] == pytest.approx([1.001**365 - 1] * 3)
    assert found[0, SCORE] > found[1, SCORE]


def test_a_variant_that_lost_everything_has_no_score_and_its_neighbours_keep_theirs():
    daily, blocks = records(3), window_blocks(5, 100, DAYS)
    daily[1, 100:] = -5.0
    found = consistency(daily, blocks)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], consistency(daily[[0, 2]], blocks))


def test_too_short_a_record_has_no_draws():
    assert window_blocks(5, 100, 29) is None
    assert window_blocks(5, 100, 30) is not None
