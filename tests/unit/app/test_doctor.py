"""karat doctor: green where all is well, red with what to do where it is not, and red where nobody knows."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.account import HttpAccount, account_server
from tests.unit.bots.fleet import Desk, demo

from karat.app.doctor import State, accounts
from karat.app.doctor_venues import clock_line, venues
from karat.app.main import main
from karat.core.ids import MarketId
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord


def lines(capture: pytest.CaptureFixture[str], exits: int) -> dict[str, dict[str, Any]]:
    capture.readouterr()
    assert main(("doctor", "--json")) == exits
    told = json.loads(capture.readouterr().out)
    assert told["red"] == sum(one["state"] == "red" for one in told["lines"])
    assert all(one["todo"] for one in told["lines"] if one["state"] == "red")
    return {one["name"]: one for one in told["lines"]}


@pytest.fixture
def record(home: Path) -> BotRecord:
    desk = Desk(home, *demo(200))
    bot = desk.create("ada")
    desk.run(bot, until=60)
    found = desk.journal.bot(bot)
    desk.journal.close()
    return found


def test_all_is_ready_where_bots_replay(record: BotRecord, capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, 0)
    assert {told[name]["state"] for name in ("settings", "home", "journal", "kill switch", "limits")} == {"ok"}
    assert {told[name]["state"] for name in ("account", "venues", "clock", "models")} == {"not applicable"}
    assert "can be written" in told["journal"]["text"]


def test_it_makes_no_journal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, 0)["journal"]["state"] == "not applicable"
    assert not (home / "journal.db").exists()


def test_a_damaged_journal_is_red(record: BotRecord, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "journal.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'facts'").fetchone()[0]
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with file.open("r+b") as out:
        out.seek((root - 1) * page)
        out.write(os.urandom(page))
    told = lines(capsys, 1)
    assert told["journal"]["state"] == "red" and told["kill switch"]["state"] == "red"


def test_a_locked_journal_is_whole_and_a_pulled_switch_is_red(
    record: BotRecord, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "KILL").write_text("drill")
    told = lines(capsys, 1)
    assert told["kill switch"]["state"] == "red" and "drill" in told["kill switch"]["text"]
    assert told["journal"]["state"] == "ok"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KARAT_HOEM", "/tmp", "Did you mean KARAT_HOME?"),
        ("KARAT_LOG_FILES", "many", "KARAT_LOG_FILES=many"),
        ("KARAT_COINGLAS_KEY", "x", "Did you mean KARAT_COINGLASS_KEY?"),
        ("KARAT_JOURNAL_URL", "mysql://x/y", "KARAT_JOURNAL_URL"),
        ("KARAT_REDIS_URL", "nonsense", "KARAT_REDIS_URL"),
        ("KARAT_PLAIN", "yes", "KARAT_PLAIN=yes"),
        ("KARAT_JOBS_PRIORITY", "high", "KARAT_JOBS_PRIORITY=high"),
    ],
)
def test_a_setting_that_is_wrong_is_red_and_nothing_starts(
    name: str, value: str, words: str, record: BotRecord, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    told = lines(capsys, 1)
    assert told["settings"]["state"] == "red" and words in told["settings"]["text"]
    assert main(("bots", "run")) == 2 and words in capsys.readouterr().err
    assert main(("serve", "--port", "0")) == 2 and words in capsys.readouterr().err


def test_what_means_nothing_is_told_and_a_key_of_ones_own_is_not(
    record: BotRecord, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KARAT_FAVOURITE_COLOUR", "gold")
    monkeypatch.setenv("KARAT_MY_BROKER_TOKEN", "x")
    told = lines(capsys, 0)["settings"]
    assert told["state"] == "note" and "COLOUR" in told["text"] and "TOKEN" not in told["text"]


def test_loose_rights_of_the_key_are_red(
    record: BotRecord, home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "value").write_text("a-secret-of-mine")
    assert main(("secrets", "set", "NAME", "--from-file", str(tmp_path / "value"))) == 0
    assert lines(capsys, 0)["secrets"]["state"] == "ok"
    Path(os.environ["KARAT_SECRET_KEY_FILE"]).chmod(0o644)
    assert lines(capsys, 1)["secrets"]["state"] == "red"


@pytest.mark.parametrize(
    ("rights", "balances", "state", "words"),
    [
        ({"read": True, "trade": True, "withdraw": False}, {"USDT": "100"}, State.OK, "cannot withdraw"),
        ({"read": True, "trade": True, "withdraw": True}, {"USDT": "100"}, State.RED, "THE KEY CAN WITHDRAW"),
        ({"read": True, "trade": True}, {"USDT": "100"}, State.RED, "can withdraw is not known"),
        ({"read": True, "trade": False, "withdraw": False}, {"USDT": "100"}, State.RED, "cannot trade"),
        ({"read": True, "trade": True, "withdraw": False}, {"USDT": "0"}, State.RED, "no money"),
        (None, None, State.RED, "refused the key"),
    ],
)
def test_an_account_is_looked_at_over_the_line(
    rights: Any, balances: Any, state: State, words: str, record: BotRecord
) -> None:
    live = replace(record, mode=Mode.LIVE, market=MarketId("binance_perp:BTCUSDT"))
    with account_server({} if rights is None else {"rights": rights, "balances": balances}) as url:
        (line,) = accounts([live], {"binance_perp": HttpAccount(url)})
    assert line.state is state and words in line.text
    (gone,) = accounts([live], {"binance_perp": HttpAccount(url)})
    assert gone.state is State.RED and "nobody answers" in gone.text
    assert accounts([live])[0].state is State.RED and "no account adapter" in accounts([live])[0].text


def test_a_venue_that_does_not_answer_is_red_twice(record: BotRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    followed = replace(record, mode=Mode.SHADOW, market=MarketId("bybit_perp:BTCUSDT"))
    assert [(one.name, one.state) for one in venues([followed])] == [("venues", State.RED), ("clock", State.RED)]


@pytest.mark.parametrize(
    ("skew", "took", "state"), [(499.0, 1.0, State.OK), (-501.0, 1.0, State.RED), (400.0, 300.0, State.RED)]
)
def test_a_clock_is_trusted_within_the_limit_and_what_is_not_known_counts(
    skew: float, took: float, state: State
) -> None:
    assert clock_line("x", skew, took).state is state
