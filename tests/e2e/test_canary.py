"""A key is kept, used, and repeated by its vendor: no byte of it is in any file, answer, output or argument."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.canary import CANARY, EchoingVendor, files_under, forms, found_in, running
from tests.fakes.binance import SPOT, Binance
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import Internet, Reply, Request
from tests.fakes.tape import Tape
from tests.waiting import comes_true

from karat.core.ids import BotId, MarketId
from karat.core.time import SECOND_MS
from karat.journal import open_journal

__all__ = ["internet", "whole_internet"]

MARKET = MarketId("binance_spot:BTCUSDT")
BARS = 120
PATHS = (
    "/healthz", "/metrics", "/api/v1/health", "/api/v1/fleet", "/api/v1/bots/ada", "/api/v1/refusals",
    "/api/v1/positions", "/api/v1/trades", "/api/v1/events", "/api/v1/data", "/api/v1/jobs", "/api/v1/nowhere",
)  # fmt: skip


class Ticking(Binance):
    """Binance at the time on the wall. A bar a second."""

    def answer(self, request: Request) -> Reply:
        self.now_ms = time.time_ns() // 1_000_000
        return super().answer(request)


@pytest.fixture
def vendor() -> Iterator[EchoingVendor]:
    server = EchoingVendor()
    with running(server):
        yield server


@pytest.fixture
def world(vendor: EchoingVendor, internet: Internet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A venue with candles, a vendor that repeats keys, and a place for backups."""
    now_ms = time.time_ns() // 1_000_000
    first = (now_ms // SECOND_MS - BARS) * SECOND_MS
    Ticking(internet, SPOT, {("BTCUSDT", "1s"): Tape(first, SECOND_MS, 600 + BARS)}, now_ms)
    for name, value in {
        "HTTPS_PROXY": internet.https_proxy, "SSL_CERT_FILE": str(internet.ca_file), "NO_PROXY": "127.0.0.1",
        "KARAT_BINANCE_ARCHIVE": "", "KARAT_COINGLASS_URL": vendor.url, "KARAT_FRED_URL": vendor.url,
        "KARAT_LOG_LEVEL": "debug", "KARAT_BACKUPS": str(tmp_path / "backups"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def karat(*words: str, given: str = "") -> bytes:
    """What a command prints, on both outputs."""
    done = subprocess.run(
        [sys.executable, "-m", "karat.app", *words], input=given.encode(), capture_output=True, check=False
    )
    return done.stdout + done.stderr + f"\nexit {done.returncode}".encode()


def answer(base: str, token: str, path: str) -> bytes:
    request = urllib.request.Request(f"{base}{path}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as told:
            return told.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.read()


def test_no_sink_holds_a_byte_of_it(world: None, vendor: EchoingVendor, home: Path, tmp_path: Path) -> None:
    sinks = {"download": karat("data", "download", MARKET, "--timeframe", "1s")}
    sinks |= {f"set {name}": karat("secrets", "set", name, "--from-file", "-", given=CANARY)
              for name in ("KARAT_COINGLASS_KEY", "KARAT_FRED_KEY")}  # fmt: skip
    create = ("--strategy", "bollinger_mean_reversion", "--market", MARKET, "--timeframe", "1s", "--live")
    sinks["create"] = karat("bots", "create", "ada", "--limits", "none", *create)
    command = [sys.executable, "-m", "karat.app", "serve", "--port", "0", "--live", "--delay", "0.2"]
    process = subprocess.Popen(
        [*command, "--vendor", "coinglass", "fred"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    address = process.stdout.readline()
    assert b"#token=" in address, process.communicate()
    base, _, token = address.decode().strip().partition("/#token=")
    journal = open_journal(home)
    assert comes_true(process, lambda: journal.status(BotId("ada")).bars >= BARS + 2)
    journal.close()
    told = Path(f"/proc/{process.pid}")
    if told.exists():
        sinks |= {name: (told / name).read_bytes() for name in ("cmdline", "environ")}
    sinks |= {path: answer(base, token, path) for path in PATHS}
    sinks["backup"] = karat("backup", "--with-data")
    sinks |= files_under(home, tmp_path)  # while the journal has its log beside it
    process.send_signal(signal.SIGTERM)
    sinks["page"], sinks["words"] = process.communicate()
    sinks["address"] = address
    for words in (
        ("data", "refresh", "--vendor", "coinglass", "fred", "--all-now"), ("data", "status"),
        ("logs", "--level", "debug"),
        ("secrets", "list", "--json"), ("secrets", "set", "OTHER", "--from-file", str(tmp_path / "none")),
        ("backtest", "bollinger_mean_reversion", "--market", MARKET, "--timeframe", "1s"), ("bots", "show", "ada"),
        ("bots", "run", "ada"), ("secrets", "rekey"),
    ):  # fmt: skip
        sinks[" ".join(words)] = karat(*words)
    sinks |= {f"afterwards {name}": content for name, content in files_under(home, tmp_path).items()}

    used = [one for one in vendor.requests if CANARY in str(one.headers) + str(one.query)]
    assert {one.path.split("/")[1] for one in used} >= {"api", "fred"}, "the key was sent, in a header and an address"
    assert found_in(sinks) == []
    assert b"[secret]" in sinks["data refresh --vendor coinglass fred --all-now"], "the vendor's words were shown"
    for part in ("secrets.json", "journal.db", "journal.db-wal", "serve.log", "backups/karat-"):
        assert any(part in name for name in sinks), part
    secret_key = Path(os.environ["KARAT_SECRET_KEY_FILE"]).read_text().split()[1]
    assert found_in(sinks, secret_key) == []
    mine = {"address", str(home / "token"), f"afterwards {home / 'token'}"}
    assert found_in({name: content for name, content in sinks.items() if name not in mine}, token) == []


def test_a_key_that_leaks_is_found(
    world: None, vendor: EchoingVendor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the same key, where nobody knows that it is one: in the address of the vendor."""
    monkeypatch.setenv("KARAT_COINGLASS_KEY", "another-key-0123")
    monkeypatch.setenv("KARAT_COINGLASS_URL", f"http://127.0.0.1:9/{CANARY}")
    karat("data", "download", MARKET, "--timeframe", "1s")
    said = karat("data", "refresh", "--vendor", "coinglass")
    found = found_in({"output": said} | files_under(home))
    assert "output: plain" in found
    assert any("source_state" in one for one in found), "the lake keeps what the vendor's error said"


@pytest.mark.parametrize("form", list(forms(CANARY)))
def test_each_form_is_found_where_it_is(form: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "serve.log").write_bytes(b"before " + forms(CANARY)[form] + b" after")
    assert [one for one in found_in(files_under(tmp_path)) if one.endswith(f"serve.log: {form}")]
