"""karat limits as a user meets it: a change waits for the bots, holds from their next decision, and is taken back."""

from __future__ import annotations

import json

import pytest

from karat.app.main import main
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

MARKET = DEMO_SYMBOLS[0]
CREATE = ("bots", "create", "ada", "--strategy", "rsi_macd_momentum", "--market", MARKET, "--timeframe", "1h")
RUN = ("bots", "run", "ada", "--until")
NAME = "limits.symbol_exposure"


@pytest.fixture
def market() -> None:
    candles = demo_candles(7, MARKET, HOUR_MS, 300)
    with open_lake().change() as change:
        change.put_candles(candles, measure(candles, sessions=False), sessions=False)


def shown(capsys: pytest.CaptureFixture[str], *words: str):
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_limit_is_set_by_the_next_run_and_undone_by_the_one_after(
    market: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CREATE, "--policy", "default"]) == 0
    assert main(["limits", "set", NAME, "0.5"]) == 0
    assert "No bots run now" in capsys.readouterr().err
    waiting = shown(capsys, "limits", "show")
    assert waiting["limits"][NAME]["value"] == 1.0 and len(waiting["waiting"]) == 1
    assert main([*RUN, "2024-01-05"]) == 0
    capsys.readouterr()
    now = shown(capsys, "limits", "show")
    assert now["limits"][NAME]["value"] == 0.5 and not now["waiting"] and now["hash"] != waiting["hash"]
    assert main(["limits", "undo"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["limits", "undo", "--yes"]) == 0
    assert main([*RUN, "2024-01-06"]) == 0
    capsys.readouterr()
    assert shown(capsys, "limits", "show")["hash"] == waiting["hash"]
    history = shown(capsys, "limits", "history")
    assert [(one["old"], one["new"], one["undone"]) for one in history] == [(1.0, 0.5, True), (0.5, 1.0, False)]


def test_what_is_no_limit_or_out_of_its_bounds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limits", "set", "limits.symbol_exposur", "0.5"]) == 2
    assert f"Did you mean {NAME}?" in capsys.readouterr().err
    assert main(["limits", "set", NAME, "0"]) == 2
    assert "out of bounds" in capsys.readouterr().err
    assert main(["limits", "set", NAME, "2"]) == 2
    assert "lets more through than before" in capsys.readouterr().err
    assert main(["limits", "history"]) == 0


def test_a_bot_without_a_stop_is_not_made_under_limits(market: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(CREATE)) == 2
    assert "--policy default" in capsys.readouterr().err
    assert main([*CREATE, "--limits", "none"]) == 0
    assert shown(capsys, "bots", "show", "ada")["limits"] == "none"
