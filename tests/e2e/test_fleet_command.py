"""karat backtest --fleet, as a person or a script runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from karat.app.main import main
from karat.control.demo_market import fill_lake
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.lake.store import open_lake
from karat.research.ledger.trials import TrialLedger

FLEET = """
capital = 10000
currency = "{currency}"
costs = "base"
[[bots]]
name = "trend"
strategy = "ema_crossover"
market = "{first}"
timeframe = "1h"
share = 0.5
policy = {{ stop_mode = "atr", stop_value = 2 }}
[[bots]]
name = "mean"
strategy = "bollinger_mean_reversion"
market = "{second}"
timeframe = "4h"
share = 0.25
"""
BARS = 2_000


def fleet_file(home: Path, **changes: str) -> Path:
    text = FLEET.format(currency="USDT", first=DEMO_SYMBOLS[0], second=DEMO_SYMBOLS[1])
    for old, new in changes.items():
        text = text.replace(old, new)
    file = home / "fleet.toml"
    home.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def refused(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    capsys.readouterr()
    assert main(("backtest", "--fleet", str(file), "--json", *words)) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    return error["code"], error["message"]


def test_two_bots_on_one_capital_are_run_counted_and_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill_lake(open_lake(home), DEMO_SYMBOLS[:2], BARS)
    file, page = fleet_file(home), home / "fleet.html"
    assert main(("backtest", "--fleet", str(file), "--report", str(page), "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["manifest"]["simulated"] and [bot["name"] for bot in told["bots"]] == ["trend", "mean"]
    ends = sum(bot["end"] for bot in told["bots"])
    assert told["equity"]["value"][-1] == pytest.approx(ends + 2_500.0)  # a quarter of the capital is nobody's
    assert len(told["equity"]["ts"]) == len(told["exposure"]["gross"]) == len(told["exposure"]["net"])
    assert max(told["exposure"]["gross"]) == told["exposure"]["gross_most"] > 0.0
    assert told["correlations"]["trend"]["trend"] == pytest.approx(1.0)
    assert told["correlations"]["trend"]["mean"] == told["correlations"]["mean"]["trend"]
    assert told["manifest"]["end"] <= min(
        open_lake(home).entry(market, 3_600_000).vault_start_ts for market in DEMO_SYMBOLS[:2]
    )
    assert [line.record["count"] for line in TrialLedger(home).lines() if "count" in line.record] == [1, 1]
    text = page.read_text("utf-8")
    assert "Simulated data" in text and "Correlation of daily returns" in text and "http://" not in text


def test_a_bot_that_falls_too_far_stands_still_and_the_report_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_lake(open_lake(home), DEMO_SYMBOLS[:2], BARS)
    page = home / "fleet.html"
    told: list[dict[str, Any]] = []
    for drawdown in ("0.01", "0.9"):
        limits = f'costs = "base"\nlimits = "fleet"\n[overrides]\n"limits.bot_drawdown" = {drawdown}'
        stops = "share = 0.25\npolicy = { stop_mode = 'atr', stop_value = 2 }"
        file = fleet_file(home, **{'costs = "base"': limits, "share = 0.25": stops})
        capsys.readouterr()
        assert main(("backtest", "--fleet", str(file), "--report", str(page), "--json")) == 0
        told.append(json.loads(capsys.readouterr().out))
        assert ("Stood still" in page.read_text("utf-8")) == bool(told[-1]["halts"])
    [first, *_] = told[0]["halts"]
    assert first["reason"].startswith("bot_drawdown is 0.01") and told[1]["halts"] == []
    fills = [next(bot["fills"] for bot in one["bots"] if bot["name"] == first["bot"]) for one in told]
    assert 0 < fills[0] < fills[1]


def test_what_is_wrong_in_the_file_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill_lake(open_lake(home), DEMO_SYMBOLS[:2], BARS)
    assert refused(fleet_file(home, share="shares"), capsys) == ("bad_fleet", "bot 1 has no 'shares'.")
    code, message = refused(fleet_file(home, **{"0.25": "0.75"}), capsys)
    assert code == "bad_fleet" and "1.25" in message
    assert refused(fleet_file(home, **{'"USDT"': '"EUR"'}), capsys)[0] == "mixed_currency"
    assert refused(fleet_file(home, **{'costs = "base"': 'to = "2100-01-01"'}), capsys)[0] == "vault_closed"
    assert refused(fleet_file(home), capsys, "--market", "a:B")[0] == "bad_command"
