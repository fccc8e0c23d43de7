"""Bots killed with SIGKILL at any moment go on as if nothing had happened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.chaos.bot_killer import BARS, BOTS, begin, desk_at
from tests.unit.bots.fleet import Desk, kept

from karat.core.ids import BotId
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.journal import open_journal
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.ports.cockpit import BotState, EventKind

KILLER = Path(__file__).with_name("bot_killer.py")
ROOT = Path(__file__).resolve().parents[2]
DEATHS_MIN = 6


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}


def everything(desk: Desk) -> dict[str, object]:
    return {name: kept(desk.journal, BotId(name)) for name in BOTS}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the same bots do when nobody kills them."""
    home = tmp_path_factory.mktemp("undisturbed")
    begin(home)
    desk = desk_at(home)
    asyncio.run(desk.runner().run([BotId(name) for name in BOTS]))
    found = everything(desk)
    desk.journal.close()
    return found


@pytest.mark.parametrize(("seed", "how"), [(1, "from the anchor"), (2, "from the anchor"), (3, "carried")])
def test_killed_again_and_again_it_ends_as_one_that_never_was(
    seed: int, how: str, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    home = tmp_path / "killed"
    run = subprocess.run(
        [sys.executable, str(KILLER), str(home), str(seed), how],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    deaths = json.loads(run.stdout)["deaths"]
    assert len(deaths) >= DEATHS_MIN and deaths == sorted(deaths), f"progress at each death: {deaths}"
    assert 0 < deaths[len(deaths) // 2] < BARS * len(BOTS)
    desk = desk_at(home)
    found = everything(desk)
    desk.journal.close()
    for name in BOTS:
        assert found[name] == undisturbed[name]


def test_the_command_killed_while_it_runs_goes_on_where_it_was(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    home = tmp_path / "home"
    desk = desk_at(home)
    with open_lake(home).change() as change:
        change.put_candles(desk.candles, measure(desk.candles, sessions=False))
        change.put_funding(DEMO_SYMBOLS[0], desk.funding, measure(desk.candles, sessions=False))
    desk.journal.close()
    begin(home)
    command = [sys.executable, "-m", "karat.app", "bots", "run", *BOTS]
    running = subprocess.Popen(
        [*command, "--speed", "200"], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    journal = open_journal(home)
    while running.poll() is None and journal.status(BotId("ada")).bars < BARS // 4:
        os.sched_yield()
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert BARS // 4 <= journal.status(BotId("ada")).bars < BARS
    assert journal.status(BotId("ada")).state == BotState.RUNNING  # it had no time to say otherwise
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    for name in BOTS:
        assert journal.status(BotId(name)).state == BotState.FINISHED
        assert kept(journal, BotId(name)) == undisturbed[name]
    kinds = [one.kind for one in journal.events(10**9, bot=BotId("ada"))]
    assert kinds.count(EventKind.STARTED) == kinds.count(EventKind.RECOVERED) == 1
    journal.close()
