"""karat data stream as a person runs it: a process of its own, ended by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
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
NAME = TableName("trades", market_id("binance_perp:BTCUSDT"))


def started(internet: Internet, home: Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "KARAT_HOME": str(home),
        "HTTPS_PROXY": internet.https_proxy,
        "SSL_CERT_FILE": str(internet.ca_file),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "karat.app", "data", "stream", "binance_perp:BTCUSDT", "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until_heard(process: subprocess.Popen[str], home: Path) -> Iterator[None]:
    """Gives way until the stream's own record says that it is live."""
    record = home / "streams" / "binance_perp:BTCUSDT.trades.json"
    while process.poll() is None and not (record.exists() and json.loads(record.read_text("utf-8"))["rows"] >= 50):
        yield


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_stores_what_has_come_and_says_what_it_was(internet: Internet, home: Path, number: int) -> None:
    pytest.importorskip("ccxt")
    venue = LiveBinance(internet, NOW_MS, Tape(NOW_MS - 600_000, 60_000, 20))
    trades = [agg_trade(1000 + k, NOW_MS + 10 * k, 100.0 + k, 0.5, False) for k in range(50)]
    venue.scripts["btcusdt@aggTrade"] = [Script([streamed(trade) for trade in trades])]
    process = started(internet, home)
    for _ in until_heard(process, home):
        os.sched_yield()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    [status] = json.loads(out)["streams"]
    assert (status["kind"], status["rows"], status["gaps"], status["waiting_rows"]) == ("trades", 50, 0, 0)
    assert open_lake(home).table(NAME).columns["trade_id"].tolist() == list(range(1000, 1050))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "no_market"),
        (["binance_perp:BTCUSDT", "--kinds", "ticks"], "kind_unknown"),
        (["nowhere:BTCUSDT"], "venue_unknown"),
        (["binance_perp:BTCUSDT", "--every", "often"], "bad_timeframe"),
    ],
)
def test_what_cannot_be_streamed_is_refused_with_a_hint(
    words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "stream", *words, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code and error["hint"]
