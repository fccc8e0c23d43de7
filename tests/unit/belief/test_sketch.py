"""Clusters of trials: copies are one thing, strangers are many, and the count does not depend on who kept it."""

from __future__ import annotations

import numpy as np
import pytest

from karat.stats.belief.sketch import DIRECTIONS, Sketch, merged, project, sketch_of

DAYS = 500


def equity(returns: np.ndarray) -> np.ndarray:
    return 1_000.0 * np.concatenate((np.ones((len(returns), 1)), np.cumprod(1.0 + returns, axis=1)), axis=1)


def noise(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.02, (count, DAYS))


def test_products_of_projections_are_about_correlations():
    common = noise(1, 2)
    returns = 0.8 * common + 0.6 * noise(20)
    found = project(equity(returns), 19_000)
    products = found @ found.T
    correlations = np.corrcoef(returns)
    assert np.abs(products - correlations).max() < 5.0 / np.sqrt(DIRECTIONS)
    assert np.abs(products - correlations).mean() < 0.1


def test_near_copies_are_one_cluster_and_strangers_one_each():
    ideas = noise(5)
    copies = np.repeat(ideas, 40, axis=0) + 0.1 * noise(200, 3)
    found = sketch_of(project(equity(copies), 0))
    assert found.counts.tolist() == [40] * 5
    assert found.correlation == pytest.approx(1 / 1.01**2, abs=0.03)
    assert len(sketch_of(project(equity(noise(30)), 0)).counts) == 30


def test_trials_that_never_moved_are_one_cluster_apart():
    returns = np.concatenate((noise(2), np.zeros((3, DAYS))))
    assert sorted(sketch_of(project(equity(returns), 0)).counts.tolist()) == [1, 1, 3]


def test_two_sweeps_of_the_same_idea_over_the_same_days_are_one_cluster():
    idea = noise(1)
    sketches = [
        sketch_of(project(equity(np.repeat(idea, 10, axis=0) + 0.1 * noise(10, seed)), 19_000)) for seed in (2, 3)
    ]
    assert merged(sketches).counts.tolist() == [20]


def test_a_part_of_the_days_is_found_again_in_the_whole():
    idea = noise(1)
    whole, part = project(equity(idea), 19_000), project(equity(idea[:, 100:]), 19_100)
    assert merged([sketch_of(whole), sketch_of(part)]).counts.tolist() == [2]
    elsewhere = project(equity(idea), 12_000)
    assert len(merged([sketch_of(whole), sketch_of(elsewhere)]).counts) == 2


def test_a_sketch_comes_back_from_the_ledger_as_it_was():
    found = sketch_of(project(equity(noise(7)), 0))
    back = Sketch.of_json(found.as_json())
    np.testing.assert_array_equal(back.leaders, found.leaders)
    np.testing.assert_array_equal(back.counts, found.counts)
    assert back.fits == pytest.approx(found.fits, abs=1e-6)
    assert merged([]).counts.tolist() == Sketch.of_json([]).counts.tolist() == []


def test_an_account_that_went_to_nothing_is_still_a_trial():
    lost = equity(noise(1))
    lost[0, 250:] = 0.0
    assert sketch_of(project(lost, 0)).counts.tolist() == [1]
    assert np.isfinite(project(lost, 0)).all()
