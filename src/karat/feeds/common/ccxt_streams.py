"""Live data of an exchange through ccxt's unified calls. What differs between exchanges is data: `StreamFacts`.

ccxt keeps the books and gives them whole. Where it does not check that changes follow one another, `StreamFacts.link`
does. Candles come as they form; closed ones are asked for over REST.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from karat.core.errors import InputError, RetryLater
from karat.feeds.common.ccxt_client import translated
from karat.feeds.common.ccxt_markets import CcxtVenue, Facts
from karat.feeds.common.ccxt_socket import TRADES_HELD, BookLinks, Link, drop, heard_ms, lost, open_socket
from karat.feeds.common.network import Network
from karat.feeds.common.unified import Units, book_of, candles_of, liquidation_of, quote_of, trade_of
from karat.ports.budget import RequestBudget
from karat.ports.stream import CANDLE_MS, BookLink, Candle, Event, StreamKind, Trade, WholeBook

_TIMEFRAME = "1m"
_FLEETING = frozenset({StreamKind.QUOTES, StreamKind.LIQUIDATIONS})  # every result is new: no cache counts them
NO_LIQUIDATIONS = (StreamKind.TRADES, StreamKind.QUOTES, StreamKind.BOOK, StreamKind.CANDLES)


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a venue streams. `past`: which trades REST gives: "newest" ones, those "since" a time, or "" for none that
    would match the stream's. `sized`: amounts count contracts, whose size the market names. `link` reads how a change
    of a book follows the one before, where ccxt does not look; `liquidated` reads the side of a liquidation, of which
    ccxt keeps only what the venue sent: -1 a long was sold, +1 a short was bought back."""

    kinds: tuple[StreamKind, ...]
    past: str = ""
    past_trades_max: int = 1000
    book_levels: int | None = 50
    sized: bool = True
    link: Callable[[Any], Link | None] | None = None
    liquidated: Callable[[Any], int] | None = None


