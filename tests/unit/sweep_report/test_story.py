"""A kept sweep read back for its page, and what the page says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tests.unit.sweep_report.sweep_worlds import EMA, GRID, STOPPED, kept, kept_story, simulated_data

from karat.core.errors import InputError
from karat.research.sweep_report.page import render
from karat.research.sweep_report.story import order_of, read_sweep, story_of, story_of_pool
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.pooled import pooled
from karat.research.sweeps.several import with_one_number_of_paths
from karat.stats.figure import Undefined

WIDE = SweepGrid(GRID.parameters, {"stop_value": tuple(round(0.001 * k, 3) for k in range(1, 61))})


def data_in(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


@pytest.mark.parametrize("by", ["consistency", "sharpe", "deflated_sharpe", "sharpe - 2 * max_drawdown"])
def test_a_sweep_is_read_back_as_it_was(tmp_path: Path, by: str) -> None:
    result, folder = kept_sweep(simulated_data(), EMA, WIDE, STOPPED, Choice(by=by), home=tmp_path)
    again = read_sweep(folder, by)
    for name in ("variants", "figures", "scores", "refined"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name), name)
    assert (again.days, again.days_per_year, again.trials) == (result.days, result.days_per_year, result.trials)
    assert again.settings(17) == result.settings(17)
    assert order_of(folder) == by


def test_charts_compare_variants_on_one_number_of_paths(tmp_path: Path) -> None:
    wide = kept_story(tmp_path, grid=WIDE)
    assert wide.paths == (100, 5_000) and len(wide.result.refined) == 100 and not len(wide.even.refined)
    small = kept_story(tmp_path)
    assert small.paths == (5_000, 5_000) and small.even is small.result


def test_the_page_names_trials_luck_centres_and_that_data_are_simulated(tmp_path: Path) -> None:
    story = kept_story(tmp_path, Choice(by="sharpe"))
    page = render(story)
    assert "simulated data</title>" in page and "SIMULATED" in page and "60 trials" in page
    assert not isinstance(story.luck, Undefined) and data_in(page)["luck"] == story.luck
    assert story.luck > 0.0 and not isinstance(story.effective, Undefined) and 1.0 <= story.effective <= 60.0
    assert page.count('class="chip peak"') + page.count('class="chip centre"') >= 10
    assert len(page) < 300_000
    assert re.search(r"https?://", page) is None


def test_what_should_be_low_has_no_plateaus_and_says_so(tmp_path: Path) -> None:
    story = kept_story(tmp_path, Choice(by="max_drawdown"))
    assert "a plateau is of what should be high" in render(story)


def test_a_sweep_in_which_nothing_trades_says_what_is_undefined(tmp_path: Path) -> None:
    folder = kept_sweep(simulated_data(bars=30), EMA, GRID, STOPPED, Choice(by="sharpe"), home=tmp_path)[1]
    page = render(story_of(folder, "sharpe"))
    assert "No variant has a defined sharpe" in page
    assert data_in(page)["counts"]["sharpe"] == {
        "counts": [], "low": 0.0, "high": 0.0, "below": 0, "undefined": 60, "median": None,
    }  # fmt: skip


def test_a_pool_names_its_markets_and_tells_no_luck(tmp_path: Path) -> None:
    parts = [
        kept_sweep(simulated_data(seed), EMA, GRID, STOPPED, Choice(), home=tmp_path) for seed in (7, 8)
    ]  # fmt: skip
    even, paths = with_one_number_of_paths(parts)
    story = story_of_pool(pooled(even), [folder for _, folder in parts], "consistency", paths)
    page = render(story)
    assert "Pool of 2 markets" in page and "120 trials" in page
    assert isinstance(story.luck, Undefined) and data_in(page)["luck"] is None


def test_what_it_was_not_scored_by_is_refused(tmp_path: Path) -> None:
    folder = kept(tmp_path, Choice(by="sharpe"))
    with pytest.raises(InputError, match="not scored by calmar"):
        story_of(folder, "calmar")
    assert story_of(folder, "total_return").goal == "total_return"


def test_an_unfinished_sweep_has_no_page(tmp_path: Path) -> None:
    folder = kept(tmp_path, Choice(Sampler.RANDOM, 10, by="sharpe"))
    (folder.folder / "result.json").unlink()
    with pytest.raises(InputError, match="not finished"):
        story_of(folder, "sharpe")
