"""Equities as a person uses them: refused while a split is unexplained, then the same trades in every way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from karat.app.main import main
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import DAY_MS, parse_time_ms
from karat.lake.adjust import actions_name, actions_table
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.ports.history import Action

SHARE = MarketId("us:ABC")
SPLIT_DAY = 200
RANGE = ("--market", "us:AAPL", "--timeframe", "1d", "--from", "2014-01-02", "--to", "2016-01-02")


def told(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert main([*(str(word) for word in words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_split_is_refused_then_traded_through(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    equities = shared / "data" / "equities" / "us"
    told(capsys, "data", "import", equities / "1d" / "AAPL.parquet")
    for words in (("backtest", "donchian_breakout", *RANGE), ("sweep", "donchian_breakout", *RANGE)):
        assert told(capsys, *words, code=2)["error"]["code"] == "split_unexplained"
    assert main(["bots", "create", "apple", "--limits", "none", "--strategy", "donchian_breakout", *RANGE[:-2]]) == 2

    told(capsys, "data", "import", equities / "factor_files.csv.gz")
    run = told(capsys, "backtest", "donchian_breakout", *RANGE)
    adjustment = run["manifest"]["adjustment"]
    assert (adjustment["splits"], adjustment["dividends"], adjustment["shares_of"]) == (
        1,
        8,
        parse_time_ms("2014-01-02"),
    )
    [split] = [step for step in adjustment["steps"] if step["kind"] == "split"]
    assert (split["from"], split["value"], split["shares"]) == (parse_time_ms("2014-06-09"), 7.0, 7.0)
    assert run["manifest"]["instrument"]["lot"] == pytest.approx(1 / 7)

    explained = told(capsys, "explain", "last", 5)
    assert explained["reproduced"]
    lines = [line["text"] for section in explained["sections"] for line in section["lines"]]
    assert "as traded: 748.0813195 / 7.116450908 = 105.12; 1 share here is 7 shares then" in lines

    [best] = told(capsys, "sweep", "donchian_breakout", *RANGE, "--grid", "entry_period=20")["best"]
    assert best["total_return"] == pytest.approx(run["metrics"]["pessimistic"]["total_return"], abs=1e-12)
    chosen = ("--strategy", "donchian_breakout", "--bars", 600)
    same = told(capsys, "parity", "--market", "us:AAPL", "--timeframe", "1d", *chosen)
    assert (same["equal"], same["cases"][0]["bars"]) == (True, 600), "600 days before the vault hold the split"


def day(number: int) -> int:
    return parse_time_ms("2020-01-01") + number * DAY_MS


def in_days(count: int, home: Path, *actions: Action) -> None:
    """A share that falls to a fourth on day SPLIT_DAY, as far as it was traded, and what is known of its splits."""
    number = np.arange(count)
    close = 100.0 * 1.002**number * (1.0 + 0.03 * np.sin(number / 9.0)) / np.where(number < SPLIT_DAY, 1.0, 4.0)
    bars = Candles(
        SHARE, DAY_MS, day(0) + number * DAY_MS, close, close * 1.01, close * 0.99, close.copy(), np.full(count, 1e6)
    )
    with open_lake(home).change() as change:
        change.put_candles(bars, measure(bars, sessions=True), sessions=True)
        if actions:
            change.put_table(actions_name(SHARE), actions_table(actions))


HOLD = ("--strategy", "buy_and_hold", "--market", SHARE, "--timeframe", "1d")


def run_held(capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    """Run the bot as far as there are candles; how it stands then."""
    assert main(["bots", "run", "held", "--speed", "max"]) == code
    capsys.readouterr()
    return told(capsys, "bots", "show", "held")


def test_a_bot_goes_through_a_split_that_comes_while_it_runs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_days(150, home)
    assert main(["bots", "create", "held", "--limits", "none", *HOLD]) == 0
    before = run_held(capsys)
    in_days(300, home, Action(day(SPLIT_DAY), "split", 4.0))
    after = run_held(capsys)
    whole = told(capsys, "backtest", "buy_and_hold", *HOLD[2:])
    assert (after["state"], after["bars"]) == ("finished", 300)
    assert after["position"] == before["position"], "shares of its first day"
    assert after["position"] == pytest.approx(whole["open_position"]["quantity"], abs=1.0), "whole shares, not quarters"
    assert after["equity"] / before["equity"] == pytest.approx(1.002**150, rel=0.1), "the split was no loss"


def test_a_split_that_nobody_told_stops_the_bot_before_it_trades_on_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    in_days(150, home)
    assert main(["bots", "create", "held", "--limits", "none", *HOLD]) == 0
    before = run_held(capsys)
    in_days(300, home)
    stopped = run_held(capsys, code=1)
    assert (stopped["bars"], stopped["equity"]) == (150, before["equity"])
    assert "4:1 split on 2020-07-19" in stopped["cause"]
    in_days(300, home, Action(day(SPLIT_DAY), "split", 4.0))
    assert run_held(capsys)["bars"] == 300, "told, it goes on where it was"


def test_an_action_that_is_learned_of_too_late_stops_the_bot(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_days(150, home)
    assert main(["bots", "create", "held", "--limits", "none", *HOLD]) == 0
    run_held(capsys)
    in_days(180, home, Action(day(100), "dividend", 1.0))
    stopped = run_held(capsys, code=1)
    assert stopped["bars"] == 150
    assert "they differ from 2020-04-10" in stopped["cause"]
