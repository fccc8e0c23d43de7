"""karat deploy as a user meets it: bots of what was proved, marked as proven for as long as they are it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.control.dossiers import BARS, MARKET, SETTINGS, WATCHED, dossier, fill_lake
from tests.unit.journal.entries import bot_record
from tests.unit.journal.older import older_journal

from karat.api.app import create_app
from karat.app.main import main
from karat.control.cockpit import JournalCockpit
from karat.core.ids import BotId, MarketId
from karat.core.model.policy import COSTS, CostLevel, LevelMode, Policy, SizeMode
from karat.core.time import HOUR_MS
from karat.journal import open_journal
from karat.lake.store import open_lake
from karat.research.dossier.folder import FILE
from karat.research.gates.thresholds import changed_thresholds

NAME = "ema_crossover-simulated-aurum-usdt"
TOKEN = "correct-horse-battery"


class Terminal:
    """Runs `karat` in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str], home: Path) -> None:
        self.capture, self.home = capture, home

    def run(self, *words: str) -> Any:
        """What a command that succeeds prints with --json."""
        self.capture.readouterr()
        assert main([*words, "--json"]) == 0, self.capture.readouterr()
        return json.loads(self.capture.readouterr().out)

    def error(self, *words: str) -> dict[str, str]:
        """What a command that is refused says. No bot came of it."""
        before = self.bots()
        self.capture.readouterr()
        assert main([*words, "--json"]) == 2
        said = json.loads(self.capture.readouterr().out)["error"]
        assert self.bots() == before
        return said

    def bots(self) -> list[str]:
        return [row["name"] for row in self.run("bots", "list")]

    def page(self, bot: str) -> dict[str, Any]:
        """What the page asks about one bot."""
        journal = open_journal(self.home)
        client = TestClient(create_app(JournalCockpit(journal, 0), TOKEN), base_url="http://127.0.0.1")
        answer = client.get(f"/api/v1/bots/{bot}", headers={"Authorization": f"Bearer {TOKEN}"})
        journal.close()
        return answer.json()


@pytest.fixture
def terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    fill_lake(home)
    return Terminal(capsys, home)


