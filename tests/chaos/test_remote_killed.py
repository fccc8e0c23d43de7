"""A push or pull killed at any moment leaves place and lake as before or complete, and the next one succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.s3_server import KEYS, running_server
from tests.unit.lake.bars import bars
from tests.unit.lake.tables import table

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.model.table import TableName
from karat.core.time import MINUTE_MS
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.push import push
from karat.lake.store import open_lake
from karat.ports.lake import Quality

ROOT = Path(__file__).resolve().parents[2]
OTHER, NEWS = MarketId("venue:OTHER"), TableName("news", "source:BTC")


def fill(home: Path, count: int) -> None:
    """Candles and news; a second market joins when there are many."""
    with open_lake(home).change() as change:
        change.put_candles(bars(count), Quality())
        change.put_table(NEWS, table(ts=("i8", range(count)), title=("text", [f"Füße {row}" for row in range(count)])))
        if count > 100:
            change.put_candles(bars(count, market=OTHER), Quality())


def environment(home: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "KARAT_HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
        **more,
    }


def killed_at_every_step(mode: str, home: Path, place: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.chaos.remote_killer", mode, str(home), str(place)]
    run = subprocess.run(command, env=environment(home), cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    before, complete = told[0]["seen"], told[-1]["seen"]
    assert before != complete
    assert [line["killed"] for line in told] == [True] * (len(told) - 1) + [False]
    for line in told:
        assert line["seen"] in (before, complete), f"half a {mode} was seen when killed before step {line['k']}"
        assert line["after"] == complete, f"the {mode} after a kill before step {line['k']} went wrong"
    return told


@pytest.mark.parametrize("begun", [False, True], ids=["an empty place", "a place that holds less"])
def test_a_push_killed_before_any_step(tmp_path: Path, begun: bool) -> None:
    place, home = tmp_path / "place", tmp_path / "home"
    place.mkdir()
    fill(home, 50)
    if begun:
        push(home / "lake", FolderObjects(place), tell=str)
        fill(home, 60)  # so that there is something to take out of the catalog
        push(home / "lake", FolderObjects(place), tell=str)
    fill(home, 200)
    told = killed_at_every_step("push", home, place)
    assert len(told) > 10, "three objects and a catalog are opened, forced and renamed, so fewer mean steps unheard"
    assert len(told[0]["seen"]) == (2 if begun else 0)
    assert len(told[-1]["seen"]) == 3


@pytest.mark.parametrize("begun", [False, True], ids=["an empty lake", "a lake that holds less"])
def test_a_pull_killed_before_any_step(tmp_path: Path, begun: bool) -> None:
    place, home, target = tmp_path / "place", tmp_path / "home", tmp_path / "target"
    fill(home, 200)
    push(home / "lake", FolderObjects(place), tell=str)
    target.mkdir()
    if begun:
        fill(target, 50)
    told = killed_at_every_step("pull", target, place)
    assert len(told) > 30, "series of six columns are opened and forced one by one, so fewer mean steps unheard"
    assert len(told[0]["seen"]) == (2 if begun else 0)
    assert len(told[-1]["seen"]) == 3


def test_the_command_killed_while_it_sends_a_large_object_to_s3_in_parts(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "target"
    random = np.random.default_rng(7)
    ts = np.arange(600_000) * MINUTE_MS
    prices = {name: random.uniform(1, 2, len(ts)) for name in ("open", "high", "low", "close", "volume")}
    with open_lake(home).change() as change:
        change.put_candles(Candles(OTHER, MINUTE_MS, ts=ts, **prices), Quality())
    with running_server(tmp_path) as server:
        bucket = server.new_bucket()
        words = [f"s3://{bucket}/lake", "--endpoint", server.url, "--json"]
        command = [sys.executable, "-m", "karat.app", "data"]
        running = subprocess.Popen([*command, "push", *words], env=environment(home, **KEYS), stdout=subprocess.DEVNULL)
        while running.poll() is None and not any("partNumber=" in request for request in server.requests()):
            os.sched_yield()
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert server.objects(bucket) == {}, "it was killed before all parts had come"
        empty = subprocess.run(
            [*command, "pull", *words], env=environment(target, **KEYS), capture_output=True, check=False
        )
        assert json.loads(empty.stdout)["error"]["code"] == "remote_empty"
        subprocess.run([*command, "push", *words], env=environment(home, **KEYS), capture_output=True, check=True)
        tags = [tag for key, tag in server.objects(bucket).items() if key.endswith(".parquet")]
        assert [tag.partition("-")[2] for tag in tags] == ["3"]
        subprocess.run([*command, "pull", *words], env=environment(target, **KEYS), capture_output=True, check=True)
    assert open_lake(target).list() == open_lake(home).list()
