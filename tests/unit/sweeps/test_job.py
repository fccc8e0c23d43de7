"""A sweep that is kept: what is there is not done again, and a stop anywhere changes no byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.research.small_markets import market_data

from karat.core.errors import InputError, NeedsOperator
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.sweeps.batches import plan_of
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.conditions import Condition
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, admit, kept_sweep
from karat.research.sweeps.store import SweepFolder, kept_sweeps
from karat.research.sweeps.sweep import Sweep, sweep
from karat.strategies import find_strategy

STOPPED = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03)
LEVELS = tuple(0.0005 * k for k in range(1, 201))
GRID = SweepGrid({"fast_period": (5, 8), "slow_period": (40,)}, {"stop_value": LEVELS, "take_value": LEVELS})
EMA = find_strategy("ema_crossover")
BY_SHARPE = Choice(by="sharpe")


class Killed(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 900))


def kept(data: MarketData, home: Path, choice: Choice, grid: SweepGrid = GRID, **more) -> tuple[Sweep, SweepFolder]:
    return kept_sweep(data, EMA, grid, STOPPED, choice, home=home, **more)


def content(folder: SweepFolder) -> dict[str, bytes]:
    return {str(one.relative_to(folder.folder)): one.read_bytes() for one in folder.folder.rglob("*") if one.is_file()}


def same(ours: Sweep, theirs: Sweep) -> None:
    for name in ("variants", "figures", "scores", "refined"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    assert ours.sketch is not None and theirs.sketch is not None
    assert ours.sketch.as_json() == theirs.sketch.as_json()


def test_a_kept_sweep_is_the_sweep_in_memory_and_its_files_are_its_variants(data: MarketData, tmp_path: Path):
    result, folder = kept(data, tmp_path, BY_SHARPE)
    same(result, sweep(data, EMA, GRID, STOPPED, sketched=True))
    table = pl.concat([pl.read_parquet(one) for one in sorted((folder.folder / "parts").iterdir())])
    assert folder.parts() == 2 and table["variant"].to_list() == list(range(GRID.variants))
    for row in (0, 40_001, 79_999):
        told = table.row(row, named=True)
        assert {name: told[name] for name in GRID.variant(row)} == GRID.variant(row)
        assert told["sharpe"] == pytest.approx(result.column("sharpe")[row], nan_ok=True)


@pytest.mark.parametrize("after", [1, 30_000, 70_000])
def test_stopped_anywhere_it_goes_on_and_no_byte_is_another(data: MarketData, tmp_path: Path, after: int):
    done = 0

    def stop(more: int, of: int) -> None:
        nonlocal done
        done += more
        if done >= after:
            raise Killed

    with pytest.raises(Killed):
        kept(data, tmp_path / "killed", BY_SHARPE, progress=stop)
    first, folder = kept(data, tmp_path / "killed", BY_SHARPE)
    whole, other = kept(data, tmp_path / "whole", BY_SHARPE)
    same(first, whole)
    assert content(folder) == content(other)


def test_a_finished_sweep_is_read_and_not_done_again(data: MarketData, tmp_path: Path):
    grid = SweepGrid({"fast_period": (5,)}, {"stop_value": LEVELS})
    first, folder = kept(data, tmp_path, Choice(), grid)
    stamps = {one: one.stat().st_mtime_ns for one in folder.folder.rglob("*.parquet")}
    told: list[int] = []
    again, _ = kept(data, tmp_path, Choice(), grid, progress=lambda done, of: told.append(done))
    same(first, again)
    assert len(first.refined) == 100
    assert stamps == {one: one.stat().st_mtime_ns for one in folder.folder.rglob("*.parquet")}
    assert told == [200]


def test_a_sample_is_what_the_whole_grid_says_of_its_variants(data: MarketData, tmp_path: Path):
    choice = Choice(Sampler.SOBOL, 500, 3, (Condition("stop_value < take_value"),), by="sharpe")
    some, _ = kept(data, tmp_path, choice)
    assert len(some.variants) == 500
    whole = sweep(data, EMA, GRID, STOPPED)
    np.testing.assert_array_equal(some.figures, whole.figures[some.variants])
    best = some.settings(some.best(1)[0])
    assert best["stop_value"] < best["take_value"]


def test_every_other_choice_is_another_sweep(data: MarketData, tmp_path: Path):
    grid = SweepGrid({"fast_period": (5,)}, {"stop_value": LEVELS})
    choices = [
        BY_SHARPE, Choice(), Choice(seed=1), Choice(Sampler.RANDOM, 50, by="sharpe"),
        Choice(Sampler.RANDOM, 50, 1, by="sharpe"), Choice(conditions=(Condition("stop_value < 0.05"),), by="sharpe"),
    ]  # fmt: skip
    for choice in choices:
        kept(data, tmp_path, choice, grid)
    kept_sweep(data, EMA, grid, Policy(stop_mode=LevelMode.ATR, stop_value=2.0), BY_SHARPE, home=tmp_path)
    assert len(kept_sweeps(tmp_path)) == len(choices) + 1
    assert all(one.finished() for one in kept_sweeps(tmp_path))


def test_a_damaged_part_is_named(data: MarketData, tmp_path: Path):
    grid = SweepGrid({"fast_period": (5,)}, {"stop_value": LEVELS})
    _, folder = kept(data, tmp_path, BY_SHARPE, grid)
    part = folder.folder / "parts" / "000000.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(NeedsOperator, match=r"000000\.parquet") as caught:
        kept(data, tmp_path, BY_SHARPE, grid)
    assert caught.value.code == "sweep_damaged"
    part.unlink()
    assert kept(data, tmp_path, BY_SHARPE, grid)[0].trials == 200


def test_a_sweep_that_cannot_fit_is_refused_before_any_work(data: MarketData):
    plan = plan_of(data, EMA, GRID, STOPPED)
    admit(plan, 1_000_000, None)
    with pytest.raises(InputError) as caught:
        admit(plan, 10**13, None)
    assert caught.value.code == "too_large"
