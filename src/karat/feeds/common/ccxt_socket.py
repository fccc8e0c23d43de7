"""ccxt's websockets, held to the house's rules.

1. ccxt.pro is imported when a stream is first opened, never before.
2. Every REST request that it makes goes through the venue's REST client, and so through the budget of its host.
3. A connection is pinged every twenty seconds; ccxt ends one whose pongs stay away.
4. A message that cannot be read ends the connection. Left alone, ccxt would stop reading and keep it open.
5. Messages are read one by one. ccxt empties aiohttp's queue behind its back, which since aiohttp 3.14 leaves the queue
   looking full: after some two thousand messages that came in bursts, nothing is read any more.
6. A connection is dropped, not closed politely: a peer that is gone would be waited for.
7. What comes while nobody waits is kept for the next who asks. ccxt would let it lie until more comes: the last trade
   of a burst for as long as the market is quiet, and quotes for ever, as it keeps none.
8. It connects once. ccxt would connect again by itself when the connection ended while nobody waited, and whatever was
   missed in between would be missed without a word.
9. A change of a book that does not follow the one before ends the connection, where ccxt itself does not look
   (`BookLinks`): a book that lacks a change is wrong for good, and looks like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from karat.core.errors import InputError, RetryLater
from karat.core.extras import how_to_install
from karat.feeds.common.network import Network

KEEP_ALIVE_MS = 20_000
TRADES_HELD = 50_000  # ccxt drops what exceeds it without a word: see `ccxt_stream`


class Link(NamedTuple):
    """How a change of a book names itself: its `number`, and that of the one `before`, None for a whole book."""

    number: int
    before: int | None


class BookLinks:
    """Judges messages by the links that `read` finds in them; None for what is no book. Raises ChainBroken."""

    def __init__(self, read: Callable[[Any], Link | None]) -> None:
        self._read = read
        self._last: int | None = None

    def __call__(self, message: Any) -> None:
        link = self._read(message)
        if link is None:
            return
        if link.before is not None and link.before != self._last:
            raise ChainBroken
        self._last = link.number


def open_socket(
    name: str,
    options: dict[str, Any],
    network: Network,
    rest: Any,
    tap: Callable[[Any], None] | None = None,
    judge: Callable[[Any], None] | None = None,
    *,
    keeps: bool = False,
) -> Any:
    """The ccxt.pro exchange `name` with nothing connected yet; `rest` is its client with markets loaded.

    `tap` is given every message as it came, in the place of ccxt's own handling; `judge` sees it before that, and ends
    the connection by raising. `opened` is an event that is set when a connection stands. With `keeps`, `results` are
    what ccxt made of messages that somebody waited for, or has waited for before, and `arrived` an event that is set
    with each. Raises InputError `package_missing`.
    """
    try:
        import ccxt.pro as ccxt
    except ImportError as error:
        message = "Streaming from exchanges needs the package ccxt, which is not installed."
        raise InputError("package_missing", message, how_to_install("download")) from error
    kind = _socket_kind(getattr(ccxt, name), ccxt.NetworkError("closed"), rest, tap, judge)
    settings: dict[str, Any] = {"options": {**options, "tradesLimit": TRADES_HELD}}
    if network.proxy:
        settings["wssProxy"] = network.proxy
    if network.ca_file:
        settings["cafile"] = network.ca_file
    socket = kind(settings)
    socket.results, socket.arrived = [] if keeps else None, asyncio.Event()
    socket.ended = None
    socket.streaming = {**socket.streaming, "keepAlive": KEEP_ALIVE_MS}
    socket.opened = asyncio.Event()
    socket.has["fetchCurrencies"] = False
    socket.set_markets(rest.markets, rest.currencies)
    return socket


def heard_ms(socket: Any) -> int:
    """When a pong, or the word that a connection stands, last came; 0 when none did."""
    signs = [client.lastPong or client.connectionEstablished or 0 for client in socket.clients.values()]
    return max(signs, default=0)


def lost(error: Exception, venue: str) -> RetryLater:
    """The house's word for the end of a connection, without addresses."""
    words = "broke the connection"
    if isinstance(error, ChainBroken):
        words = "left out a change of the book"
    elif isinstance(error, Unreadable):
        words = "sent what cannot be read"
    return RetryLater("stream_lost", f"{venue} {words}.", "It is connected again by itself.")


class Unreadable(ValueError):
    """A message was no JSON, or not of any known form."""


class ChainBroken(Unreadable):
    """A change of a book does not follow the one before it."""


def drop(socket: Any) -> None:
    """End every connection at once."""
    for client in socket.clients.values():
        connection = getattr(client.connection, "_conn", None)
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


def _socket_kind(
    base: Any, closed: Exception, rest: Any, tap: Callable[[Any], None] | None, judge: Callable[[Any], None] | None
) -> Any:
    steady = _steady_client()

    class Socket(base):
        """The exchange with its REST requests led to `rest`."""

        timeout_on_exit = 0

        async def throttle(self, cost: Any = None) -> None:
            await rest.throttle(cost)

        async def fetch(self, url: Any, method: Any = "GET", headers: Any = None, body: Any = None) -> Any:
            return await rest.fetch(url, method, headers, body)

        def client(self, url: Any) -> Any:
            if self.ended is not None:
                raise self.ended
            client = super().client(url)
            client.__class__ = steady
            client.results, client.arrived = self.results, self.arrived
            return client

        def handle_message(self, client: Any, message: Any) -> None:
            if judge is not None:
                judge(message)
            if tap is None:
                super().handle_message(client, message)
            else:
                tap(message)

        def on_error(self, client: Any, error: BaseException) -> None:
            self.ended = error
            super().on_error(client, error)

        def on_close(self, client: Any, error: Any) -> None:
            self.ended = self.ended or closed
            super().on_close(client, error)

        def on_connected(self, client: Any, message: Any = None) -> None:
            self.opened.set()
            super().on_connected(client, message)

    return Socket


def _steady_client() -> Any:
    from ccxt.async_support.base.ws.client import Client

    class SteadyClient(Client):
        """ccxt's connection, without its ways to fall silent and to forget."""

        buffer = None
        results: list[Any] | None
        arrived: asyncio.Event

        def resolve(self, result: Any, message_hash: Any) -> Any:
            waited = self.__dict__.setdefault("waited", set())
            heard = message_hash in self.futures
            if heard:
                waited.add(message_hash)
            if message_hash in waited and self.results is not None:
                self.results.append(result)
                self.arrived.set()
            elif message_hash in waited and not heard:
                self.__dict__.setdefault("late", {})[message_hash] = result
            return super().resolve(result, message_hash)

        def future(self, message_hash: Any) -> Any:
            """Who asks is told at once of what came while nobody did."""
            future = super().future(message_hash)
            late = self.__dict__.get("late", {})
            if message_hash in late and not future.done():
                future.resolve(late.pop(message_hash))
                del self.futures[message_hash]
            return future

        def handle_text_or_binary_message(self, data: Any) -> None:
            try:
                super().handle_text_or_binary_message(data)
            except ChainBroken as error:
                self.on_error(error)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                self.on_error(Unreadable(type(error).__name__))

    return SteadyClient
