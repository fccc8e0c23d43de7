"""karat trials as a user meets it: what backtests and sweeps have tried adds up, and cannot be taken back unseen."""

from __future__ import annotations

import json

import pytest

from karat.app.main import main
from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS, iso
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

MARKET = DEMO_SYMBOLS[0]
WHERE = ("--market", MARKET, "--timeframe", "1h", "--json")


@pytest.fixture
def market() -> None:
    candles = demo_candles(7, MARKET, HOUR_MS, 1_200)
    with open_lake().change() as change:
        change.put_candles(candles, measure(candles, sessions=False), sessions=False)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(list(words)) == 0
    return json.loads(capsys.readouterr().out)


def test_what_was_tried_adds_up_over_commands(market: None, capsys: pytest.CaptureFixture[str]):
    assert told(capsys, "trials", "--json")["accounts"] == []
    grid = ("--grid", "fast_period=3,40", "slow_period=50,200", "--policy-grid", "leverage=1,2")
    told(capsys, "sweep", "ema_crossover", *WHERE, *grid)
    told(capsys, "backtest", "ema_crossover", *WHERE)
    found = told(capsys, "trials", "--json")
    (account,) = found["accounts"]
    assert (account["market"], account["runs"], account["trials"], account["looks"]) == (MARKET, 2, 9, 1)
    assert 1.0 < account["effective_trials"] < 9.0
    assert account["sharpe_of_luck"] > 0.0
    assert found["lines"] == 4, "a family, a sweep, a backtest, its look"
    assert main(["trials"]) == 0
    assert "looks into the vault" in capsys.readouterr().out


def test_a_ledger_from_which_something_was_taken_stops_every_tool(market: None, capsys: pytest.CaptureFixture[str]):
    told(capsys, "backtest", "ema_crossover", *WHERE)
    file = karat_home() / "ledger" / "trials.jsonl"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    for words in (("trials", "--json"), ("backtest", "ema_crossover", *WHERE), ("sweep", "ema_crossover", *WHERE)):
        assert main(list(words)) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "ledger_damaged"


def test_a_bot_that_replays_into_the_vault_looks_once_however_often_it_is_stopped(
    market: None, capsys: pytest.CaptureFixture[str]
):
    vault = open_lake().entry(MarketId(MARKET), HOUR_MS).vault_start_ts
    assert main(["bots", "create", "ada", "--limits", "none", "--strategy", "ema_crossover", *WHERE[:-1]]) == 0
    for words, looks in ((("--until", iso(vault)), []), (("--until", iso(vault + 9 * HOUR_MS)), [1]), ((), [1])):
        assert main(["bots", "run", "ada", *words]) == 0
        capsys.readouterr()
        assert [one["looks"] for one in told(capsys, "trials", "--json")["accounts"]] == looks
