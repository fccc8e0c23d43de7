"""karat sweep on several markets and timeframes as a user meets it: all or nothing, each counted, pooled, resumed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from karat.app.main import main
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

FIRST, SECOND = DEMO_SYMBOLS[:2]
WORDS = ["sweep", "ema_crossover", "--grid", "fast_period=5,8,12", "slow_period=20,40", "--json"]
HOURLY = ["--timeframe", "1h", "--market", FIRST, SECOND]


@pytest.fixture(autouse=True)
def lake() -> None:
    """Two demo markets in the lake of this test."""
    opened = open_lake()
    with opened.change() as change:
        for market in (FIRST, SECOND):
            candles = demo_candles(7, market, HOUR_MS, 1_200)
            quality = replace(measure(candles, sessions=False), simulated=True)
            change.put_candles(candles, quality, sessions=False)


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert main([*WORDS, *words]) == code
    return json.loads(capsys.readouterr().out)


def counted(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    capsys.readouterr()
    assert main(["trials", "--json"]) == 0
    return {line["market"]: line["trials"] for line in json.loads(capsys.readouterr().out)["accounts"]}


def test_each_series_is_a_sweep_of_its_own_and_each_timeframe_has_a_pool(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *HOURLY[2:], "--timeframe", "1h", "4h")
    assert [(row["market"], row["timeframe"]) for row in found["sweeps"]] == [
        (FIRST, "1h"), (SECOND, "1h"), (FIRST, "4h"), (SECOND, "4h"),
    ]  # fmt: skip
    assert len({row["sweep"] for row in found["sweeps"]}) == 4
    assert [(pool["timeframe"], pool["paths"], pool["trials"]) for pool in found["pools"]] == [
        ("1h", 5_000, 12), ("4h", 5_000, 12),
    ]  # fmt: skip
    for best in found["pools"][0]["best"]:
        one, other = best["on_each_market"].values()
        assert best["consistency"] == pytest.approx((one + other) / 2.0)
    assert counted(capsys) == {FIRST: 12, SECOND: 12}
    alone = told(capsys, "--market", FIRST, "--timeframe", "1h")
    assert alone == found["sweeps"][0], "one market alone is what it was among several"
    assert told(capsys, *HOURLY[2:], "--timeframe", "1h", "4h") == found
    assert counted(capsys) == {FIRST: 12, SECOND: 12}, "what is gone on with is counted once"


def test_each_series_and_each_pool_has_a_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, *HOURLY, "--report", str(tmp_path / "out.html"))
    names = [f"out-{market.replace(':', '_')}-1h.html" for market in (FIRST, SECOND)]
    assert sorted(one.name for one in tmp_path.glob("*.html")) == sorted([*names, "out-pooled-1h.html"])
    own = (tmp_path / names[1]).read_text()
    assert "Pool of 2 markets" in (tmp_path / "out-pooled-1h.html").read_text() and "Pool of" not in own
    assert main(["sweeps", "last", "--report", str(tmp_path / "again.html"), "--json"]) == 0
    assert (tmp_path / "again.html").read_text() == own, "the last is the second market's"
    assert told(capsys, *HOURLY, "--report", str(tmp_path / "none" / "out.html"), code=2)["error"]["code"] == (
        "bad_report_path"
    )
    page = ["--report", str(tmp_path / "x.html")]
    for words in (
        ["sweeps", "last"],
        ["sweeps", *page],
        ["sweeps", "xyz", *page],
        ["sweeps", "last", "--by", "a", *page],
    ):
        assert main(words) == 2


def test_nothing_is_swept_where_one_market_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    error = told(capsys, *HOURLY, "demo:NONE", code=2)["error"]
    assert "demo:NONE 1h" in error["message"] and "Nothing was swept" in error["hint"]
    assert told(capsys, *HOURLY, FIRST, code=2)["error"]["code"] == "given_twice"
    assert told(capsys, "--market", FIRST, "--timeframe", code=2)["error"]["code"] == "bad_command"
    assert main(["sweeps", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert counted(capsys) == {}


def test_a_search_has_no_pool_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    grid = ("--policy", "stop_mode=fraction", "--policy-grid", "stop_value=0.01..0.2..0.001")
    words = (*HOURLY, *grid, "--sampler", "tpe", "--trials", "20", "--by", "sharpe")
    (pool,) = told(capsys, *words)["pools"]
    assert "other variants on each market" in pool["pool"]["undefined"]
    assert main([*(word for word in WORDS if word != "--json"), *words]) == 0
    assert "1h: no pool." in capsys.readouterr().out


def test_a_person_reads_each_best_and_the_pool(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main([*(word for word in WORDS if word != "--json"), *HOURLY]) == 0
    shown = capsys.readouterr().out
    assert "SIMULATED" in shown and "12 trials were made on 2 series" in shown
    assert "1h over 2 markets" in shown and "Every score here is of 5,000 paths." in shown
