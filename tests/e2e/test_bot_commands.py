"""karat bots, as a person or a script runs it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.bots.fleet import demo

from karat.app.main import main
from karat.core.ids import BotId
from karat.core.time import iso
from karat.journal import journal_path, open_journal
from karat.journal.tables import VERSION
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.ports.cockpit import BotState

BARS = 300
CANDLES, _ = demo(BARS)
CREATE = (
    "bots",
    "create",
    "ada",
    "--limits",
    "none",
    "--strategy",
    "buy_and_hold",
    "--market",
    CANDLES.market,
    "--timeframe",
    "1h",
)


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs `karat` in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def run(self, *words: str) -> Ran:
        self.capture.readouterr()
        code = main(words)
        return Ran(code, *self.capture.readouterr())

    def error(self, *words: str) -> str:
        """The code of an expected failure: one line and exit code 2, and the same in JSON."""
        ran = self.run(*words)
        assert ran.code == 2 and len(ran.err.splitlines()) == 1 and ran.err.startswith("Error: ")
        return json.loads(self.run(*words, "--json").out)["error"]["code"]


@pytest.fixture
def terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    with open_lake(home).change() as change:
        change.put_candles(CANDLES, measure(CANDLES, sessions=False))
    return Terminal(capsys)


def test_a_bot_is_created_run_shown_and_goes_on(terminal: Terminal) -> None:
    ran = terminal.run(*CREATE, "--capital", "5000", "--policy", "stop_mode=fraction", "stop_value=0.01")
    assert ran.code == 0 and "buy_and_hold" in ran.out
    row = json.loads(terminal.run("bots", "list", "--json").out)[0]
    assert (row["state"], row["bars"]) == ("stopped", 0)
    assert row["equity"] == {"undefined": "no bar yet"}
    half = iso(int(CANDLES.ts[BARS // 2]))
    assert terminal.run("bots", "run", "ada", "--until", half).code == 0
    row = json.loads(terminal.run("bots", "list", "--json").out)[0]
    assert (row["state"], row["bars"], row["last_ts"]) == ("stopped", BARS // 2, int(CANDLES.ts[BARS // 2 - 1]))
    ran = terminal.run("bots", "run")
    assert ran.code == 0 and "finished" in ran.out
    shown = json.loads(terminal.run("bots", "show", "ada", "--json").out)
    assert shown["bars"] == BARS and shown["capital"] == 5000 and shown["trades"] > 0
    assert shown["newest_events"][0]["kind"] == "finished"
    assert "Bought" in terminal.run("bots", "show", "ada").out


def test_looking_makes_nothing(terminal: Terminal, home: Path) -> None:
    assert json.loads(terminal.run("bots", "list", "--json").out) == []
    assert "no bot" in terminal.run("bots", "list").err
    assert terminal.error("bots", "show", "ada") == "no_bot"
    assert not journal_path(home).exists()


@pytest.mark.parametrize(
    "change",
    [
        ("--strategy", "nope"),
        ("--market", "binance_perp:NOPE"),
        ("--timeframe", "7m"),
        ("--from", "2030-01-01"),
        ("--set", "speed=3"),
        ("--policy", "stop_mode=fraction"),
        ("--policy", "size_mode=risk"),
        ("--capital", "-1"),
    ],
)
def test_what_cannot_be_a_bot_is_refused_and_nothing_is_written(
    change: tuple[str, str], terminal: Terminal, home: Path
) -> None:
    words = list(CREATE)
    if change[0] in words:
        place = words.index(change[0])
        words[place : place + 2] = change
    else:
        words += change
    ran = terminal.run(*words)
    assert ran.code == 2 and len(ran.err.splitlines()) == 1
    assert not journal_path(home).exists()


def test_a_second_bot_of_that_name_is_refused(terminal: Terminal) -> None:
    terminal.run(*CREATE)
    ran = terminal.run(*CREATE)
    assert ran.code == 2 and "already" in ran.err


@pytest.mark.parametrize("words", [("eva",), ("ada", "--speed", "never"), ("ada", "--until", "soon")])
def test_what_cannot_run_is_refused(words: tuple[str, ...], terminal: Terminal) -> None:
    terminal.run(*CREATE)
    ran = terminal.run("bots", "run", *words)
    assert ran.code == 2 and len(ran.err.splitlines()) == 1
    assert json.loads(terminal.run("bots", "list", "--json").out)[0]["bars"] == 0


def test_a_journal_of_a_newer_karat_is_refused_and_left_alone(terminal: Terminal, home: Path) -> None:
    terminal.run(*CREATE)
    with sqlite3.connect(journal_path(home)) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    before = journal_path(home).read_bytes()
    assert terminal.error("bots", "list") == "journal_newer"
    for words in (("bots", "run"), CREATE):
        ran = terminal.run(*words)
        assert ran.code == 2 and "newer Karat" in ran.err and len(ran.err.splitlines()) == 1
    assert journal_path(home).read_bytes() == before


def test_a_bot_that_another_process_runs_is_told_to_wait(terminal: Terminal, home: Path) -> None:
    terminal.run(*CREATE)
    journal = open_journal(home)
    token = journal.take_lease("elsewhere", 10**15, 1)
    ran = terminal.run("bots", "run", "ada")
    assert ran.code == 2 and "Another Karat (elsewhere)" in ran.err
    journal.release_lease(token)
    journal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_bots_after_the_bar_in_hand(number: signal.Signals, terminal: Terminal, home: Path) -> None:
    terminal.run(*CREATE)
    journal = open_journal(home)
    running = subprocess.Popen(
        [sys.executable, "-m", "karat.app", "bots", "run", "ada", "--speed", "20"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while running.poll() is None and journal.status(BotId("ada")).bars < 3:
        os.sched_yield()
    running.send_signal(number)
    told = running.communicate()
    assert running.returncode == 0 and "go on from here" in told[1]
    status = journal.status(BotId("ada"))
    assert status.state == BotState.STOPPED and 3 <= status.bars < BARS
    journal.close()


def test_a_bot_whose_process_was_killed_is_shown_as_interrupted(terminal: Terminal, home: Path) -> None:
    terminal.run(*CREATE)
    journal = open_journal(home)
    running = subprocess.Popen(
        [sys.executable, "-m", "karat.app", "bots", "run", "ada", "--speed", "20"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while running.poll() is None and journal.status(BotId("ada")).bars < 3:
        os.sched_yield()
    assert json.loads(terminal.run("bots", "list", "--json").out)[0]["state"] == "running"
    running.kill()
    running.wait()
    assert json.loads(terminal.run("bots", "list", "--json").out)[0]["state"] == "interrupted"
    journal.close()
