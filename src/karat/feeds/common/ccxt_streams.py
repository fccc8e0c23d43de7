"""Live data of an exchange through ccxt's unified calls. What differs between exchanges is data: `StreamFacts`.

ccxt keeps and checks the books itself (sequence numbers or checksums, as the venue has them), raises when a chain
breaks, and gives them whole. Candles come as they form; closed ones are asked for over REST.
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
from karat.feeds.common.ccxt_socket import TRADES_HELD, drop, heard_ms, lost, open_socket
from karat.feeds.common.network import Network
from karat.feeds.common.unified import Units, book_of, candles_of, liquidation_of, quote_of, trade_of
from karat.ports.budget import RequestBudget
from karat.ports.stream import CANDLE_MS, BookLink, Candle, Event, StreamKind, Trade, WholeBook

_TIMEFRAME = "1m"
NO_LIQUIDATIONS = (StreamKind.TRADES, StreamKind.QUOTES, StreamKind.BOOK, StreamKind.CANDLES)


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a venue streams. `past`: which trades REST gives: "newest" ones, those "since" a time, or "" for none that
    would match the stream's. `sized`: amounts count contracts, whose size the market names."""

    kinds: tuple[StreamKind, ...]
    past: str = ""
    past_trades_max: int = 1000
    book_levels: int | None = 50
    sized: bool = True


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
            ask = _calls(socket, market["symbol"], kind, self._streams)
            first = asyncio.ensure_future(ask())
            opened = asyncio.ensure_future(socket.opened.wait())
            try:
                await asyncio.wait({first, opened}, return_when=asyncio.FIRST_COMPLETED)
                yield ()
                while True:
                    with self._lost():
                        answer = await first
                    if kind is StreamKind.TRADES and len(answer) >= TRADES_HELD:
                        raise RetryLater("stream_lost", f"{self.venue} sent more trades at once than can be held.")
                    yield _events(answer, kind, units, socket.milliseconds())
                    first = asyncio.ensure_future(ask())
            finally:
                first.cancel()
                opened.cancel()
                await asyncio.gather(first, opened, return_exceptions=True)

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
        socket = open_socket(self._facts.exchange, self._facts.options, self._network, self._rest, tap)
        self._sockets[symbol, kind] = socket
        return _Opened(socket)

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


def _events(answer: Any, kind: StreamKind, units: Units, now_ms: int) -> Sequence[Event]:
    match kind:
        case StreamKind.TRADES:
            return [trade_of(trade, units) for trade in answer]
        case StreamKind.QUOTES:
            return [quote_of(quote, units, now_ms) for quote in answer.values()]
        case StreamKind.BOOK:
            return [book_of(answer, units, now_ms)]
        case StreamKind.LIQUIDATIONS:
            return [liquidation_of(one, units, now_ms) for one in answer]
        case StreamKind.CANDLES:
            return candles_of(answer, closed=False)
