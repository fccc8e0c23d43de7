"""karat bots run --live as a person runs it: seconds pass on the wall, the process is killed, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.fakes.binance import SPOT, Binance
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import Internet, Reply, Request
from tests.fakes.tape import Tape

from karat.app.main import main
from karat.app.serve_fleet import tape_of
from karat.control.parity import ParityCase, compared
from karat.core.ids import BotId, MarketId
from karat.core.time import SECOND_MS
from karat.journal import open_journal
from karat.lake.store import open_lake
from karat.ports.cockpit import BotState, EventKind
from karat.ports.feed import FeedKey
from karat.strategies import find_strategy

__all__ = ["internet", "whole_internet"]

MARKET = MarketId("binance_spot:BTCUSDT")
BEFORE, AFTER = 120, 600  # bars of a second around the beginning of the test
CREATE = (
    "bots",
    "create",
    "ada",
    "--limits",
    "none",
    "--strategy",
    "bollinger_mean_reversion",
    "--market",
    MARKET,
    "--timeframe",
    "1s",
)


class Ticking(Binance):
    """Binance at the time on the wall. A bar a second."""

    def answer(self, request: Request) -> Reply:
        self.now_ms = time.time_ns() // 1_000_000
        return super().answer(request)


@pytest.fixture
def venue(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = time.time_ns() // 1_000_000
    first = (now_ms // SECOND_MS - BEFORE) * SECOND_MS
    Ticking(internet, SPOT, {("BTCUSDT", "1s"): Tape(first, SECOND_MS, BEFORE + AFTER)}, now_ms)
    monkeypatch.setenv("HTTPS_PROXY", internet.https_proxy)
    monkeypatch.setenv("SSL_CERT_FILE", str(internet.ca_file))
    monkeypatch.setenv("KARAT_BINANCE_ARCHIVE", "")
    monkeypatch.setenv(
        "KARAT_ALTERNATIVE_ME_URL", "http://127.0.0.1:9"
    )  # nobody listens there: it costs its own series


def live(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "karat.app", "bots", "run", "--live", "--vendor", "alternative_me", *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_PROXY": "127.0.0.1"}
    return subprocess.Popen(
        [*command, "--delay", "0.2"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_live_bot_killed_and_started_again_is_its_backtest(
    venue: None, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("data", "download", MARKET, "--timeframe", "1s")) == 0
    assert main((*CREATE, "--live")) == 0
    assert main(("bots", "run", "ada")) == 2
    assert "ada follows a live market" in capsys.readouterr().err
    journal, ada = open_journal(home), BotId("ada")
    held = open_lake(home).entry(MARKET, SECOND_MS).rows
    for number in (signal.SIGKILL, signal.SIGINT):
        running = live()
        goal = max(held, journal.status(ada).bars) + 2
        while running.poll() is None and journal.status(ada).bars < goal:
            os.sched_yield()
        running.send_signal(number)
        told = running.communicate()
        assert running.returncode == (0 if number == signal.SIGINT else -number), told
    assert "follow live markets, on paper" in told[1] and "go on from here" in told[1]
    status = journal.status(ada)
    assert status.state == BotState.STOPPED and status.bars >= goal
    assert [one.kind for one in journal.events(999, bot=ada)].count(EventKind.RECOVERED) == 1
    record, lake = journal.bot(ada), open_lake(home)
    candles = tape_of(lake, FeedKey(MARKET, SECOND_MS, record.anchor_ts)).candles[: status.bars]
    case = ParityCase(find_strategy(record.strategy), {}, record.policy, record.instrument, candles, None)
    watched = [one.ts for one in journal.traces(ada, 0, 2**62) if one.first == "observing"]
    # Two bars after a start bring no entry. Nothing but such a bar may part them, and not before it.
    for one in compared(case, journal, ada).differences:
        assert one.way == "runner" and one.ts is not None and watched and one.ts >= watched[0], one.text()
    journal.close()
    assert json.loads(_printed(capsys, "bots", "list", "--json"))[0]["mode"] == "paper"


def _printed(capture: pytest.CaptureFixture[str], *words: str) -> str:
    capture.readouterr()
    assert main(words) == 0
    return capture.readouterr().out


@pytest.mark.parametrize("words", [("--delay", "-1"), ("--vendor", "coinglas"), ("eva",)])
def test_what_cannot_be_followed_is_one_line(
    words: tuple[str, ...], venue: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("data", "download", MARKET, "--timeframe", "1s")) == 0
    assert main((*CREATE, "--live")) == 0
    capsys.readouterr()
    assert main(("bots", "run", "--live", *words)) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