class CcxtStream:
    """Satisfies `karat.ports.stream.Stream`."""

    counts_trades = False
    book_link = BookLink.WHOLE

    def __init__(self, facts: Facts, streams: StreamFacts, network: Network, budget: RequestBudget) -> None:
        self._facts = facts
        self._streams = streams
        self._network = network
        self._at = CcxtVenue(facts, network, budget)
        self._rest = self._at.rest
        self._sockets: dict[tuple[str, StreamKind], Any] = {}

    @property
    def venue(self) -> str:
        return self._facts.name

    @property
    def source(self) -> str:
        return f"{self._facts.name} through ccxt"

    @property
    def kinds(self) -> tuple[StreamKind, ...]:
        return self._streams.kinds

    async def check(self, symbol: str) -> None:
        await self._at.market_of(symbol)

    async def watch(self, symbol: str, kind: StreamKind) -> AsyncGenerator[Sequence[Event]]:
        market = await self._at.market_of(symbol)
        units = Units.of(market, sized=self._streams.sized)
        async with self._socket(symbol, kind, None) as socket:
            asking = _Asking(_calls(socket, market["symbol"], kind, self._streams))
            opened = asyncio.ensure_future(socket.opened.wait())
            try:
                await asyncio.wait({asking.task, opened}, return_when=asyncio.FIRST_COMPLETED)
                yield ()
                while True:
                    with self._lost():
                        answers = await (asking.results(socket) if kind in _FLEETING else asking.answer())
                    if kind is StreamKind.TRADES and len(answers[0]) >= TRADES_HELD:
                        raise RetryLater("stream_lost", f"{self.venue} sent more trades at once than can be held.")
                    now_ms = socket.milliseconds()
                    yield [event for answer in answers for event in self._events(answer, kind, units, now_ms)]
            finally:
                opened.cancel()
                await asyncio.gather(opened, return_exceptions=True)
                await asking.end()

    def heard_ms(self, symbol: str, kind: StreamKind) -> int:
        socket = self._sockets.get((symbol, kind))
        return 0 if socket is None else heard_ms(socket)

    async def past_trades(self, symbol: str, after: Trade | None) -> list[Trade]:
        if not self._streams.past:
            return []
        market = await self._at.market_of(symbol)
        since = after.ts if after is not None and self._streams.past == "since" else None
        with self._at.translating():
            answer = await self._rest.fetch_trades(market["symbol"], since, self._streams.past_trades_max)
            units = Units.of(market, sized=self._streams.sized)
            return sorted((trade_of(trade, units) for trade in answer), key=lambda trade: trade.ts)

    async def past_candles(self, symbol: str, from_ms: int, to_ms: int) -> list[Candle]:
        market = await self._at.market_of(symbol)
        limit = min(self._facts.page_bars, (to_ms - from_ms) // CANDLE_MS)
        until = {"until": from_ms + limit * CANDLE_MS - 1}
        with self._at.translating():
            rows = await self._rest.fetch_ohlcv(market["symbol"], _TIMEFRAME, from_ms, limit, until)
            return [candle for candle in candles_of(rows, closed=True) if from_ms <= candle.ts < to_ms]

    async def book(self, symbol: str) -> WholeBook:
        market = await self._at.market_of(symbol)
        with self._at.translating():
            answer = await self._rest.fetch_order_book(market["symbol"], self._streams.book_levels)
            return book_of(answer, Units.of(market, sized=self._streams.sized), self._rest.milliseconds())

    async def close(self) -> None:
        await self._rest.close()

    def _socket(self, symbol: str, kind: StreamKind, tap: Callable[[Any], None] | None) -> _Opened:
        """A connection of its own for every stream, so that one that is stuck is cut without the others."""
        link = self._streams.link if kind is StreamKind.BOOK else None
        judge = None if link is None else BookLinks(link)
        facts, keeps = self._facts, kind in _FLEETING
        socket = open_socket(facts.exchange, facts.options, self._network, self._rest, tap, judge, keeps=keeps)
        self._sockets[symbol, kind] = socket
        return _Opened(socket)

    def _events(self, answer: Any, kind: StreamKind, units: Units, now_ms: int) -> Sequence[Event]:
        match kind:
            case StreamKind.TRADES:
                return [trade_of(trade, units) for trade in answer]
            case StreamKind.QUOTES:
                quotes = [answer] if "bid" in answer else [*answer.values()]
                return [quote_of(quote, units, now_ms) for quote in quotes]
            case StreamKind.BOOK:
                return [book_of(answer, units, now_ms)]
            case StreamKind.LIQUIDATIONS:
                side_of = self._streams.liquidated
                assert side_of is not None, "a venue that streams liquidations says which side they are of"
                return [liquidation_of(one, units, now_ms, side_of(one["info"])) for one in answer]
            case StreamKind.CANDLES:
                return candles_of(answer, closed=False)

    @contextmanager
    def _lost(self) -> Generator[None]:
        """What ends a connection: the venue or the network, as long as connecting again may help."""
        try:
            yield
        except Exception as error:
            known = translated(error, self._facts.name)
            if known is None:
                raise
            if isinstance(known, InputError):
                raise known from None
            raise lost(error, self._facts.name) from None


class _Opened:
    """Closes a socket however its stream ends."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def __aenter__(self) -> Any:
        return self._socket

    async def __aexit__(self, *_: object) -> None:
        drop(self._socket)
        await self._socket.close()


class _Asking:
    """Somebody always waits for the next answer of ccxt: one call in flight."""

    def __init__(self, ask: Callable[[], Awaitable[Any]]) -> None:
        self._ask = ask
        self.task = asyncio.ensure_future(ask())

    async def answer(self) -> list[Any]:
        """The answer of the call in flight, alone."""
        answer = await self.task
        self.task = asyncio.ensure_future(self._ask())
        return [answer]

    async def results(self, socket: Any) -> list[Any]:
        """What ccxt has made of messages since, whether the call in flight was told of it or not."""
        while not socket.results:
            arrived = asyncio.ensure_future(socket.arrived.wait())
            await asyncio.wait({self.task, arrived}, return_when=asyncio.FIRST_COMPLETED)
            arrived.cancel()
            if self.task.done() and not socket.results:
                await self.answer()
        came, socket.results[:] = [*socket.results], []
        socket.arrived.clear()
        return came

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def _calls(socket: Any, symbol: str, kind: StreamKind, facts: StreamFacts) -> Callable[[], Awaitable[Any]]:
    """The unified call of a kind: each gives what came since the one before."""
    match kind:
        case StreamKind.TRADES:
            return lambda: socket.watch_trades(symbol)
        case StreamKind.QUOTES:
            return lambda: socket.watch_bids_asks([symbol])
        case StreamKind.BOOK:
            return lambda: socket.watch_order_book(symbol, facts.book_levels)
        case StreamKind.LIQUIDATIONS:
            return lambda: socket.watch_liquidations(symbol)
        case StreamKind.CANDLES:
            return lambda: socket.watch_ohlcv(symbol, _TIMEFRAME)
