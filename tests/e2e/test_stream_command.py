"""karat data stream as a person runs it: a process of its own, ended by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fakes.binance_streams import LiveBinance, Script, agg_trade, streamed
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import Internet
from tests.fakes.tape import Tape

from karat.app.main import main
from karat.core.ids import market_id
from karat.core.model.table import TableName
from karat.lake.store import open_lake

__all__ = ["internet", "whole_internet"]
NOW_MS = 1_723_161_600_000
NAME = TableName("trades", market_id("binance_perp:BTCUSDT"), "streamed")


def started(internet: Internet, home: Path, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "KARAT_HOME": str(home),
        "HTTPS_PROXY": internet.https_proxy,
        "SSL_CERT_FILE": str(internet.ca_file),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "karat.app", "data", "stream", "binance_perp:BTCUSDT", *words, "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    """Give way until it happened, as the files of the process show, or the process has ended."""
    while process.poll() is None and not happened():
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)


def heard(home: Path) -> bool:
    """Whether the stream's own record says that it has fifty rows."""
    record = home / "streams" / "binance_perp:BTCUSDT.trades.json"
    return record.exists() and json.loads(record.read_text("utf-8"))["rows"] >= 50


def stored(home: Path) -> list[int]:
    lake = open_lake(home)
    there = any(entry.name == NAME for entry in lake.tables())
    return lake.table(NAME).columns["trade_id"].tolist() if there else []


def test_sigterm_stores_what_has_come_and_says_what_it_was(internet: Internet, home: Path) -> None:
    pytest.importorskip("ccxt")
    venue = LiveBinance(internet, NOW_MS, Tape(NOW_MS - 600_000, 60_000, 20))
    trades = [agg_trade(1000 + k, NOW_MS + 10 * k, 100.0 + k, 0.5, False) for k in range(50)]
    venue.scripts["btcusdt@aggTrade"] = [Script([streamed(trade) for trade in trades])]
    process = started(internet, home, "--bars", "tick:20,1s")
    wait_for(process, lambda: heard(home))
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    [status] = json.loads(out)["streams"]
    assert (status["kind"], status["rows"], status["gaps"], status["waiting_rows"]) == ("trades", 50, 0, 0)
    assert stored(home) == list(range(1000, 1050))
    bars = open_lake(home).table(TableName("bars", NAME.owner, "tick-20_streamed"))
    assert (status["bars"], status["cut_bars"], status["bar_trouble"]) == (2, 0, "")
    assert bars.columns["close"].tolist() == [119.0, 139.0]


def test_what_a_killed_process_missed_is_filled_by_the_next_until_ctrl_c(internet: Internet, home: Path) -> None:
    pytest.importorskip("ccxt")
    now_ms = time.time_ns() // 1_000_000  # a pause is measured by the clock on the wall
    venue = LiveBinance(internet, now_ms, Tape(now_ms // 60_000 * 60_000 - 600_000, 60_000, 20))
    trades = [agg_trade(1000 + k, now_ms + 10 * k, 100.0 + k, 0.5, False) for k in range(200)]
    texts = [streamed(trade) for trade in trades]
    venue.trades = trades
    venue.scripts["btcusdt@aggTrade"] = [Script(texts[:60]), Script(texts[150:])]
    process = started(internet, home)
    wait_for(process, lambda: bool(stored(home)))
    process.kill()
    process.communicate(timeout=60)
    process = started(internet, home)
    wait_for(process, lambda: 1199 in stored(home))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert stored(home) == list(range(1000, 1200))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "no_market"),
        (["binance_perp:BTCUSDT", "--kinds", "ticks"], "kind_unknown"),
        (["nowhere:BTCUSDT"], "venue_unknown"),
        (["binance_perp:BTCUSDT", "--every", "often"], "bad_timeframe"),
        (["binance_perp:BTCUSDT", "--kinds", "book", "--bars", "1m"], "no_trades"),
        (["binance_perp:BTCUSDT", "--bars", "candle"], "bar_kind_unknown"),
    ],
)
def test_what_cannot_be_streamed_is_refused_with_a_hint(
    words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "stream", *words, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code and error["hint"]
