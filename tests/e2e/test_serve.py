"""karat serve as a user runs it: a process that prints an address, moves its bots, and stops when it is asked to."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from karat.app.demo_bots import create_bots
from karat.app.demo_ground import BARS_MIN, demo_ground
from karat.journal.store import open_journal
from karat.ports.cockpit import BotState

PACKAGE = Path(__file__).resolve().parents[2] / "src"
SECONDS_MAX = 60.0


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE)}


def karat(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "karat.app", *words]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def eventually(question: Callable[[], Any]) -> Any:
    """The first answer that is something."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
    raise AssertionError("it never came")


@dataclass
class Serving:
    """A running `karat serve`."""

    process: subprocess.Popen[str]
    base: str
    token: str

    def get(self, path: str, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        request = urllib.request.Request(f"{self.base}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
            return json.load(answer)

    def first_event(self) -> dict[str, Any]:
        """The first event of the stream that is not its greeting."""
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": "0"}
        request = urllib.request.Request(f"{self.base}/api/v1/stream", headers=headers)
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as stream:
            kind = ""
            for raw in stream:
                field, _, value = raw.decode().strip().partition(": ")
                if field == "event":
                    kind = value
                elif field == "data" and kind == "event":
                    return json.loads(value)
        raise AssertionError("the stream ended")


@pytest.fixture
def serving(home: Path) -> Iterator[Serving]:
    ground, journal = demo_ground(1, BARS_MIN), open_journal()
    create_bots(ground, journal, created_ts=0)
    journal.close()
    command = [sys.executable, "-m", "karat.app", "serve", "--port", "0", "--speed", "10"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    base, _, token = process.stdout.readline().strip().partition("/#token=")
    yield Serving(process, base, token)
    process.kill()
    process.communicate()


def test_the_bots_move_on_the_page_and_stop_with_it(serving: Serving, home: Path) -> None:
    eventually(lambda: any(bot["last_bar_ts"] is not None for bot in serving.get("/api/v1/fleet")["bots"]))
    event = serving.first_event()
    assert event["id"] > 0 and event["kind"] in {"started", "marked", "entry", "exit", "refused"}
    assert {bot["verdict"] for bot in serving.get("/api/v1/fleet")["bots"]} == {"not proven"}
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(timeout=SECONDS_MAX) == 0
    journal = open_journal(home)
    statuses = journal.statuses()
    journal.close()
    assert len(statuses) == 5 and {status.state for status in statuses} <= {BotState.STOPPED, BotState.FINISHED}
    assert any(status.bars > 0 for status in statuses)


def test_only_who_has_the_token_gets_in(serving: Serving, home: Path) -> None:
    assert stat.S_IMODE((home / "token").stat().st_mode) == 0o600
    assert (home / "token").read_text("ascii").strip() == serving.token
    with pytest.raises(urllib.error.HTTPError) as refused:
        serving.get("/api/v1/fleet", token="guess")
    assert refused.value.code == 401
    refused.value.close()


def test_a_second_process_is_told_that_the_bots_are_taken(serving: Serving) -> None:
    eventually(lambda: any(bot["state"] == "running" for bot in serving.get("/api/v1/fleet")["bots"]))
    second = karat("serve", "--port", "0")
    assert second.returncode == 2
    assert serving.get("/healthz")["status"] == "ok"


def test_a_port_in_use_is_one_line_and_changes_nothing(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = karat("serve", "--port", str(taken.getsockname()[1]))
    assert run.returncode == 2
    assert run.stdout == "" and len(run.stderr.splitlines()) == 1
    assert not home.exists()


@pytest.mark.parametrize("words", [("--host", "0.0.0.0"), ("--port", "70000"), ("--speed", "0")])
def test_what_cannot_be_served_is_refused(home: Path, words: tuple[str, ...]) -> None:
    run = karat("serve", *words)
    assert run.returncode == 2 and len(run.stderr.splitlines()) == 1
    assert not home.exists()
