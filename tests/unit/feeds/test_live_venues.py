"""Live data of every other venue through ccxt's real websockets, TLS and proxy, against a fake of each on this machine.

The venue's own ways are what is told apart here: how it names trades, links the changes of a book, and counts amounts.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from tests.fakes import bybit_streams, deribit_streams, hyperliquid_streams, okx_streams
from tests.fakes.binance import COINM, SPOT
from tests.fakes.binance_streams import LiveBinance, Script, agg_trade, streamed
from tests.fakes.server import Internet
from tests.fakes.tape import Tape
from tests.unit.feeds.test_live_streams import FastClock

from karat.app.vendors import STREAMS, stream_opener
from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.model.table import Table, TableName
from karat.feeds.common.network import Network
from karat.ingest.budget import FolderBudget
from karat.ingest.streams.begin import Order
from karat.ingest.streams.records import StreamRecords
from karat.ingest.streams.run import Place, stream_all
from karat.ingest.streams.status import StreamStatus
from karat.lake.store import open_lake
from karat.ports.stream import StreamKind

pytest.importorskip("ccxt.pro")
NOW = 1_723_161_600_000
MINUTE = 60_000
SPEED = 25.0  # the shortest watchdog, of books, then waits for more than a second
LIVE: dict[str, tuple[str, Any]] = {
    "bybit": ("bybit_perp:BTCUSDT", bybit_streams.LiveBybit),
    "okx": ("okx_perp:BTC-USDT-SWAP", okx_streams.LiveOkx),
    "deribit": ("deribit:BTC-PERPETUAL", deribit_streams.LiveDeribit),
    "hyperliquid": ("hyperliquid_perp:BTC", hyperliquid_streams.LiveHyperliquid),
}


class Desk(NamedTuple):
    """One venue and one home."""

    internet: Internet
    home: Path
    market: MarketId
    live: Any

    def stream(self, kind: StreamKind, enough: Callable[[StreamStatus], bool]) -> StreamStatus:
        async def run() -> list[StreamStatus]:
            stop, clock = asyncio.Event(), FastClock(NOW, SPEED)

            def told(statuses: Sequence[StreamStatus]) -> None:
                if enough(statuses[0]) or statuses[0].refused:
                    stop.set()

            reach = Network(self.internet.https_proxy, str(self.internet.ca_file), 5.0)
            opener = stream_opener(reach, FolderBudget(self.home / "budget", clock))
            place = Place(open_lake(self.home), clock, StreamRecords(self.home / "streams"), told, dice=Random(3))
            return await asyncio.wait_for(stream_all([Order(self.market, kind)], opener, place, stop), 25)

        [status] = asyncio.run(run())
        return status

    def rows(self, kind: str, variant: str = "") -> Table:
        return open_lake(self.home).table(TableName(kind, self.market, variant))

    def trade_ids(self) -> list[str]:
        return [str(one) for one in self.rows("trades", "streamed").columns["trade_id"].tolist()]

    def gaps(self, kind: str) -> list[str]:
        name = TableName("gaps", self.market, kind)
        lake = open_lake(self.home)
        there = name in {entry.name for entry in lake.tables()}
        return lake.table(name).columns["reason"].tolist() if there else []


@pytest.fixture
def desk(request: pytest.FixtureRequest, internet: Internet, home: Path) -> Desk:
    market, kind = LIVE[request.param]
    return Desk(internet, home, market_id(market), kind(internet, NOW, Tape(NOW - 10 * MINUTE, MINUTE, 30)))


def quick(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("desk", [name], indirect=True)


def numbered(begin: int, end: int) -> list[tuple[int, int, float, float, int]]:
    """Trades: number, time, price, amount, side."""
    return [(n, NOW + 100 * n, 100.0 + n, 2.0, 1 if n % 2 else -1) for n in range(begin, end)]


def ends_at(rows: int, *, cut_at: int, cut: threading.Event) -> Callable[[StreamStatus], bool]:
    """Enough are so many rows; the connection is cut when a few are there."""

    def enough(status: StreamStatus) -> bool:
        if status.rows >= cut_at:
            cut.set()
        return status.rows >= rows

    return enough


@quick("bybit")
def test_bybit_trades_are_joined_by_their_ids_over_two_cuts(desk: Desk) -> None:
    truth = [bybit_streams.trade(*one) for one in numbered(0, 40)]
    desk.live.trades = truth
    text = bybit_streams.trades_text
    desk.live.scripts["publicTrade"] = [
        Script([text(*truth[:8]), text(*truth[6:12])], cut=True),
        Script([text(*truth[15:20])], cut=True),
        Script([text(*truth[18:30]), text(*truth[30:])]),
    ]
    status = desk.stream(StreamKind.TRADES, lambda one: one.rows >= 40)
    assert desk.trade_ids() == [f"id-{n}" for n in range(40)]
    assert (status.gaps, status.reconnects) == (0, 2)
    table = desk.rows("trades", "streamed")
    assert table.columns["taker"][:2].tolist() == [2, 1] and set(table.columns["quantity"].tolist()) == {2.0}


def bybit_book(number: int, *, whole: bool = False) -> str:
    bids, asks = [["100.0", str(number)]], [["101.0", "1"]]
    return bybit_streams.book_text(number, NOW + 400 * number, bids, asks, whole=whole)


def deribit_book(number: int, *, whole: bool = False) -> str:
    bids, asks = [["new", 100.0, 100.0 * number]], [["new", 101.0, 1000.0]]
    return deribit_streams.book_text(number, None if whole else number - 1, NOW + 400 * number, bids, asks)


def okx_book(number: int, *, whole: bool = False) -> str:
    return okx_streams.book_text(
        number, -1 if whole else number - 1, NOW + 400 * number, [["100.0", str(100 * number)]], [["101.0", "1"]]
    )


@pytest.mark.parametrize(
    ("desk", "topic", "text"),
    [("bybit", "orderbook", bybit_book), ("deribit", "book", deribit_book), ("okx", "books", okx_book)],
    indirect=["desk"],
)
def test_a_book_that_lacks_a_change_is_thrown_away_and_a_gap_recorded(
    desk: Desk, topic: str, text: Callable[..., str]
) -> None:
    first = [text(1, whole=True), *(text(n) for n in range(2, 20)), *(text(n) for n in range(25, 30))]
    second = [text(40, whole=True), *(text(n) for n in range(41, 70))]
    desk.live.scripts[topic] = [Script(first), Script(second)]
    status = desk.stream(StreamKind.BOOK, lambda one: one.last_ts >= NOW + 400 * 66)
    assert status.reconnects >= 1 and set(desk.gaps("book")) == {"disconnected"}
    books = desk.rows("book", "top20_1s")
    best = books.columns["bid_quantity_1"]
    changes = (best.round().astype(int)).tolist()
    assert all(n < 20 or n >= 40 for n in changes), "no sample shows a book that lacks a change"
    assert {row for row in changes if row >= 40} and set(books.columns["bid_1"].tolist()) == {100.0}
    assert status.trouble.endswith("left out a change of the book.") or topic == "books"


def test_quotes_that_come_at_one_moment_are_all_kept(internet: Internet, home: Path) -> None:
    quotes = [(NOW + n, 100.0 + n, 200.0 + n) for n in range(60)]
    told: dict[str, tuple[str, list[str]]] = {
        "okx": ("tickers", [okx_streams.quote_text(ts, str(bid), str(ask)) for ts, bid, ask in quotes]),
        "deribit": ("quote", [deribit_streams.quote_text(*one) for one in quotes]),
        "bybit": (
            "orderbook",
            [
                bybit_streams.book_text(n, ts, [[str(bid), "3"]], [[str(ask), "4"]], whole=True, depth=1)
                for n, (ts, bid, ask) in enumerate(quotes)
            ],
        ),
    }
    sizes = {"okx": (2.0, 3.0), "deribit": (50.0, 40.0), "bybit": (3.0, 4.0)}
    for name, (topic, texts) in told.items():
        market, kind = LIVE[name]
        desk = Desk(internet, home / name, market_id(market), kind(internet, NOW, Tape(NOW - MINUTE * 9, MINUTE, 9)))
        desk.live.scripts[topic] = [Script(texts)]
        desk.stream(StreamKind.QUOTES, lambda one: one.rows >= 60)
        rows = desk.rows("quotes", "streamed")
        assert rows.columns["bid"].tolist() == [bid for _, bid, _ in quotes], name
        assert (rows.columns["bid_quantity"][0], rows.columns["ask_quantity"][0]) == sizes[name]


@quick("bybit")
def test_bybit_liquidations_of_one_message_are_all_kept_with_the_side_of_the_order(desk: Desk) -> None:
    orders = [("Buy", "0.5", "60000"), ("Sell", "0.25", "60100"), ("Buy", "1", "59900")]
    desk.live.scripts["allLiquidation"] = [Script([bybit_streams.liquidations_text(NOW, *orders)])]
    desk.stream(StreamKind.LIQUIDATIONS, lambda one: one.rows >= 3)
    rows = desk.rows("liquidations")
    assert rows.columns["quantity"].tolist() == [0.5, 0.25, 1.0]
    assert rows.columns["side"].tolist() == [-1, 1, -1], "a long that is liquidated is sold"


@quick("okx")
def test_okx_gives_no_past_trades_so_a_cut_is_a_gap_and_contracts_are_base_units(desk: Desk) -> None:
    texts, stored = [okx_streams.trade_text(*one) for one in numbered(0, 30)], threading.Event()
    desk.live.scripts["trades"] = [Script(texts[:10], cut=True, until=stored), Script(texts[8:])]
    status = desk.stream(StreamKind.TRADES, ends_at(30, cut_at=10, cut=stored))
    assert desk.trade_ids() == [str(n) for n in range(30)] and set(desk.gaps("trades")) == {"disconnected"}
    assert set(desk.rows("trades", "streamed").columns["quantity"].tolist()) == {0.02} and status.duplicates >= 2


@quick("deribit")
def test_deribit_trades_come_back_by_time_and_dollars_are_bitcoins(desk: Desk) -> None:
    truth = [deribit_streams.trade(*one) for one in numbered(0, 30)]
    desk.live.trades = truth
    desk.live.scripts["trades"] = [
        Script([deribit_streams.trades_text(*truth[:10])], cut=True),
        Script([deribit_streams.trades_text(*truth[20:])]),
    ]
    desk.stream(StreamKind.TRADES, lambda one: one.rows >= 30)
    assert desk.trade_ids() == [str(n) for n in range(30)] and desk.gaps("trades") == []
    table = desk.rows("trades", "streamed")
    assert table.columns["quantity"][10] == pytest.approx(2.0 / 110.0)


@quick("hyperliquid")
def test_hyperliquid_trades_and_whole_books(desk: Desk) -> None:
    texts, stored = [hyperliquid_streams.trade_text(*one) for one in numbered(0, 20)], threading.Event()
    desk.live.scripts["trades"] = [Script(texts[:10], cut=True, until=stored), Script(texts[9:])]
    desk.stream(StreamKind.TRADES, ends_at(20, cut_at=10, cut=stored))
    assert desk.trade_ids() == [str(n) for n in range(20)] and set(desk.gaps("trades")) == {"disconnected"}
    books = [hyperliquid_streams.book_text(NOW + 500 * n, [["100", str(n)]], [["101", "1"]]) for n in range(1, 30)]
    desk.live.scripts["l2Book"] = [Script(books[:15], deaf=True), Script(books[15:])]  # half-open: it says nothing more
    status = desk.stream(StreamKind.BOOK, lambda one: one.rows >= 12)
    assert status.reconnects >= 1 and set(desk.gaps("book")) == {"disconnected"}
    assert set(desk.rows("book", "top20_1s").columns["ask_1"].tolist()) == {101.0}


CANDLES: dict[str, tuple[str, Callable[[int], str]]] = {
    "bybit": ("kline", lambda ts: bybit_streams.candle_text(ts, ("1", "2", "0.5", "1.5"), "9")),
    "okx": ("candle1m", lambda ts: okx_streams.candle_text(ts, ("1", "2", "0.5", "1.5"), "9")),
    "deribit": ("chart", lambda ts: deribit_streams.candle_text(ts, (1.0, 2.0, 0.5, 1.5), 9.0)),
    "hyperliquid": ("candle", lambda ts: hyperliquid_streams.candle_text(ts, ("1", "2", "0.5", "1.5"), "9")),
}


@pytest.mark.parametrize("desk", [*LIVE], indirect=True)
def test_a_candle_is_stored_when_the_next_one_forms_and_as_rest_has_it(desk: Desk) -> None:
    topic, text = next(CANDLES[name] for name, (market, _) in LIVE.items() if market == desk.market)
    desk.live.now_ms = NOW + 2 * MINUTE + 1000  # of the venue, whose REST gives what has closed by then
    desk.live.scripts[topic] = [Script([text(NOW - MINUTE), text(NOW), text(NOW + MINUTE)])]
    desk.stream(StreamKind.CANDLES, lambda one: one.rows >= 1)
    rows, tape = desk.rows("streamed_candles", "1m"), Tape(NOW - 10 * MINUTE, MINUTE, 30)
    assert rows.ts[0] in (NOW - MINUTE, NOW)
    assert rows.columns["close"].tolist() == [float(tape.rows[ts][4]) for ts in rows.ts.tolist()]


def test_binance_spot_links_its_book_otherwise_and_coin_m_counts_contracts(internet: Internet, home: Path) -> None:
    spot = LiveBinance(internet, NOW, Tape(NOW - 9 * MINUTE, MINUTE, 9), SPOT)

    def depth(number: int) -> str:
        levels = {"b": [["100.0", str(number)]], "a": [["101.0", "1"]]}
        return json.dumps(
            {"e": "depthUpdate", "E": NOW + number * 500, "s": "BTCUSDT", "U": number, "u": number, **levels}
        )

    spot.depth = {"lastUpdateId": 5, "bids": [["99.0", "1"]], "asks": [["101.0", "2"]]}
    changes = [depth(number) for number in range(5, 40)]
    spot.scripts["btcusdt@depth@100ms"] = [Script([*changes[:20], *changes[21:]]), Script(changes)]
    desk = Desk(internet, home / "spot", market_id("binance_spot:BTCUSDT"), spot)
    status = desk.stream(StreamKind.BOOK, lambda one: one.rebuilds >= 1 and one.gaps >= 1)
    assert desk.gaps("book")[0] == "chain_broken" and status.rebuilds == 1
    coinm = LiveBinance(internet, NOW, Tape(NOW - 9 * MINUTE, MINUTE, 9), COINM, "BTCUSD_PERP")
    trades = [agg_trade(7 + n, NOW + n, 50_000.0, 10.0, False) for n in range(20)]
    coinm.trades = trades
    texts = [streamed(one, "BTCUSD_PERP") for one in trades]
    coinm.scripts["btcusd_perp@aggTrade"] = [Script(texts[:8], cut=True), Script(texts[12:])]
    desk = Desk(internet, home / "coinm", market_id("binance_coinm:BTCUSD_PERP"), coinm)
    desk.stream(StreamKind.TRADES, lambda one: one.rows >= 20)
    table = desk.rows("trades", "streamed")
    assert table.columns["trade_id"].tolist() == list(range(7, 27)) and desk.gaps("trades") == []
    assert set(table.columns["quantity"].tolist()) == {10.0 * 100.0 / 50_000.0}


@pytest.mark.parametrize("venue", ["okx_spot", "deribit", "hyperliquid_perp", "binance_spot", "bybit_spot"])
def test_what_a_venue_does_not_stream_is_refused_by_name(venue: str, internet: Internet, home: Path) -> None:
    assert venue in STREAMS
    desk = Desk(internet, home, MarketId(f"{venue}:X"), None)
    with pytest.raises(InputError, match="streams no liquidations") as raised:
        desk.stream(StreamKind.LIQUIDATIONS, lambda one: True)
    assert raised.value.code == "kind_not_streamed"
