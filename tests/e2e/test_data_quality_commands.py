"""karat data check and status as a user meets them, and the gate before backtest, sweep, parity and bots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.unit.api.fake_cockpit import FakeCockpit

from karat.api.app import create_app
from karat.app.data_desk import open_desk
from karat.app.feeds import declared_sources
from karat.app.main import main
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

MARKET = DEMO_SYMBOLS[0]
HOLED = MarketId("broken:AB")


@pytest.fixture(autouse=True)
def lake() -> None:
    """A sound market and one that misses 40 bars of 400."""
    sound = demo_candles(7, MARKET, HOUR_MS, 400)
    kept = np.r_[0:100, 140:400]
    holed = Candles(HOLED, HOUR_MS, *(getattr(sound, name)[kept] for name in CANDLE_COLUMNS))
    with open_lake().change() as change:
        for bars in (sound, holed):
            change.put_candles(bars, measure(bars, sessions=False), sessions=False)


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_check_tells_of_every_series_with_score_reasons_and_findings(capsys: pytest.CaptureFixture[str]) -> None:
    broken, sound = told(capsys, "data", "check")["series"]
    assert (sound["score"], sound["findings"], sound["coverage"]) == (100.0, [], 1.0)
    assert (broken["market"], broken["score"], broken["coverage"]) == (HOLED, 60.0, 0.9)
    (finding,) = broken["findings"]
    assert (finding["name"], finding["severity"], finding["bars"]) == ("hole_unexplained", "warning", 40)
    assert finding["matters"] and finding["remedy"]


def test_a_script_can_ask_for_a_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "data", "check", MARKET, "--fail-below", "99")["series"][0]["score"] == 100.0
    told(capsys, "data", "check", HOLED, "--fail-below", "99", code=1)


def test_check_says_what_it_found_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", HOLED]) == 0
    shown = capsys.readouterr().out
    assert "40 bars are missing" in shown and "Why it matters" in shown and "What to do" in shown


def test_a_market_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "data", "check", "no:SUCH", code=2)["error"]["code"] == "market_not_in_lake"


def test_what_a_check_found_is_kept_and_told_by_status(capsys: pytest.CaptureFixture[str]) -> None:
    first = told(capsys, "data", "check")
    assert told(capsys, "data", "check") == first, "the second time it is read"
    status = told(capsys, "data", "status")
    scores = {row["source"]: row["score"] for row in status["series"] if row["kind"] == "candles"}
    assert scores == {"broken": 60.0, MARKET.partition(":")[0]: 100.0}


def test_check_tells_of_tables_too(capsys: pytest.CaptureFixture[str]) -> None:
    hours = HOUR_MS * np.arange(100, dtype=np.int64)
    value = np.r_[np.linspace(5e6, 6e6, 99), -5.9e6]
    with open_lake().change() as change:
        schema = Schema((("ts", "i8"), ("available_at", "i8"), ("value", "f8")))
        change.append(
            TableName("open_interest", "some:BTC", "1h"),
            Table(schema, {"ts": hours, "available_at": hours + HOUR_MS, "value": value}),
        )
    (report,) = told(capsys, "data", "check", "some:BTC")["series"]
    assert [(one["name"], one["bars"]) for one in report["findings"]] == [("impossible_value", 1)]
    assert (report["kind"], report["timeframe"], report["coverage"]) == ("open_interest", "1h", 1.0)


def test_status_says_the_sums_first_then_what_is_worst(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 markets, 1 timeframe: 2 stale"
    assert lines[1].startswith(f"{len(declared_sources({}))} beside candles: ") and "missing" in lines[1]
    assert any("stale" in line and "broken" in line and "1h candles" in line for line in lines)
    assert main(["data", "status", "--all"]) == 0
    assert "90.00%" in capsys.readouterr().out, "the share of the bars of broken:AB"


def test_status_tells_how_old_each_series_is(capsys: pytest.CaptureFixture[str]) -> None:
    status = told(capsys, "data", "status")
    rows = [row for row in status["series"] if row["group"] == "candles"]
    assert [(row["source"], row["kind"], row["timeframe"]) for row in rows] == [
        ("broken", "candles", "1h"), (MARKET.partition(":")[0], "candles", "1h")
    ]  # fmt: skip
    assert all(row["age_ms"] > 0 and row["state"] == "stale" for row in rows)
    assert [row["coverage"] for row in rows] == [0.9, 1.0]
    assert rows[0]["score"] == {"undefined": "not checked since it changed: karat data check"}
    assert (status["markets"], status["timeframes"]) == (2, 1)


def test_the_api_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(FakeCockpit(bots=1), "secret", tmp_path, open_desk())
    client = TestClient(app, base_url="http://localhost", headers={"Authorization": "Bearer secret"})
    view, status = client.get("/api/v1/data").json(), told(capsys, "data", "status")
    assert view["counts"] == status["counts"]
    same = ("source", "series", "kind", "rows", "state", "last_ts", "coverage")
    assert [[row[name] for name in same] for row in view["rows"]] == [
        [row[name] for name in same] for row in status["series"]
    ]


CREATE = (
    "bots", "create", "one", "--limits", "none", "--strategy", "buy_and_hold", "--market", HOLED, "--timeframe", "1h"
)  # fmt: skip
RUNS = {
    "backtest": ["backtest", "buy_and_hold", "--market", HOLED, "--timeframe", "1h"],
    "sweep": ["sweep", "buy_and_hold", "--market", HOLED, "--timeframe", "1h"],
    "parity": ["parity", "--strategy", "buy_and_hold", "--market", HOLED, "--bars", "300"],
}


@pytest.mark.parametrize("command", RUNS)
def test_thin_data_is_refused_by_name(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, *RUNS[command], code=2)["error"]["code"] == "thin_data"


def test_a_bot_is_not_created_on_thin_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(CREATE) == 2
    assert "90.00% of the bars" in capsys.readouterr().err


def test_what_was_let_through_stands_in_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    ran = told(capsys, *RUNS["backtest"], "--min-coverage", "0.5")["manifest"]
    swept = told(capsys, *RUNS["sweep"], "--min-coverage", "0.5", "--by", "sharpe")
    for one in (ran, swept):
        assert one["data_hash"] == open_lake().entry(HOLED, HOUR_MS).hash
        assert one["quality"]["score"] < 100
        assert (one["quality"]["coverage"]["bound"], one["quality"]["coverage"]["bound_by_user"]) == (0.5, True)


def test_a_bot_carries_the_hash_and_quality_of_the_bars_it_has_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CREATE, "--min-coverage", "0.5"]) == 0
    capsys.readouterr()
    assert told(capsys, "bots", "show", "one")["quality"] == {"undefined": "no bar yet"}
    end = open_lake().entry(HOLED, HOUR_MS).first_ts + 150 * HOUR_MS
    assert main(["bots", "run", "one", "--until", str(end)]) == 0
    assert "of 100" in capsys.readouterr().out
    (bot,) = told(capsys, "bots", "list")
    assert bot["data_hash"] == open_lake().entry(HOLED, HOUR_MS).hash
    assert (bot["quality"]["coverage"]["present"], bot["quality"]["coverage"]["expected"]) == (110, 150)
    assert [(one["name"], one["bars"]) for one in bot["quality"]["reasons"]] == [("hole_unexplained", 40)]


def test_a_bot_let_through_by_an_option_keeps_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CREATE, "--min-coverage", "0.5"]) == 0
    capsys.readouterr()
    (event,) = told(capsys, "bots", "show", "one")["newest_events"]
    assert (event["kind"], event["text"]) == (
        "warning", "created on 90.00% of the bars, let through by --min-coverage 0.5"
    )  # fmt: skip
