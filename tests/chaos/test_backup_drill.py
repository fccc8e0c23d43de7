"""The drill: a backup while bots run, the process killed, everything restored elsewhere, and the bots go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.chaos.bot_killer import BARS, BOTS, begin, desk_at
from tests.unit.bots.fleet import kept
from tests.waiting import comes_true

from karat.control.parity import ParityCase, compared
from karat.core.ids import BotId
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.journal import open_journal
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.ports.cockpit import BotState, EventKind
from karat.strategies import find_strategy

ROOT = Path(__file__).resolve().parents[2]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}


def karat(home: Path, *words: str) -> str:
    command = [sys.executable, "-m", "karat.app", *words]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bots_go_on_elsewhere_from_a_backup_made_while_they_ran(tmp_path: Path) -> None:
    home, elsewhere, backups = tmp_path / "home", tmp_path / "elsewhere", tmp_path / "backups"
    desk = desk_at(home)
    with open_lake(home).change() as change:
        change.put_candles(desk.candles, measure(desk.candles, sessions=False))
        change.put_funding(DEMO_SYMBOLS[0], desk.funding, measure(desk.candles, sessions=False))
    desk.journal.close()
    begin(home)
    running = subprocess.Popen(
        [sys.executable, "-m", "karat.app", "bots", "run", *BOTS, "--speed", "25"],
        env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    journal = open_journal(home)
    assert comes_true(running, lambda: journal.status(BotId("ada")).bars >= BARS // 16)
    before = journal.status(BotId("ada")).bars
    told = json.loads(karat(home, "backup", "--to", str(backups), "--with-data", "--json"))
    assert running.poll() is None, "the bots ran all the while"
    after = journal.status(BotId("ada")).bars
    running.send_signal(signal.SIGKILL)
    running.wait()
    journal.close()

    karat(elsewhere, "restore", told["path"])
    restored = open_journal(elsewhere)
    then = restored.status(BotId("ada"))
    assert 0 < before <= then.bars <= after < BARS and then.state == BotState.RUNNING
    karat(elsewhere, "bots", "run", *BOTS)
    alone = desk_at(tmp_path / "alone")
    for name, strategy in BOTS.items():
        alone.create(name, strategy)
        record = restored.bot(BotId(name))
        candles, funding = alone.candles, alone.funding
        case = ParityCase(find_strategy(strategy), {}, record.policy, record.instrument, candles, funding)
        assert restored.status(BotId(name)).state == BotState.FINISHED
        assert restored.trade_count(BotId(name)) > 3
        assert compared(case, restored, BotId(name)).differences == ()
    alone.run(*map(BotId, BOTS))
    for name in BOTS:
        assert kept(restored, BotId(name)) == kept(alone.journal, BotId(name))
    kinds = [one.kind for one in restored.events(10**9, bot=BotId("ada"))]
    assert kinds.count(EventKind.STARTED) == kinds.count(EventKind.RECOVERED) == 1
    alone.journal.close()
    restored.close()