def test_gold_becomes_a_bot_that_runs_and_is_proven_on_the_page(terminal: Terminal, home: Path) -> None:
    gold = dossier(home, thresholds=changed_thresholds("[gates.trades]\nvalue = 90"))
    (row,) = terminal.run("deploy", gold.id[:20])
    assert (row["name"], row["capital"], row["verdict"], row["dossier"]) == (NAME, 1_000.0, "proven", gold.id)
    assert row["anchor_ts"] == open_lake(home).entry(MarketId(MARKET), HOUR_MS).vault_start_ts
    journal = open_journal(home)
    record = journal.bot(BotId(NAME))
    (event,) = journal.events(5, bot=record.id)
    journal.close()
    assert (event.kind, event.text) == ("deployed", f"Deployed from dossier {gold.id}: gold.")
    assert dict(record.parameters) == {name: SETTINGS[name] for name in record.parameters}
    assert (record.policy.stop_mode, record.policy.stop_value) == (LevelMode.FRACTION, 0.03)
    assert record.policy.slippage_base == COSTS[CostLevel.PESSIMISTIC].slippage_base
    assert main(["bots", "run"]) == 0
    shown = terminal.run("bots", "show", NAME)
    assert (shown["bars"], shown["state"], shown["verdict"]) == (BARS // 5, "finished", "proven")
    page = terminal.page(NAME)
    assert (page["row"]["verdict"], page["dossier"], page["capital"]) == ("proven", gold.id, 1_000.0)
    for words in ("says gold", "changed: gates.trades", "market is simulated", "months on paper"):
        assert words in page["verdict_reason"]


def test_a_bot_that_is_created_is_not_proven_even_with_all_that_was_proved(terminal: Terminal, home: Path) -> None:
    dossier(home)
    values = [f"{name}={value}" for name, value in SETTINGS.items() if name not in ("stop_value", "shorts")]
    where = ["--strategy", "ema_crossover", "--market", MARKET, "--timeframe", "1h"]
    policy = ["--policy", "stop_mode=fraction", "stop_value=0.03"]
    assert main(["bots", "create", "twin", "--limits", "none", *where, "--set", *values, *policy]) == 0
    page = terminal.page("twin")
    assert (page["row"]["verdict"], page["dossier"]) == ("not proven", None)
    assert "karat prove" in page["verdict_reason"]


def test_a_dossier_is_deployed_once_unless_it_is_given_another_name(terminal: Terminal, home: Path) -> None:
    gold = dossier(home)
    terminal.run("deploy", gold.id, gold.id)
    assert terminal.error("deploy", gold.id)["code"] == "already_deployed"
    assert terminal.error("deploy", gold.id, "--name", NAME)["code"] == "bot_exists"
    (second,) = terminal.run("deploy", gold.id, "--name", "second", "--capital", "250")
    assert (second["capital"], second["verdict"]) == (250.0, "proven")
    assert terminal.bots() == [NAME, "second"]


def test_what_was_buried_is_refused_with_the_reason_of_its_death(terminal: Terminal, home: Path) -> None:
    dead = dossier(home, earned=-0.125)
    said = terminal.error("deploy", dead.id, "--watch")
    assert said["code"] == "not_deployable"
    assert "buried: vault_return is -0.125" in said["message"]


def test_watch_is_deployed_on_demand_and_never_proven(terminal: Terminal, home: Path) -> None:
    watched = dossier(home, WATCHED)
    said = terminal.error("deploy", watched.id)
    assert said["code"] == "not_deployable" and "trades is 150" in said["message"]
    (row,) = terminal.run("deploy", watched.id, "--watch")
    assert row["verdict"] == "on watch"
    assert "trades is 150" in terminal.page(NAME)["verdict_reason"]


def test_an_edited_dossier_is_nobodys(terminal: Terminal, home: Path) -> None:
    dead = dossier(home, earned=-0.125)
    file = dead.folder / FILE
    file.write_text(file.read_text().replace('"verdict": "buried"', '"verdict": "gold"'))
    assert terminal.error("deploy", dead.id)["code"] == "dossier_not_sealed"


def test_one_that_is_refused_keeps_all_from_being_made(terminal: Terminal, home: Path) -> None:
    gold, dead = dossier(home), dossier(home, earned=-0.125, policy=Policy())
    assert terminal.error("deploy", gold.id, dead.id)["code"] == "not_deployable"
    twin = dossier(home, policy=Policy(stop_mode=LevelMode.FRACTION, stop_value=0.1))
    assert terminal.error("deploy", gold.id, twin.id)["code"] == "bot_exists"
    assert terminal.error("deploy", gold.id, twin.id, "--name", "both")["code"] == "bad_bot_name"


def test_what_would_make_other_trades_is_refused(terminal: Terminal, home: Path) -> None:
    sized = Policy(size_mode=SizeMode.NOTIONAL, size_value=5_000.0, stop_mode=LevelMode.FRACTION, stop_value=0.1)
    fixed = dossier(home, policy=sized)
    assert terminal.error("deploy", fixed.id)["code"] == "bad_capital"
    assert terminal.error("deploy", fixed.id, "--capital", "10000", "--from", "2020-01-01")["code"] == "bars_seen"
    (row,) = terminal.run("deploy", fixed.id, "--capital", "10000")
    assert row["verdict"] == "proven"


def test_code_that_changed_is_neither_deployed_nor_proven_any_more(terminal: Terminal, home: Path) -> None:
    assert main(["strategies", "new", "mine"]) == 0
    file = home / "strategies" / "mine.py"
    gold = dossier(home, strategy_name="mine", settings={})
    (row,) = terminal.run("deploy", gold.id)
    assert row["verdict"] == "proven"
    file.write_text(file.read_text() + "\n# Better now.\n")
    page = terminal.page(row["name"])
    assert page["row"]["verdict"] == "not proven"
    assert "code has changed" in page["verdict_reason"]
    assert terminal.error("deploy", gold.id, "--name", "again")["code"] == "code_changed"


def test_the_journal_of_an_older_karat_opens_and_takes_deployed_bots(terminal: Terminal, home: Path) -> None:
    older_journal(home, 1, (bot_record("old"),))
    assert terminal.run("bots", "show", "old")["dossier"] is None
    gold = dossier(home)
    terminal.run("deploy", gold.id)
    assert terminal.bots() == ["old", NAME]
