"""A change killed at any moment leaves the lake as it was or complete, and the next one succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tests.chaos.lake_killer import begin_tables
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, place
from tests.unit.lake.bars import MARKET, START, bars
from tests.unit.lake.first_format import write_first_format

from karat.core.ids import MarketId
from karat.lake.catalog import read_catalog
from karat.lake.store import open_lake

KILLER = Path(__file__).with_name("lake_killer.py")
MANY_STEPS = 30  # two series of six columns are opened and forced one by one, so fewer would mean steps unheard


def two_markets(folder: Path, bars: int) -> Path:
    """Files of two markets to import."""
    for name in ("AAA.csv", "BBB.csv"):
        place(folder, csv_text(csv_rows(bars)), name=name)
    return folder


def environment(home: Path) -> dict[str, str]:
    package = Path(__file__).resolve().parents[2] / "src"
    return {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": str(package)}


def killed_at_every_step(home: Path, work: str) -> list[dict[str, Any]]:
    """What the killer tells of each step, after what must hold for all changes: before or complete, never back."""
    command = [sys.executable, str(KILLER), str(home), work]
    run = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    before, complete = told[0]["seen"], told[-1]["seen"]
    assert before != complete
    assert [line["killed"] for line in told] == [True] * (len(told) - 1) + [False]
    assert len(told) > MANY_STEPS
    for line in told:
        assert line["seen"] in (before, complete), f"half a change was seen when killed before step {line['k']}"
        assert line["after"] == complete, f"the change after a kill before step {line['k']} went wrong"
    as_before = [line["seen"] == before for line in told]
    assert as_before == sorted(as_before, reverse=True), "once complete, the lake stays complete"
    return told


def test_an_import_killed_before_any_step_leaves_the_lake_as_before_or_complete(tmp_path: Path) -> None:
    desk = Desk(tmp_path)  # begins with AAA, shorter
    place(tmp_path / "old", csv_text(csv_rows(24)), name="AAA.csv")
    desk.take(tmp_path / "old", market=None)
    told = killed_at_every_step(tmp_path / "home", str(two_markets(tmp_path / "new", 48)))
    assert (len(told[0]["seen"]), len(told[-1]["seen"])) == (1, 2)


def test_rows_added_until_killed_before_any_step_are_there_or_not(tmp_path: Path) -> None:
    begin_tables(tmp_path / "home")
    told = killed_at_every_step(tmp_path / "home", "append")
    assert (len(told[0]["seen"]), len(told[-1]["seen"])) == (3, 4)


def test_a_lake_of_the_first_format_is_carried_over_whole_or_not_at_all(tmp_path: Path) -> None:
    funding = {MARKET: {"ts": np.array([START]), "rate": np.array([0.1])}}
    write_first_format(tmp_path / "home", bars(48, market=MarketId("binance_perp:AAA")), bars(9), funding=funding)
    told = killed_at_every_step(tmp_path / "home", str(two_markets(tmp_path / "new", 60)))
    assert (len(told[0]["seen"]), len(told[-1]["seen"])) == (2, 3)


def test_the_command_killed_while_it_writes_leaves_the_lake_as_before(tmp_path: Path) -> None:
    home, source = tmp_path / "home", two_markets(tmp_path / "new", 5000)
    command = [sys.executable, "-m", "karat.app", "data", "import", str(source)]
    running = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not any((home / "lake").glob("series/*/open.bin")):
        os.sched_yield()
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(open_lake(home).list()) in (0, 2)
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    assert [entry.rows for entry in open_lake(home).list()] == [5000, 5000]
    named = {home / "lake" / record.folder for record in read_catalog(home / "lake").series.values()}
    assert set((home / "lake" / "series").iterdir()) == named, "leftovers must be swept"


def test_a_second_import_while_one_runs_is_told_to_wait(tmp_path: Path) -> None:
    home, source = tmp_path / "home", two_markets(tmp_path / "new", 48)
    command = [sys.executable, "-m", "karat.app", "data", "import", str(source), "--json"]
    with open_lake(home).change():
        run = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert json.loads(run.stdout)["error"]["code"] == "lake_busy"
    assert open_lake(home).list() == ()
