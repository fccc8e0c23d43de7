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
from karat.ports.trading import Transaction

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


def test_why_there_was_no_trade_is_told(terminal: Terminal) -> None:
    assert terminal.error("why", "ada", "1970-01-02") == "no_bot"
    terminal.run(*CREATE, "--policy", "stop_mode=fraction", "stop_value=0.01")
    assert terminal.error("why", "ada", "1970-01-02") == "no_bar"
    assert terminal.error("why", "bea", "1970-01-02") == "unknown_bot"
    assert terminal.error("why", "ada", "yesterday") == "bad_time"
    terminal.run("bots", "run", "ada")
    opens = iso(int(CANDLES.ts[10]))
    told = json.loads(terminal.run("why", "ada", opens, "--last", "11", "--json").out)["bars"]
    assert [one["bar"] for one in told] == list(range(11))
    assert told[0]["first"] == "sizing" and "a figure to size by is missing" in told[0]["reason"]
    entry = json.loads(terminal.run("why", "ada", iso(int(CANDLES.ts[-1])), "--last", str(BARS), "--json").out)["bars"]
    ordered = next(one for one in entry if one["orders"])
    assert ordered["first"] == "" and entry[ordered["bar"] + 1]["fills"]
    ran = terminal.run("why", "ada", iso(ordered["ts"]))
    assert ran.code == 0 and "passed" in ran.out and f"Bar {ordered['bar']}, {iso(ordered['ts'])}" in ran.err
    assert "a figure to size by is missing" in terminal.run("why", "ada", opens, "--last", "11").out


def test_a_bot_is_compared_with_its_backtest(terminal: Terminal, home: Path) -> None:
    assert terminal.error("parity", "ada") == "no_bot"
    terminal.run(*CREATE, "--policy", "stop_mode=fraction", "stop_value=0.01")
    assert terminal.error("parity", "ada") == "no_bar"
    assert terminal.error("parity", "ada", "--strategy", "buy_and_hold") == "bad_parity"
    terminal.run("bots", "run", "ada")
    ran = terminal.run("parity", "ada", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["percent"], told["gap"], told["bars"]) == (0, 100.0, 0.0, BARS)
    assert told["trades"] == len(told["pairs"]) > 0 and all(pair["why"] == "" for pair in told["pairs"])
    assert "Parity 100.00%." in terminal.run("parity", "ada").err
    assert json.loads(terminal.run("bots", "show", "ada", "--json").out)["parity"].keys() == {"undefined"}
    journal = open_journal(home)
    token = journal.take_lease("the night", 0, 1)
    journal.write(Transaction(token, 0, facts={"parity:ada": {"at_ms": 0, "percent": 97.5, "trades": 3}}))
    journal.release_lease(token)
    journal.close()
    shown = terminal.run("bots", "show", "ada")
    assert "Parity with the backtest, 1970-01-01T00:00:00Z: 97.50% over 3 trades." in shown.err
