"""Equities as a person uses them: refused while a split is unexplained, then the same trades in every way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from karat.app.main import main
from karat.core.time import parse_time_ms

RANGE = ("--market", "us:AAPL", "--timeframe", "1d", "--from", "2014-01-02", "--to", "2016-01-02")


def told(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert main([*(str(word) for word in words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_split_is_refused_then_traded_through(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    equities = shared / "data" / "equities" / "us"
    told(capsys, "data", "import", equities / "1d" / "AAPL.parquet")
    for words in (("backtest", "donchian_breakout", *RANGE), ("sweep", "donchian_breakout", *RANGE)):
        assert told(capsys, *words, code=2)["error"]["code"] == "split_unexplained"
    assert main(["bots", "create", "apple", "--strategy", "donchian_breakout", *RANGE[:-2]]) == 2

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
