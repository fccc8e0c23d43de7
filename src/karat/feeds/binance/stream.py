"""Live data of Binance: raw streams through ccxt's sockets.

ccxt's own calls are not used for the data: its trades over REST are aggregated, its streamed ones are not, and their
numbers mean different things; its best prices drop what came at one moment; its candles do not say that they closed.
Trades are the aggregated ones here, on both sides: their numbers have no holes, and REST gives them without a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, NamedTuple

from karat.core.errors import RetryLater
from karat.feeds.binance.facts import FACTS, PAGE_BARS
from karat.feeds.binance.messages import book_of, candles_of, event_of, trade_of
from karat.feeds.common.ccxt_socket import Unreadable, lost
from karat.feeds.common.ccxt_streams import NO_LIQUIDATIONS, CcxtStream, StreamFacts
from karat.feeds.common.network import Network
from karat.feeds.common.unified import Units
from karat.ports.budget import RequestBudget
from karat.ports.stream import BookLink, Candle, Event, Stream, StreamKind, Trade, WholeBook

VENUES = tuple(FACTS)
MESSAGES_MAX = 50_000
TRADES_MAX = 1000
BOOK_LEVELS = 1000
_DATA = {
    StreamKind.TRADES: "aggTrade",
    StreamKind.QUOTES: "bookTicker",
    StreamKind.BOOK: "depth@100ms",
    StreamKind.LIQUIDATIONS: "forceOrder",
    StreamKind.CANDLES: "kline_1m",
}


class _Product(NamedTuple):
    """`api` begins the names of ccxt's REST calls, `socket` is its name of the websocket."""

    api: str
    socket: str
    link: BookLink
    kinds: tuple[StreamKind, ...] = tuple(StreamKind)


_PRODUCTS = {
    "binance_perp": _Product("fapiPublicGet", "future", BookLink.PREVIOUS),
    "binance_coinm": _Product("dapiPublicGet", "delivery", BookLink.PREVIOUS),
    "binance_spot": _Product("publicGet", "spot", BookLink.ADJACENT, NO_LIQUIDATIONS),
}


def open_stream(venue: str, network: Network, budget: RequestBudget) -> Stream:
    """The adapter of one of VENUES. Raises InputError `package_missing`."""
    return BinanceStream(venue, network, budget)


class BinanceStream(CcxtStream):
    """Satisfies `karat.ports.stream.Stream`."""

    counts_trades = True

    def __init__(self, venue: str, network: Network, budget: RequestBudget) -> None:
        self._product = _PRODUCTS[venue]
        self.book_link = self._product.link
        super().__init__(FACTS[venue], StreamFacts(self._product.kinds), network, budget)

    async def watch(self, symbol: str, kind: StreamKind) -> AsyncGenerator[Sequence[Event]]:
        units = Units.of(await self._at.market_of(symbol))
        messages: asyncio.Queue[Any] = asyncio.Queue(MESSAGES_MAX)
        async with self._socket(symbol, kind, messages.put_nowait) as socket:
            broken = socket.watch(self._address(socket, symbol, kind), "everything")
            opened = asyncio.ensure_future(socket.opened.wait())
            try:
                await asyncio.wait({opened, broken}, return_when=asyncio.FIRST_COMPLETED)
                if opened.done():
                    yield ()
                while True:
                    yield self._events(await self._next(messages, broken), units, socket.milliseconds())
            finally:
                opened.cancel()
                broken.cancel()
                await asyncio.gather(opened, broken, return_exceptions=True)

    async def past_trades(self, symbol: str, after: Trade | None) -> list[Trade]:
        asked = {} if after is None else {"fromId": after.number + 1}
        answer, units = await self._ask("AggTrades", symbol, limit=TRADES_MAX, **asked)
        with self._at.translating():
            return [trade_of(trade, units) for trade in answer]

    async def past_candles(self, symbol: str, from_ms: int, to_ms: int) -> list[Candle]:
        asked = {"interval": "1m", "startTime": from_ms, "endTime": to_ms - 1, "limit": PAGE_BARS}
        answer, units = await self._ask("Klines", symbol, **asked)
        with self._at.translating():
            return candles_of(answer, units, self._rest.milliseconds())

    async def book(self, symbol: str) -> WholeBook:
        answer, units = await self._ask("Depth", symbol, limit=BOOK_LEVELS)
        with self._at.translating():
            return book_of(answer, units, self._rest.milliseconds())

    def _address(self, socket: Any, symbol: str, kind: StreamKind) -> str:
        """USDS-M serves books, best prices and trades under /public and the rest under /market; ccxt knows which."""
        data = _DATA[kind]
        address = socket.get_ws_url(self._product.socket, socket.get_future_ws_category(data.partition("@")[0]))
        return f"{address}/{symbol.lower()}@{data}"

    async def _next(self, messages: asyncio.Queue[Any], broken: asyncio.Future[Any]) -> list[Any]:
        """Whatever has come, at least one message. Raises RetryLater when the connection breaks."""
        if messages.empty():
            first = asyncio.ensure_future(messages.get())
            try:
                await asyncio.wait({first, broken}, return_when=asyncio.FIRST_COMPLETED)
                if not first.done():
                    raise lost(broken.exception() or Unreadable(), self.venue)
                batch = [first.result()]
            finally:
                first.cancel()
        else:
            batch = [messages.get_nowait()]
        while not messages.empty():
            batch.append(messages.get_nowait())
        return batch

    def _events(self, batch: list[Any], units: Units, now_ms: int) -> list[Event]:
        try:
            return [event_of(message, units, now_ms) for message in batch]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise lost(Unreadable(), self.venue) from None

    async def _ask(self, name: str, symbol: str, **asked: Any) -> tuple[Any, Units]:
        market = await self._at.market_of(symbol)
        with self._at.translating():
            answer = await getattr(self._rest, f"{self._product.api}{name}")({"symbol": market["id"], **asked})
        if isinstance(answer, dict) == (name != "Depth"):
            raise RetryLater("vendor_garbled", f"{self.venue} sent an answer that makes no sense.")
        return answer, Units.of(market)
