"""Whoever meets a damaged series is killed in the middle of setting it aside, or meets it together with others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.chaos.quarantine_killer import OTHER, read_and_change, seen
from tests.chaos.test_lake_writers import in_process, succeeded
from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.test_reading import lake_with

from karat.core.errors import KaratError
from karat.core.time import HOUR_MS
from karat.lake.store import open_lake

ROOT = Path(__file__).resolve().parents[2]
STEPS = 10  # a record, a catalog and a folder are written, forced and renamed, so fewer would mean steps unheard
FILES = 7  # six columns and what they are
READERS = 4


def damaged(home: Path) -> Path:
    """A lake of two series, one of which has lost bytes."""
    lake_with(home, bars(48), bars(24, market=OTHER))
    folder = next((home / "lake" / "series").glob("candles.binance_perp.BTCUSDT.1h.*"))
    os.truncate(folder / "close.bin", 100)
    return home


def test_quarantine_killed_before_any_step_loses_nothing_and_is_completed(tmp_path: Path) -> None:
    home = damaged(tmp_path / "home")
    files = seen(home)["files"]
    assert len(files) == FILES
    command = [sys.executable, "-m", "tests.chaos.quarantine_killer", str(home)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["killed"] for line in told] == [True] * (len(told) - 1) + [False]
    assert len(told) > STEPS
    before = {"listed": [MARKET, OTHER], "quarantined": [], "other": 24, "files": files}
    aside = {"listed": [OTHER], "quarantined": [MARKET], "other": 24, "files": files}
    for line in told:
        assert line["seen"] in (before, aside), f"killed before step {line['k']}"
        assert line["after"] == {**aside, "other": 27}, f"going on after a kill before step {line['k']}"


def test_processes_that_meet_the_damage_at_once_set_it_aside_once(tmp_path: Path) -> None:
    home = damaged(tmp_path)
    gate, go = os.pipe()

    def work() -> None:
        os.close(go)
        os.read(gate, 1)  # until all have started
        try:
            open_lake(home).candles(MARKET, HOUR_MS)
        except KaratError as error:
            assert error.code in ("series_quarantined", "lake_damaged")
            assert len(open_lake(home).candles(OTHER, HOUR_MS)) == 24
            return
        raise AssertionError("damaged bars were served")

    readers = [in_process(work) for _ in range(READERS)]
    os.close(go)
    assert [succeeded(reader) for reader in readers] == [True] * READERS
    read_and_change(home)
    told = seen(home)
    assert (told["listed"], told["quarantined"], len(told["files"])) == ([OTHER], [MARKET], FILES)
    records = list((home / "lake" / "quarantine").glob("*.json"))
    assert len(records) == 1
