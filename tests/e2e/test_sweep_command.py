"""karat sweep as a user meets it: whose costs are charged is said, and the vault stays closed."""

from __future__ import annotations

import json

import pytest

from karat.app.main import main
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

MARKET = DEMO_SYMBOLS[0]
SWEEP = ["sweep", "buy_and_hold", "--market", MARKET, "--timeframe", "1h", "--json"]


@pytest.fixture
def lake() -> int:
    """A demo market in the lake of this test; where its vault starts."""
    candles = demo_candles(7, MARKET, HOUR_MS, 1_200)
    opened = open_lake()
    with opened.change() as change:
        change.put_candles(candles, measure(candles, sessions=False), sessions=False)
    return open_lake().entry(MarketId(MARKET), HOUR_MS).vault_start_ts


def swept(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main([*SWEEP, *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_sweep_is_pessimistic_unless_told_and_stops_before_the_vault(lake: int, capsys: pytest.CaptureFixture[str]):
    told = swept(capsys)
    assert told["cost_level"] == "pessimistic"
    assert told["last"] < lake
    assert told == swept(capsys, "--costs", "pessimistic")


def test_costs_of_ones_own_are_charged_and_said(lake: int, capsys: pytest.CaptureFixture[str]):
    dear = swept(capsys, "--policy", "half_spread=0.02")
    assert dear["cost_level"] == "own"
    assert dear["best"][0]["total_return"] < swept(capsys)["best"][0]["total_return"]


def test_own_costs_and_a_level_contradict_each_other(lake: int, capsys: pytest.CaptureFixture[str]):
    assert main([*SWEEP, "--policy", "half_spread=0.02", "--costs", "base"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "contradictory_policy"


def test_a_sweep_orders_by_consistency_unless_told_and_the_seed_alone_moves_it(
    lake: int, capsys: pytest.CaptureFixture[str]
):
    words = ("--policy-grid", "stop_value=0.01..0.05..0.01", "--policy", "stop_mode=fraction")
    told = swept(capsys, *words)
    assert told["ordered_by"] == "consistency"
    scores = [row["consistency"] for row in told["best"]]
    assert scores == sorted(scores, reverse=True)
    assert all(row["scored_on_many_paths"] for row in told["best"])
    assert told == swept(capsys, *words)
    other = swept(capsys, *words, "--seed", "1")
    assert [row["sharpe"] for row in other["best"]] != []
    assert {row["consistency"] for row in other["best"]}.isdisjoint(scores)


def test_a_sample_that_meets_conditions_is_kept_and_listed(lake: int, capsys: pytest.CaptureFixture[str]):
    grid = ("--policy-grid", "stop_value=0.01..0.2..0.001", "take_value=0.01..0.2..0.001", "--policy")
    words = (*grid, "stop_mode=fraction", "take_mode=fraction", "--where", "stop_value < take_value")
    told = swept(capsys, *words, "--sampler", "sobol", "--trials", "300", "--seed", "5")
    assert told["trials"] == 300
    assert all(row["set"]["stop_value"] < row["set"]["take_value"] for row in told["best"])
    assert told == swept(capsys, *words, "--sampler", "sobol", "--trials", "300", "--seed", "5")
    assert main(["sweeps", "--json"]) == 0
    (kept,) = json.loads(capsys.readouterr().out)
    assert (kept["sweep"], kept["variants"], kept["finished"]) == (told["sweep"], 300, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--where", "stop_value <"), "bad_condition"),
        (("--sampler", "sobol"), "bad_trials"),
        (("--sampler", "magic"), "unknown_sampler"),
    ],
)
def test_a_choice_that_makes_no_sense_is_one_line(lake: int, capsys: pytest.CaptureFixture[str], words, code):
    assert main([*SWEEP, *words]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


@pytest.mark.parametrize("by", ["growth_low", "calmar", "deflated_sharpe", "sharpe - 2 * max_drawdown"])
def test_every_objective_orders_and_its_columns_are_told(lake: int, capsys: pytest.CaptureFixture[str], by: str):
    words = ("--policy-grid", "stop_value=0.01..0.05..0.01", "--policy", "stop_mode=fraction")
    told = swept(capsys, *words, "--by", by)
    values = [row[by] for row in told["best"]]
    assert len(values) == 5 and values == sorted(values, reverse=True)


@pytest.mark.parametrize(("by", "code"), [("profit", "unknown_figure"), ("sharpe - profit", "bad_objective")])
def test_what_cannot_be_ordered_by_is_one_line(lake: int, capsys: pytest.CaptureFixture[str], by: str, code: str):
    assert main([*SWEEP, "--by", by]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_search_by_optuna_is_shown_kept_and_counted(lake: int, capsys: pytest.CaptureFixture[str]):
    words = ("--policy-grid", "stop_value=0.01..0.2..0.001", "--policy", "stop_mode=fraction", "--trials", "30")
    told = swept(capsys, *words, "--sampler", "nsga2", "--by", "sharpe,max_drawdown")
    assert (told["trials"], told["pruned"], told["ordered_by"]) == (30, 0, "sharpe,max_drawdown")
    falls = [row["max_drawdown"] for row in told["best"]]
    assert falls == sorted(falls, reverse=True), "each of the front pays for its Sharpe ratio with drawdown"
    assert told == swept(capsys, *words, "--sampler", "nsga2", "--by", "sharpe,max_drawdown")
    pruned = swept(capsys, *words, "--sampler", "tpe", "--prune", "--by", "total_return")
    assert pruned["trials"] == 30 and pruned["sweep"] != told["sweep"]
    assert main(["sweeps", "--json"]) == 0
    assert [one["finished"] for one in json.loads(capsys.readouterr().out)] == [True, True]


def test_a_search_wants_to_know_how_many_trials(lake: int, capsys: pytest.CaptureFixture[str]):
    assert main([*SWEEP, "--sampler", "tpe"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_trials"
