"""karat data bars on a recorded tape, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_data_commands import Terminal, terminal

from karat.core.ids import market_id
from karat.core.model.table import TableName
from karat.core.time import MINUTE_MS, iso
from karat.lake.store import open_lake

__all__ = ["terminal"]
MARKET = market_id("binance_perp:BTCUSDT")
TAPE = "data/ticks/binance_perp/BTCUSDT_20240808_trades.parquet"
FIRST_MINUTE = 1_723_161_240_000  # 23:54; the tape begins sixteen seconds into it
KINDS = "1m,tick:500,volume:50,dollar:5000000,range:25,renko:10,renko:atr3@10s"


def built(terminal: Terminal, *words: str) -> dict[str, Any]:
    ran = terminal.run("data", "bars", MARKET, *words, "--json")
    assert ran.returncode == 0, ran.stdout
    return json.loads(ran.stdout)


def refused(terminal: Terminal, *words: str) -> str:
    ran = terminal.run("data", "bars", *words, "--json")
    error = json.loads(ran.stdout)["error"]
    assert ran.returncode == 2 and error["hint"]
    return str(error["code"])


def native(minute: int, close: float) -> str:
    """A candle of one minute as the venue might have given it."""
    return f"{iso(FIRST_MINUTE + minute * MINUTE_MS)},61700,61900,61500,{close},1"


def test_bars_of_a_recorded_tape_are_stored_listed_and_asked_for_in_sql(terminal: Terminal, shared: Path) -> None:
    terminal.run("data", "import", shared / TAPE)
    report = built(terminal, "--kind", KINDS)
    assert (report["trades"], report["holes"], report["holes_told_by"]) == (21_313, 0, "the numbers of the trades")
    made = {one["kind"]: (one["bars"], one["not_whole"], one["new"]) for one in report["kinds"]}
    assert made["time 1m"] == (5, 1, 5) and made["tick 500"] == (42, 0, 42)
    assert [one["new"] for one in built(terminal, "--kind", KINDS)["kinds"]] == [0] * 7
    asked = "select sum(trades), count(*), max(abs(flow_imbalance)) <= 1 from bars_binance_perp_BTCUSDT_tick_500"
    assert json.loads(terminal.run("data", "sql", asked, "--json").stdout)["rows"] == [[21_000, 42, True]]
    assert "tick-500" in terminal.run("data", "list").stdout
    minutes = open_lake(terminal.home).table(TableName("bars", MARKET, "time-1m"))
    assert minutes.columns["whole"].tolist() == [0, 1, 1, 1, 1]
    assert (minutes.columns["available_at"] - minutes.ts).tolist() == [MINUTE_MS] * 5
    assert open_lake(terminal.home).list() == (), "the first candles of a market are put there on purpose only"


def test_whole_minutes_become_candles_and_what_differs_is_listed_and_kept(terminal: Terminal, shared: Path) -> None:
    terminal.run("data", "import", shared / TAPE)
    report = built(terminal, "--candles")
    lake = open_lake(terminal.home)
    assert report["kinds"][0]["candles"] == {"added": 4, "equal": 0, "replaced": 0, "differences": []}
    good = lake.candles(MARKET, MINUTE_MS)
    assert good.ts.tolist() == [FIRST_MINUTE + k * MINUTE_MS for k in range(1, 5)]
    rows = [
        f"{iso(int(good.ts[k]))},{good.open[k]},{good.high[k]},{good.low[k]},{good.close[k]},{good.volume[k]}"
        for k in (0, 1)
    ]
    wrong = rows[1].rsplit(",", 2)[0] + f",{good.close[1] - 0.1},{good.volume[1] * (1 + 1e-12)}"
    file = terminal.file([native(0, 61_700), rows[0], wrong])
    assert terminal.run("data", "import", file, "--market", MARKET, "--timeframe", "1m", "--replace").returncode == 0
    [minutes] = built(terminal)["kinds"]
    assert (minutes["candles"]["added"], minutes["candles"]["equal"]) == (0, 3)
    [difference] = minutes["candles"]["differences"]
    assert (difference["ts"], difference["column"]) == (int(good.ts[1]), "close")
    assert lake.candles(MARKET, MINUTE_MS).close[2] == good.close[1] - 0.1
    [minutes] = built(terminal, "--replace")["kinds"]
    assert minutes["candles"]["replaced"] == 1
    candles = lake.candles(MARKET, MINUTE_MS)
    assert candles.close[2] == good.close[1] and candles.close[0] == 61_700.0, "what no trade tells stays"
    assert "built from trades" in lake.entry(MARKET, MINUTE_MS).quality.sources


def test_a_tape_without_numbers_is_cut_at_long_pauses(terminal: Terminal, tmp_path: Path) -> None:
    hours = [f"2024-01-02T{hour:02}:{minute:02}:30Z,100,1,buy" for hour in (1, 2, 5) for minute in range(0, 60, 5)]
    file = tmp_path / "ticks" / "desk" / "ABC-USD_2024_trades.csv"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["ts,price,qty,side", *hours]) + "\n", "utf-8")
    assert terminal.run("data", "import", file, "--market", "desk:ABC-USD").returncode == 0
    report = json.loads(terminal.run("data", "bars", "desk:ABC-USD", "--kind", "1h,tick:9", "--json").stdout)
    assert (report["holes"], report["holes_told_by"].split(",")[0]) == (1, "pauses")
    bars = open_lake(terminal.home).table(TableName("bars", "desk:ABC-USD", "tick-9"))
    assert bars.columns["trades"].tolist() == [9, 9, 6, 9] and bars.columns["whole"].tolist() == [1, 1, 0, 1]
    hours_table = open_lake(terminal.home).table(TableName("bars", "desk:ABC-USD", "time-1h"))
    assert hours_table.columns["whole"].tolist() == [0, 0], "the tape begins in the first, the hole in the second"


def test_what_cannot_be_built_is_refused_with_a_hint(terminal: Terminal, shared: Path) -> None:
    assert refused(terminal, MARKET) == "no_trades"
    terminal.run("data", "import", shared / TAPE)
    assert refused(terminal, MARKET, "--tape", "streamed") == "no_trades"
    assert refused(terminal, MARKET, "--tape", "mine") == "tape_unknown"
    for kind in ("minute", "tick:many", "candle:5", "renko:atrx"):
        assert refused(terminal, MARKET, "--kind", kind) == "bar_kind_unknown"
    assert refused(terminal, MARKET, "--kind", "renko:0.00001") == "brick_too_small"
    built(terminal, "--kind", "tick:500")
    with open_lake(terminal.home).change() as change:
        name = TableName("bars", MARKET, "tick-500")
        old = change.table(name)
        assert old is not None
        change.put_table(name, old[1:])
    assert refused(terminal, MARKET, "--kind", "tick:500") == "bars_differ"
    assert built(terminal, "--kind", "tick:500", "--replace")["kinds"][0]["new"] == 42


@pytest.mark.parametrize("kind", ["tick:500", "renko:10"])
def test_bars_without_a_length_are_no_timeframe_of_a_backtest(terminal: Terminal, kind: str) -> None:
    ran = terminal.run("backtest", "buy_and_hold", "--market", MARKET, "--timeframe", kind, "--json")
    error = json.loads(ran.stdout)["error"]
    assert (ran.returncode, error["code"]) == (2, "bad_timeframe") and kind in error["message"]
