"""A sweep that Optuna leads: the same trials whoever stops it, each counted once, none outside its conditions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.unit.research.small_markets import market_data
from tests.unit.sweeps.test_objective import STOPPED

from karat.core.errors import InputError, RetryLater
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.research.backtest import MarketData
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.conditions import Condition
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.store import SweepFolder
from karat.research.sweeps.study import led_sweep
from karat.research.sweeps.sweep import Sweep, sweep
from karat.research.sweeps.trials import own_study
from karat.strategies import find_strategy

EMA = find_strategy("ema_crossover")
STOPS = tuple(0.005 * k for k in range(1, 30))
GRID = SweepGrid({"fast_period": tuple(range(3, 30)), "slow_period": tuple(range(20, 60, 5))}, {"stop_value": STOPS})
TPE = Choice(Sampler.TPE, 40, 1, by="sharpe")
PRUNED = replace(TPE, prune=True)
FRONT = Choice(Sampler.NSGA2, 90, 1, by="sharpe,max_drawdown")


class Killed(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 1_500))


def led(data: MarketData, home: Path, choice: Choice, grid: SweepGrid = GRID, **more: Any) -> tuple[Sweep, SweepFolder]:
    return led_sweep(data, EMA, grid, STOPPED, choice, home=home, **more)


def told(folder: SweepFolder) -> list[tuple[int, int, str]]:
    """(number, variant, fate) of every trial, as the journal has them: each is told once."""
    lines = [json.loads(line) for line in (folder.folder / "study.journal").read_text().splitlines()]
    found = [
        (line["trial_id"], line["user_attr"]["found"]["variant"], line["user_attr"]["found"]["fate"])
        for line in lines
        if "found" in line.get("user_attr", {})
    ]
    assert len({number for number, *_ in found}) == len({*found}), "whoever tells a trial again tells the same"
    return sorted({*found})


def same(ours: Sweep, theirs: Sweep) -> None:
    for name in ("variants", "figures", "scores", "refined", "pruned"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    assert ours.sketch is not None and theirs.sketch is not None
    assert ours.sketch.as_json() == theirs.sketch.as_json()


@pytest.mark.parametrize("choice", [TPE, PRUNED, FRONT], ids=["tpe", "pruned", "nsga2"])
@pytest.mark.parametrize("after", [1, 25])
def test_stopped_anywhere_it_goes_on_with_the_trials_of_one_never_stopped(data, tmp_path, choice, after):
    done = 0

    def stop(more: int, of: int) -> None:
        nonlocal done
        done += more
        if done >= after:
            raise Killed

    with pytest.raises(Killed):
        led(data, tmp_path / "killed", choice, progress=stop)
    journal = next((tmp_path / "killed").rglob("study.journal"))
    with journal.open("ab") as torn:
        torn.write(b'{"op_code":4,"worker')
    ours, folder = led(data, tmp_path / "killed", choice)
    whole, other = led(data, tmp_path / "whole", choice, workers=1)
    same(ours, whole)
    assert told(folder) == told(other)
    assert ours.trials == choice.trials
    again, _ = led(data, tmp_path / "whole", choice)
    same(again, whole)


@pytest.mark.parametrize("lines", [3, 60, 62, 64, 66, 230])
def test_a_journal_cut_at_any_line_ends_in_the_same_trials(data, tmp_path, lines):
    small = replace(PRUNED, trials=24)
    whole, folder = led(data, tmp_path / "whole", small)
    journal = folder.folder / "study.journal"
    kept = journal.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut" / "sweeps" / folder.id
    cut.mkdir(parents=True)
    (cut / "study.journal").write_bytes(b"".join(kept[:lines]))
    ours, other = led(data, tmp_path / "cut", small)
    same(ours, whole)
    assert told(other) == told(folder)


def test_every_trial_is_what_a_sweep_says_of_its_variant(data, tmp_path):
    found, folder = led(data, tmp_path, TPE)
    alone = sweep(data, EMA, GRID, STOPPED, variants=found.variants)
    np.testing.assert_array_equal(found.figures, alone.figures)
    table = pl.read_parquet(folder.folder / "parts" / "000000.parquet")
    assert table["variant"].to_list() == found.variants.tolist()
    assert not table["pruned"].any()
    other, _ = led(data, tmp_path, replace(TPE, seed=2))
    assert other.variants.tolist() != found.variants.tolist()


def test_what_meets_no_condition_is_never_simulated_and_never_counted(data, tmp_path):
    choice = replace(TPE, conditions=(Condition("fast_period < slow_period / 3"),))
    found, folder = led(data, tmp_path, choice)
    assert found.trials == choice.trials
    assert all(found.settings(row)["fast_period"] < found.settings(row)["slow_period"] / 3 for row in range(40))
    refused = {variant for _, variant, fate in told(folder) if fate == "refused"}
    assert refused and refused.isdisjoint(found.variants.tolist())


def test_a_search_learns(data, tmp_path):
    _, folder = led(data, tmp_path, replace(TPE, trials=80))
    values = {}
    for line in map(json.loads, (folder.folder / "study.journal").read_text().splitlines()):
        found = line.get("user_attr", {}).get("found", {"fate": "refused"})
        if found["fate"] == "whole":
            values[line["trial_id"]] = found["values"][0]
    assert np.median([values[k] for k in sorted(values)[-30:]]) > np.median([values[k] for k in sorted(values)[:10]])


def test_pruned_variants_count_and_are_never_the_best(data, tmp_path):
    found, folder = led(data, tmp_path, PRUNED)
    assert 0 < len(found.pruned) < found.trials == PRUNED.trials
    assert set(found.best(40, "sharpe")).isdisjoint(found.pruned.tolist())
    half = replace(data, market=data.market[: len(data.candles) // 2])
    first = sweep(half, EMA, GRID, STOPPED, variants=found.variants[found.pruned])
    np.testing.assert_array_equal(found.figures[found.pruned], first.figures)
    assert pl.read_parquet(folder.folder / "parts" / "000000.parquet")["pruned"].sum() == len(found.pruned)


def test_two_goals_show_what_nobody_beats_in_both(data, tmp_path):
    found, _ = led(data, tmp_path, FRONT)
    best = found.best(50, FRONT.by)
    sharpes, falls = found.column("sharpe"), found.column("max_drawdown")
    for row in best:
        assert not ((sharpes >= sharpes[row]) & (falls < falls[row])).any()
    assert len(best) > 1 and best[0] == int(np.nanargmax(sharpes))


def test_a_grid_that_is_smaller_than_the_search_is_tried_once_each(data, tmp_path):
    small = SweepGrid({"fast_period": (5, 8)}, {"stop_value": STOPS[:3]})
    found, folder = led(data, tmp_path, replace(TPE, trials=500), small)
    assert found.trials <= small.variants
    assert len({*found.variants.tolist()}) == found.trials
    assert len(told(folder)) <= 10 * small.variants


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (replace(TPE, trials=None), "bad_trials"),
        (replace(TPE, trials=10**6), "bad_trials"),
        (replace(FRONT, prune=True), "bad_objective"),
        (replace(TPE, by="sharpe,sharpe"), "bad_objective"),
        (replace(TPE, by="sharpe,calmar,trades"), "bad_objective"),
        (replace(TPE, trials=3, conditions=(Condition("fast_period > 99"),)), "empty_grid"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(data, tmp_path, choice, code):
    with pytest.raises(InputError) as caught:
        led(data, tmp_path, choice)
    assert caught.value.code == code


def test_a_grid_does_not_prune(data, tmp_path):
    with pytest.raises(InputError) as caught:
        kept_sweep(data, EMA, GRID, STOPPED, Choice(by="sharpe", prune=True), home=tmp_path)
    assert caught.value.code == "bad_trials"


def test_one_process_works_on_a_study(data, tmp_path):
    _, folder = led(data, tmp_path, TPE)
    with own_study(folder.folder), pytest.raises(RetryLater) as caught:
        led(data, tmp_path, TPE)
    assert caught.value.code == "sweep_busy"
