"""An import killed at any moment leaves the lake as it was or complete, and the next import succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, place

from karat.lake.catalog import read_catalog
from karat.lake.store import open_lake

KILLER = Path(__file__).with_name("lake_killer.py")
MANY_STEPS = 40  # two series of six columns are opened and forced one by one, so fewer would mean steps unheard


def two_markets(folder: Path, bars: int) -> Path:
    """Files of two markets to import."""
    for name in ("AAA.csv", "BBB.csv"):
        place(folder, csv_text(csv_rows(bars)), name=name)
    return folder


def environment(home: Path) -> dict[str, str]:
    package = Path(__file__).resolve().parents[2] / "src"
    return {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": str(package)}


def test_killed_before_any_step_the_lake_is_as_before_or_complete(tmp_path: Path) -> None:
    desk = Desk(tmp_path)  # begins with AAA, shorter
    place(tmp_path / "old", csv_text(csv_rows(24)), name="AAA.csv")
    desk.take(tmp_path / "old", market=None)
    source = two_markets(tmp_path / "new", 48)
    run = subprocess.run(
        [sys.executable, str(KILLER), str(tmp_path / "home"), str(source)],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    complete = told[-1]["seen"]
    before = told[0]["seen"]
    assert len(before) == 1
    assert len(complete) == 2
    assert [line["killed"] for line in told] == [True] * (len(told) - 1) + [False]
    assert len(told) > MANY_STEPS
    for line in told:
        assert line["seen"] in (before, complete), f"half an import was seen when killed before step {line['k']}"
        assert line["after"] == complete, f"the import after a kill before step {line['k']} went wrong"
    as_before = [line["seen"] == before for line in told]
    assert as_before == sorted(as_before, reverse=True), "once complete, the lake stays complete"


def test_the_command_killed_while_it_writes_leaves_the_lake_as_before(tmp_path: Path) -> None:
    home, source = tmp_path / "home", two_markets(tmp_path / "new", 5000)
    command = [sys.executable, "-m", "karat.app", "data", "import", str(source)]
    running = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not any((home / "lake").glob("candles/*/*/*/*/open.bin")):
        os.sched_yield()
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(open_lake(home).list()) in (0, 2)
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    assert [entry.rows for entry in open_lake(home).list()] == [5000, 5000]
    named = {record.folder(home / "lake") for record in read_catalog(home / "lake").series.values()}
    assert set((home / "lake").glob("candles/*/*/*/*")) == named, "leftovers must be swept"


def test_a_second_import_while_one_runs_is_told_to_wait(tmp_path: Path) -> None:
    home, source = tmp_path / "home", two_markets(tmp_path / "new", 48)
    command = [sys.executable, "-m", "karat.app", "data", "import", str(source), "--json"]
    with open_lake(home).change():
        run = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert json.loads(run.stdout)["error"]["code"] == "lake_busy"
    assert open_lake(home).list() == ()
