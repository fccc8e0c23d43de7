"""Runs that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.research.small_markets import candles, market_data
from tests.unit.strategies.written import written

from karat.core.errors import InputError, NeedsOperator
from karat.core.model.instrument import Kind
from karat.core.model.policy import CostLevel, Policy
from karat.ports.lake import Quality
from karat.research.backtest import OWN_COSTS, Backtest, backtest
from karat.research.json_form import backtest_json
from karat.research.manifest import manifest
from karat.research.manifest_stamp import stamp
from karat.research.run_store import load_run, run_ids, store_run
from karat.strategies import Strategy, resolve

WAVES = 100.0 + 10.0 * np.sin(np.arange(300) / 7.0)
RISES = "return signals(len(market), long=market.close > market.open, short=market.close < market.open)"


@pytest.fixture
def strategy(tmp_path: Path) -> Strategy:
    return written(tmp_path, "waves", RISES)


def run_of(strategy: Strategy, costs: CostLevel | None = CostLevel.PESSIMISTIC, **changes: Any) -> Backtest:
    data = market_data(candles(WAVES), **changes)
    return backtest(data, strategy, resolve(strategy), Policy(), costs)


def test_a_run_comes_back_as_it_was_kept(strategy: Strategy, tmp_path: Path) -> None:
    result = run_of(strategy)
    told = manifest(result, ("a market",))
    kept = store_run(result, told, tmp_path)
    found = load_run(kept.id, tmp_path)
    assert found.manifest == told and len(found.trades["id"]) == len(result.main_run.trades) > 10
    for name, column in result.main_run.fills.items():
        assert np.array_equal(found.fills[name], column)
    assert np.array_equal(found.bars["equity"], result.main_run.equity)
    assert np.array_equal(found.bars["entry"], result.signals.entry)
    assert found.result["metrics"]["base"]["trades"] > 10


def test_the_same_run_has_one_id_and_another_has_another(strategy: Strategy, tmp_path: Path) -> None:
    first, again = (store_run(result, manifest(result), tmp_path) for result in (run_of(strategy), run_of(strategy)))
    other = run_of(strategy, CostLevel.BASE)
    second = store_run(other, manifest(other), tmp_path)
    assert first.id == again.id != second.id
    assert run_ids(tmp_path) == [first.id, second.id]
    assert load_run("last", tmp_path).id == second.id
    store_run(run_of(strategy), manifest(run_of(strategy)), tmp_path)
    assert load_run("last", tmp_path).id == first.id


def test_a_run_is_found_by_the_beginning_of_its_id(strategy: Strategy, tmp_path: Path) -> None:
    kept = store_run(run_of(strategy), manifest(run_of(strategy)), tmp_path)
    assert load_run(kept.id[:5], tmp_path).id == kept.id
    for name in ("", "zzz", "../" + kept.id):
        with pytest.raises(InputError) as refused:
            load_run(name, tmp_path)
        assert refused.value.code == "unknown_run"


def test_without_runs_a_run_cannot_be_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="karat backtest") as refused:
        load_run("last", tmp_path)
    assert refused.value.code == "unknown_run"


def test_what_a_killed_run_left_behind_is_no_run(strategy: Strategy, tmp_path: Path) -> None:
    kept = store_run(run_of(strategy), manifest(run_of(strategy)), tmp_path)
    (tmp_path / "runs" / ".run-torn").mkdir()
    assert run_ids(tmp_path) == [kept.id]


def test_a_torn_file_is_said_to_be_torn(strategy: Strategy, tmp_path: Path) -> None:
    kept = store_run(run_of(strategy), manifest(run_of(strategy)), tmp_path)
    (kept.folder / "result.json").write_text('{"metr')
    with pytest.raises(NeedsOperator) as refused:
        load_run(kept.id, tmp_path)
    assert refused.value.code == "run_damaged"


def test_a_run_of_a_newer_karat_is_refused(strategy: Strategy, tmp_path: Path) -> None:
    kept = store_run(run_of(strategy), manifest(run_of(strategy)), tmp_path)
    file = kept.folder / "manifest.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(InputError) as refused:
        load_run(kept.id, tmp_path)
    assert refused.value.code == "run_newer"


def stamped(result: Backtest) -> dict[str, tuple[str, bool]]:
    return {one.name: (one.text, one.warning) for one in stamp(manifest(result))}


def test_the_stamp_says_what_is_assumed(strategy: Strategy) -> None:
    result = run_of(strategy)
    lines = stamped(result)
    assert lines["instrument"][0].startswith("known") and not lines["instrument"][1]
    assert lines["funding"] == ("none in the lake, not charged", True)
    assert lines["check"][1] and not lines["vault"][1]
    assert stamped(run_of(strategy, assumed=True))["instrument"][0].startswith("ASSUMED")
    assert stamped(run_of(strategy, kind=Kind.SPOT))["funding"] == ("a spot market pays none", False)
    simulated = replace(result.data.entry, quality=Quality(simulated=True))
    told = stamped(replace(result, data=replace(result.data, entry=simulated)))
    assert told["data"][0].startswith("SIMULATED") and told["data"][1]
    seen = replace(result.data.entry, vault_start_ts=int(result.data.candles.ts[-1]))
    assert "VAULT" in stamped(replace(result, data=replace(result.data, entry=seen)))["vault"][0]


def test_own_costs_stand_beside_the_three_levels(strategy: Strategy) -> None:
    result = run_of(strategy, None)
    assert list(result.levels) == ["base", "pessimistic", "brutal", OWN_COSTS] and result.main == OWN_COSTS
    told = backtest_json(result, manifest(result), None)
    assert list(told["metrics"]) == ["base", "pessimistic", "brutal", "own", "edge_dies_at_bp"]
    assert told["manifest"]["cost_level"] == "own"
    assert told["metrics"]["own"] == told["metrics"]["pessimistic"]  # the default policy's costs are those
