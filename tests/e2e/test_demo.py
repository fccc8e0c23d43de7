"""The whole way in one command, on one small market, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from karat.app.demo_ground import BARS_MIN, files_ground, starters
from karat.app.demo_research import backtest_starters, grid_of
from karat.control.verdict import unproven
from karat.core.errors import InputError
from karat.core.time import HOUR_MS
from karat.feeds.demo.market import demo_candles
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.journal.store import open_journal
from karat.lake.store import open_lake
from karat.ports.cockpit import BotState
from karat.ports.verdict import Verdict

PACKAGE = Path(__file__).resolve().parents[2] / "src"


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "karat.app", "demo", *words]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)


def write_market(folder: Path, bars: int) -> None:
    candles = demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, bars)
    columns = zip(candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume, strict=True)
    lines = ["ts,open,high,low,close,volume", *(",".join(map(str, row)) for row in columns)]
    file = folder / "otherplace" / "1h" / "METALUSDT.csv"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_demo_goes_all_the_way(home: Path) -> None:
    run = demo("--markets", "1", "--bars", str(BARS_MIN))
    assert run.returncode == 0, run.stderr
    assert "NOT PROVEN" in run.stdout
    (entry,) = open_lake(home).list()
    assert entry.quality.simulated and entry.rows == BARS_MIN
    assert len(list((home / "checks").glob("*.json"))) == len(starters()) == 5
    (report,) = (home / "reports").glob("*.html")
    assert "simulated" in report.read_text("utf-8").lower()
    journal = open_journal(home)
    statuses = journal.statuses()
    journal.close()
    assert len(statuses) == 5 and {status.state for status in statuses} == {BotState.STOPPED}
    assert {status.last_ts for status in statuses} == {entry.vault_start_ts - HOUR_MS}


def test_a_demo_that_cannot_be_is_refused_and_leaves_nothing(home: Path) -> None:
    for words in (("--markets", "0"), ("--bars", "10")):
        run = demo(*words)
        assert run.returncode == 2 and len(run.stderr.splitlines()) == 1
    assert not (home / "lake").exists()


def test_real_files_take_the_place_of_the_demo(home: Path, tmp_path: Path) -> None:
    write_market(tmp_path, BARS_MIN)
    ground, results = files_ground(tmp_path)
    assert [one.status for one in results] == ["imported"]
    assert (ground.markets, ground.timeframe_ms) == (("otherplace:METALUSDT",), HOUR_MS)
    assert not ground.entry(ground.markets[0]).quality.simulated


def test_a_folder_with_too_little_is_refused(home: Path, tmp_path: Path) -> None:
    write_market(tmp_path, 100)
    with pytest.raises(InputError, match="no market with 1,000 candles"):
        files_ground(tmp_path)


def test_research_stops_before_the_vault(home: Path, tmp_path: Path) -> None:
    write_market(tmp_path, BARS_MIN)
    ground, _ = files_ground(tmp_path)
    vault = ground.entry(ground.markets[0]).vault_start_ts
    for result in backtest_starters(ground).values():
        assert int(result.data.candles.ts[-1]) == vault - HOUR_MS
        assert not result.data.looks_into_vault


def test_what_is_varied_holds_what_the_strategy_is() -> None:
    for strategy in starters():
        for name, values in grid_of(strategy).parameters.items():
            parameter = next(one for one in strategy.parameters if one.name == name)
            assert set(values) <= set(parameter.values()) and len(values) > 1


def test_nothing_is_proven() -> None:
    judgement = unproven()
    assert judgement.verdict == Verdict.NOT_PROVEN
    assert "karat prove" in judgement.reason
