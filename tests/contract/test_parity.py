"""Backtest, bot and sweep make the same trades on real markets, with a kill in the middle; a leak makes them differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.unit.bots.fleet import Desk, demo
from tests.unit.strategies.written import write_strategy, written

from karat.app.main import main
from karat.control.parity import ParityCase, compared
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding, Series
from karat.core.time import HOUR_MS
from karat.feeds.demo.symbols import demo_instrument
from karat.lake.quality import measure
from karat.lake.store import open_lake

MARKETS = (
    "binance_perp:BTCUSDT", "binance_perp:ETHUSDT", "binance_perp:ADAUSDT", "binance_perp:DOGEUSDT",
    "binance_perp:SOLUSDT", "binance_spot:BTCUSDT", "binance_spot:XRPUSDT",
)  # fmt: skip
STARTERS = 5
BARS = 400
PUT = BARS * 5 // 4  # the last fifth becomes the vault, which parity leaves alone
LEAKS = {
    "shift": "later = np.append(market.close[1:], market.close[-1])\n",
    "centred": "later = np.convolve(market.close, np.ones(5) / 5.0, 'same')\n",
    "normalised": "later = (market.close - market.close.mean()) / market.close.std() + market.close - 0.3\n",
}


def of_file(shared: Path, kind: str, market: str) -> pl.DataFrame | None:
    venue, _, symbol = market.partition(":")
    file = shared / "data" / kind / venue / ("1h" if kind == "candles" else "") / f"{symbol}.parquet"
    return pl.read_parquet(file) if file.is_file() else None


def put_market(change: Any, shared: Path, market: str) -> None:
    """The last PUT bars of a market and its funding."""
    table = of_file(shared, "candles", market)
    assert table is not None
    columns = {name: table[name].to_numpy()[-PUT:].copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    candles = Candles(MarketId(market), HOUR_MS, **columns)
    change.put_candles(candles, measure(candles, sessions=False))
    paid = of_file(shared, "funding", market)
    if paid is not None:
        ts, rate = paid["ts"].to_numpy().copy(), paid["funding_rate"].to_numpy().copy()
        change.put_funding(
            candles.market, Funding(ts, rate, np.full(len(ts), np.nan)), measure(candles, sessions=False)
        )


def test_every_starter_on_real_markets_killed_in_the_middle(
    shared: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_lake(home).change() as change:
        for market in MARKETS:
            put_market(change, shared, market)
    words = ("parity", "--bars", str(BARS), "--policy", "stop_mode=atr", "stop_value=2", "leverage=3", "--json")
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["equal"] and len(told["cases"]) == len(MARKETS) * STARTERS
    assert {case["market"] for case in told["cases"]} == set(MARKETS)
    assert all(case["bars"] == BARS and case["differences"] == [] for case in told["cases"])
    assert sum(case["trades"] for case in told["cases"]) > 300


def test_a_strategy_of_a_declared_series_killed_in_the_middle(
    shared: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = "binance_perp:BTCUSDT"
    with open_lake(home).change() as change:
        put_market(change, shared, market)
    (home / "strategies").mkdir(parents=True)
    body = 'odd = market.series("fear_greed") % 2.0 == 1.0\nreturn signals(len(market), long=odd, exit_long=~odd)'
    write_strategy(home / "strategies", "moody", body, needs=("fear_greed",))
    words = ("parity", "--strategy", "moody", "--market", market, "--bars", str(BARS), "--json")
    assert main(words) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "input_missing"
    assert main(("data", "import", str(shared / "data" / "alt" / "crypto_fear_greed_daily.csv.gz"))) == 0
    capsys.readouterr()
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["equal"] and told["cases"][0]["fills"] > 0


@pytest.mark.parametrize("leak", LEAKS)
def test_a_strategy_that_leaks_makes_it_fail(leak: str, tmp_path: Path) -> None:
    body = LEAKS[leak] + "return signals(len(market), long=later > market.close, exit_long=later < market.close)"
    strategy = written(tmp_path, "peeks", body)
    desk = Desk(tmp_path, *demo(BARS), strategies=lambda name: strategy)
    bot = desk.create("ada", "peeks")
    desk.run(bot, until=BARS // 2)
    desk.reopen()
    desk.run(bot)
    result = compared(case_on(desk), desk.journal, bot)
    assert not result.equal
    (difference,) = result.differences
    assert difference.way == "runner" and difference.ts is not None and difference.ts < desk.candles.ts[100]
    desk.journal.close()


def case_on(desk: Desk, series: tuple[Series, ...] = ()) -> ParityCase:
    bot = desk.journal.bots()[0]
    instrument = demo_instrument(desk.candles.market)
    return ParityCase(desk.strategies(bot.strategy), {}, bot.policy, instrument, desk.candles, desk.funding, series)


Spoil = Callable[[ParityCase], ParityCase]
SPOILED: dict[str, Spoil] = {
    "fee": lambda case: replace(case, instrument=replace(case.instrument, taker_fee=case.instrument.taker_fee + 1e-9)),
    "capital": lambda case: replace(case, policy=replace(case.policy, capital=case.policy.capital + 1e-9)),
    "funding": lambda case: replace(case, funding=None),
    "bars": lambda case: replace(case, candles=case.candles[:-1]),
    "cooldown": lambda case: replace(case, policy=replace(case.policy, cooldown=case.policy.cooldown + 1)),
}


@pytest.mark.parametrize("name", SPOILED)
def test_the_least_difference_is_found(name: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada")
    desk.run(bot)
    assert compared(case_on(desk), desk.journal, bot).equal
    spoiled = compared(SPOILED[name](case_on(desk)), desk.journal, bot)
    assert [one.way for one in spoiled.differences] == ["runner"]
    desk.journal.close()


def test_the_command_names_what_differs_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    candles, _ = demo(PUT)
    with open_lake(home).change() as change:
        change.put_candles(candles, measure(candles, sessions=False))
    (home / "strategies").mkdir(parents=True)
    body = LEAKS["shift"] + "return signals(len(market), long=later > market.close, exit_long=later < market.close)"
    write_strategy(home / "strategies", "peeks", body)
    assert main(("parity", "--strategy", "peeks", "--bars", "200")) == 1
    told = capsys.readouterr()
    assert "unequal" in told.out and "peeks on simulated:" in told.err and "in one call" in told.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--bars", "1"), "bad_bars"),
        (("--market", "binance_perp:NOPE"), "market_not_in_lake"),
        (("--strategy", "nope"), "unknown_strategy"),
        ((), "lake_empty"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    words: tuple[str, ...], code: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("parity", *words, "--json")) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
