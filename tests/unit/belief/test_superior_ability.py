"""The test of superior ability asked of many trials at once, beside what it says of them path by path."""

from __future__ import annotations

import numpy as np
import pytest

from karat.stats.belief.bootstrap import days_of, stationary_blocks, variances_of_mean
from karat.stats.belief.multiple_testing import haircut_sharpe
from karat.stats.belief.superior import resampled_means, superior_ability

SEED = 7


def noise(days: int, trials: int, drift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(3).normal(drift, 0.01, (days, trials))


@pytest.mark.parametrize("mean_block", [1.0, 3.0, 40.0])
def test_the_mean_of_a_path_is_that_of_its_days(mean_block: float):
    values, paths = noise(50, 3), 300
    blocks = stationary_blocks(SEED, paths, 50, 50, mean_block)
    expected = [values[days_of(blocks, path, 50)].mean(axis=0) for path in range(paths)]
    assert resampled_means(values, blocks) == pytest.approx(np.array(expected), abs=1e-15)


def test_the_variance_of_a_mean_is_the_sum_over_all_lags():
    values = noise(40, 130)
    lags, stays = np.arange(1, 40), 1.0 - 1.0 / 5.0
    weights = (1.0 - lags / 40) * stays**lags + lags / 40 * stays ** (40 - lags)
    for column, found in zip(values.T, variances_of_mean(values, 5.0), strict=True):
        x = column - column.mean()
        by_hand = x @ x / 40 + 2.0 * sum(w * (x[k:] @ x[:-k]) / 40 for k, w in zip(lags, weights, strict=True))
        assert found == pytest.approx(by_hand, rel=1e-10)


def test_trials_that_do_not_vary_are_left_out_and_change_nothing():
    values = noise(200, 4)
    values[:, 2] += 0.003
    alone = superior_ability(values, seed=SEED, mean_block=2.0, resamples=500)
    padded = np.insert(values, 1, 0.001, axis=1)
    beside = superior_ability(padded, seed=SEED, mean_block=2.0, resamples=500)
    assert (beside.p_lower, beside.p_consistent, beside.p_upper) == (alone.p_lower, alone.p_consistent, alone.p_upper)
    assert alone.superior == (2,)
    assert beside.superior == (3,)
    assert np.isnan(beside.t_ratios[1])


def test_stepwise_goes_on_until_all_that_is_superior_is_found():
    values = noise(400, 6)
    values[:, 1] += 0.008
    values[:, 4] += 0.004
    found = superior_ability(values, seed=SEED, mean_block=1.0, resamples=500)
    assert found.superior == (1, 4)
    everything = superior_ability(noise(400, 3, 0.01), seed=SEED, mean_block=1.0, resamples=500)
    assert everything.superior == (0, 1, 2)


def test_a_haircut_of_dependent_tests_is_the_harder_one():
    of_one, of_two = (haircut_sharpe(1.0, 1_095, 365, 0.0, tests, dependent=True) for tests in (1.0, 2.0))
    assert of_one == haircut_sharpe(1.0, 1_095, 365, 0.0, 1.0)
    assert of_one.sharpe == pytest.approx(1.0, abs=1e-9)
    assert of_two.p_adjusted == pytest.approx(2.0 * (1.0 + 1.0 / 2.0) * of_two.p_single, rel=1e-12)
    assert of_two.sharpe < haircut_sharpe(1.0, 1_095, 365, 0.0, 2.0).sharpe < 1.0
    assert haircut_sharpe(0.5, 365, 365, 0.0, 1_000.0, dependent=True).sharpe == pytest.approx(0.0, abs=1e-12)
