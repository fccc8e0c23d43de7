"""Live data of Binance through ccxt's real websockets, TLS and proxy, against the fake on this machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from tests.fakes.binance import USDM
from tests.fakes.binance_streams import LiveBinance, Script, agg_trade, streamed
from tests.fakes.server import Internet, too_many
from tests.fakes.tape import Tape

from karat.app.vendors import stream_opener
from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.model.table import TableName
from karat.feeds.common.network import Network
from karat.ingest.budget import FolderBudget
from karat.ingest.streams.begin import Order
from karat.ingest.streams.records import StreamRecords
from karat.ingest.streams.run import Place, stream_all
from karat.ingest.streams.status import StreamStatus
from karat.lake.store import open_lake
from karat.ports.stream import StreamKind

pytest.importorskip("ccxt.pro")  # a second, before any clock runs fast
MARKET = market_id("binance_perp:BTCUSDT")
MINUTE = 60_000
SPEED = 100.0


class FastClock:
    """Satisfies `karat.ports.clock.Clock`: the clock on the wall, so many times as fast."""

    def __init__(self, now_ms: int, speed: float = SPEED) -> None:
        self._now_ms, self._began, self._speed = now_ms, time.monotonic(), speed

    def now_ms(self) -> int:
        return self._now_ms + round((time.monotonic() - self._began) * 1000 * self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


def stream(
    internet: Internet,
    home: Path,
    now_ms: int,
    kinds: Sequence[StreamKind],
    enough: Callable[[Sequence[StreamStatus]], bool],
) -> list[StreamStatus]:
    """Stream until there is enough, into a real lake."""

    async def run() -> list[StreamStatus]:
        stop, clock = asyncio.Event(), FastClock(now_ms)

        def told(statuses: Sequence[StreamStatus]) -> None:
            if enough(statuses):
                stop.set()

        opener = stream_opener(
            Network(internet.https_proxy, str(internet.ca_file), 5.0), FolderBudget(home / "budget", clock)
        )
        place = Place(open_lake(home), clock, StreamRecords(home / "streams"), told, dice=Random(3))
        orders = [Order(MARKET, kind) for kind in kinds]
        return await asyncio.wait_for(stream_all(orders, opener, place, stop), 25)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def tape_of_btc(shared: Path) -> list[dict[str, Any]]:
    """The recorded trades of Binance, told as aggregated ones of one trade each."""
    rows = pl.read_parquet(shared / "data/ticks/binance_perp/BTCUSDT_20240808_trades.parquet")
    columns = rows.select("trade_id", "ts", "price", "qty", "buyer_is_maker").iter_rows()
    return [agg_trade(*row) for row in columns]


def venue_at(internet: Internet, now_ms: int) -> LiveBinance:
    first_ms = now_ms // MINUTE * MINUTE - 10 * MINUTE
    return LiveBinance(internet, now_ms, Tape(first_ms, MINUTE, 30))


def test_a_recorded_tape_is_stored_to_the_last_row_whatever_happens_to_the_connection(
    internet: Internet, home: Path, tape_of_btc: list[dict[str, Any]]
) -> None:
    tape = tape_of_btc
    texts = [streamed(trade) for trade in tape]
    venue = venue_at(internet, tape[-1]["T"])
    venue.trades = tape
    twice = [text for text in texts[:5000] for _ in range(2)]
    late = [*texts[5400:5600], *texts[5200:5400]]
    venue.scripts["btcusdt@aggTrade"] = [
        Script([*twice, *texts[5100:5200], *late], cut=True),  # a hole, repeats, a wrong order, then the line is cut
        Script([*texts[7000:9000], '{"e": '], deaf=True),  # half a message, and nothing after it
        Script(texts[9500:14_000], deaf=True),  # half-open: it stays there and says nothing
        Script(texts[13_900:]),
    ]
    internet.script(USDM, None, too_many(1), too_many(1))
    [status] = stream(
        internet, home, tape[-1]["T"], [StreamKind.TRADES], lambda all_: all_[0].rows >= len(tape) or all_[0].refused
    )
    table = open_lake(home).table(TableName("trades", MARKET, "streamed"))
    assert table.columns["trade_id"].tolist() == [trade["a"] for trade in tape]
    assert table.columns["price"].tolist() == [float(trade["p"]) for trade in tape]
    assert table.columns["quantity"].tolist() == [float(trade["q"]) for trade in tape]
    assert table.columns["taker"].tolist() == [2 if trade["m"] else 1 for trade in tape]
    assert table.ts.tolist() == [trade["T"] for trade in tape]
    assert (status.gaps, status.lifted, status.reconnects) == (0, 0, 3)
    assert status.duplicates >= 5000 and status.backfilled >= 100 + 1400 + 500
    assert len(internet.asked(USDM, "aggTrades")) > 3
    assert {path.partition("/ws/")[0] for path in venue.connections} == {"/market"}


def test_quotes_candles_and_liquidations_arrive_as_documented(internet: Internet, home: Path, shared: Path) -> None:
    samples = shared / "reference/payloads/binance/futures/market_data_json"
    now_ms = 1_723_161_600_000
    venue = venue_at(internet, now_ms)
    quote, kline, order = (
        json.loads((samples / f"{name}_stream{end}.json").read_text("utf-8"))
        for name, end in (("book_ticker", ""), ("kline", "_closed"), ("liquidation", ""))
    )
    kline["k"] |= {"t": now_ms, "T": now_ms + MINUTE - 1}
    venue.scripts = {
        "btcusdt@bookTicker": [Script([json.dumps(quote), json.dumps(quote)])],
        "btcusdt@kline_1m": [Script([json.dumps(kline)])],
        "btcusdt@forceOrder": [Script([json.dumps(order)])],
    }
    kinds = [StreamKind.QUOTES, StreamKind.CANDLES, StreamKind.LIQUIDATIONS]
    stream(internet, home, now_ms, kinds, lambda statuses: all(status.rows >= 1 for status in statuses))
    lake = open_lake(home)
    rows = {
        kind: [column.tolist() for column in lake.table(TableName(kind, MARKET, variant)).columns.values()]
        for kind, variant in (("quotes", "streamed"), ("streamed_candles", "1m"), ("liquidations", ""))
    }
    assert rows["quotes"] == [[1568014460891], [400900217], [25.3519], [31.21], [25.3652], [40.66]]
    assert rows["streamed_candles"] == [[now_ms], [0.001], [0.0025], [0.001], [0.002], [1000.0]]
    assert rows["liquidations"] == [[1568014460893], [9910.12345678], [0.014], [-1]]
    assert sorted(path.partition("/ws/")[0] for path in venue.connections) == ["/market", "/market", "/public"]


def test_a_book_is_built_and_rebuilt_when_a_change_is_missing(internet: Internet, home: Path) -> None:
    now_ms = 1_723_161_600_000
    venue = venue_at(internet, now_ms)

    def depth(number: int, before: int) -> str:
        levels = {"b": [["100.0", str(number)]], "a": [["101.0", "1"]]}
        return json.dumps(
            {
                "e": "depthUpdate",
                "E": now_ms + number * 500,
                "s": "BTCUSDT",
                "U": number,
                "u": number,
                "pu": before,
                **levels,
            }
        )

    venue.depth = {"lastUpdateId": 5, "E": now_ms, "bids": [["99.0", "1"]], "asks": [["101.0", "2"]]}
    changes = [depth(number, number - 1) for number in range(5, 40)]
    venue.scripts["btcusdt@depth@100ms"] = [
        Script([*changes[:20], *changes[21:]]),
        Script(changes),
    ]
    [status] = stream(internet, home, now_ms, [StreamKind.BOOK], lambda statuses: statuses[0].rows >= 25)
    assert (status.rebuilds, status.refused) == (1, False)
    table = open_lake(home).table(TableName("book", MARKET, "top20_1s"))
    assert set(table.columns["bid_2"].tolist()) == {99.0}
    assert table.columns["bid_quantity_1"].tolist() == [float(number) for number in table.columns["update_id"]]
    reasons = open_lake(home).table(TableName("gaps", MARKET, "book")).columns["reason"].tolist()
    assert reasons[0] == "chain_broken"


def test_a_symbol_that_the_venue_does_not_have_is_refused_first(internet: Internet, home: Path) -> None:
    venue = venue_at(internet, 1_723_161_600_000)
    venue.tapes = {("ETHUSDT", "1m"): venue.tapes["BTCUSDT", "1m"]}
    with pytest.raises(InputError, match="no symbol BTCUSDT") as raised:
        stream(internet, home, 1_723_161_600_000, [StreamKind.TRADES], lambda statuses: True)
    assert raised.value.code == "symbol_unknown"
    assert venue.connections == []
