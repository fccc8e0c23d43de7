"""What was given up half way is a trial, and no figure of it is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.sweep_report.sweep_worlds import EMA, STOPPED, simulated_data

from karat.research.sweep_report.page import render
from karat.research.sweep_report.payload import shown_values
from karat.research.sweep_report.story import story_of
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice
from karat.research.sweeps.study import led_sweep

LEVELS = tuple(round(0.005 * k, 3) for k in range(1, 60))


def test_what_was_given_up_is_counted_once_and_not_drawn(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    grid = SweepGrid({"fast_period": (5, 8), "slow_period": (40,)}, {"stop_value": LEVELS})
    choice = Choice(Sampler.TPE, 40, by="sharpe", prune=True)
    result, folder = led_sweep(simulated_data(), EMA, grid, STOPPED, choice, home=tmp_path)
    assert len(result.pruned) > 0
    story = story_of(folder, "sharpe")
    np.testing.assert_array_equal(story.result.pruned, result.pruned)
    assert np.isnan(shown_values(story, "sharpe")[result.pruned]).all()
    assert f"40 variants simulated; {len(result.pruned)} given up half way<" in render(story)
