"""karat data refresh and inputs as a person runs them, and a backtest of a strategy that declares what they brought."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.vendor_server import Answer, VendorServer
from tests.unit.feeds import payloads
from tests.unit.ingest.market_files import csv_rows, csv_text, place
from tests.unit.lake.bars import START
from tests.unit.strategies.written import write_strategy

from karat.app.main import main
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.table import TableName
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.inputs import declared_series
from karat.lake.store import open_lake
from karat.research.backtest_market import market_data

MARKET = MarketId("binance_perp:BTCUSDT")


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    """A vendor in a thread of its own, because a command runs its own loop."""
    started, server = threading.Event(), VendorServer()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with server:
            server.done = asyncio.Event()  # type: ignore[attr-defined]
            started.set()
            await server.done.wait()  # type: ignore[attr-defined]

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    monkeypatch.setenv("KARAT_ALTERNATIVE_ME_URL", server.url)
    monkeypatch.setenv("KARAT_COINGECKO_URL", server.url)
    yield server
    loop.call_soon_threadsafe(server.done.set)  # type: ignore[attr-defined]
    thread.join()
    loop.close()


def test_sync_brings_what_is_due_and_says_what_failed(vendor: VendorServer, capsys: pytest.CaptureFixture[str]) -> None:
    vendor.answers("/fng/", payloads.fear_greed(30, 41))
    vendor.answers("/api/v3/global", Answer.garbage())
    assert main(["data", "refresh", "--vendor", "alternative_me", "coingecko", "--json"]) == 2
    told = {one["source"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["alternative_me/fear_greed"]["reason"] == "" and told["alternative_me/fear_greed"]["stale_ms"] > 0
    assert told["coingecko/coingecko_dominance"]["state"] == "failed"
    assert len(open_lake().table(TableName("fear_greed", "alternative_me:CRYPTO", "1d"))) == 2
    assert main(["data", "refresh", "--vendor", "alternative_me"]) == 0
    assert "alternative_me/fear_greed" in capsys.readouterr().out and len(vendor.asked("/fng/")) == 1
    assert main(["data", "refresh", "--vendor", "alternative_me", "--all-now"]) == 0 and len(vendor.asked("/fng/")) == 2


def test_a_feed_that_is_unknown_or_lacks_its_key_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "refresh", "--vendor", "coinglass"]) == 2
    assert capsys.readouterr().err == "Error: coinglass needs a key. Set KARAT_COINGLASS_KEY.\n"
    assert main(["data", "refresh", "--vendor", "coinglas"]) == 2
    assert "Choose from binance_derivatives, coinglass" in capsys.readouterr().err


def test_inputs_are_listed_with_delay_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "inputs", "--json"]) == 0
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["btc_etf_net_flow"]["delay_ms"] == 36 * HOUR_MS and "night" in told["btc_etf_net_flow"]["why"]
    assert main(["data", "inputs"]) == 0
    assert "coinglass_funding_by_exchange@EXCHANGE" in capsys.readouterr().out


def fill(home: Path, days: int = 12) -> None:
    """Hourly bars, and a mood a day that is 90 on even days and 10 on odd ones."""
    rows = [f"{START + day * DAY_MS},{90 if day % 2 == 0 else 10}" for day in range(days)]
    moods = home / "alt" / "crypto_fear_greed_daily.csv.gz"
    moods.parent.mkdir(parents=True, exist_ok=True)
    moods.write_bytes(gzip.compress(("ts,value\n" + "\n".join(rows) + "\n").encode()))
    bars = place(home, csv_text(csv_rows(24 * days)))
    assert main(["data", "import", str(moods), str(bars)]) == 0


def test_a_backtest_gets_a_declared_series_with_its_delay(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path)
    data = market_data(open_lake(), MARKET, HOUR_MS, needs=("fear_greed",))
    mood = data.market.series("fear_greed")
    assert all(value != value for value in mood[:23]), "the first value is known a day after it began"
    assert (mood[23:47] == 90.0).all() and (mood[47:71] == 10.0).all()
    body = 'mood = market.series("fear_greed")\nreturn signals(len(market), long=mood > 50.0, exit_long=mood < 50.0)'
    (home / "strategies").mkdir(parents=True)
    write_strategy(home / "strategies", "follows_mood", body, needs=("fear_greed",))
    words = ["backtest", "follows_mood", "--market", MARKET, "--timeframe", "1h", "--json"]
    capsys.readouterr()
    code = main(words)
    printed = capsys.readouterr()
    assert code == 0, printed
    assert json.loads(printed.out)["manifest"]["inputs"][0]["name"] == "fear_greed"


def test_a_series_that_the_lake_lacks_is_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path)
    lake = open_lake()
    for need, code in (("vix", "input_missing"), ("fear_gred", "unknown_input"), ("fear_greed.mood", "unknown_input")):
        with pytest.raises(InputError) as refused:
            declared_series(lake, MARKET, (need,))
        assert refused.value.code == code, need
