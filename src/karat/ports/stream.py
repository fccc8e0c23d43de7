"""Live market data of one venue: trades, quotes, books, liquidations and candles as they happen.

A stream is one kind of one symbol. Nothing is promised about what comes: it may come twice, out of order, with gaps, or
stop without a word. Making a whole of it is the work of `karat.ingest.streams`; an adapter only translates.

Failures are sorted at the venue's edge, as for `karat.ports.history`: InputError where asking again will not help,
RetryLater (`stream_lost`, `vendor_down`, `vendor_limit`, `vendor_garbled`) where it may.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from karat.core.time import MINUTE_MS

CANDLE_MS = MINUTE_MS  # the one timeframe that is streamed: every other is built from it
UNCOUNTED = -1


class StreamKind(StrEnum):
    """What a stream carries."""

    TRADES = "trades"
    QUOTES = "quotes"
    BOOK = "book"
    LIQUIDATIONS = "liquidations"
    CANDLES = "candles"


class Trade(NamedTuple):
    """One trade. `ts` UTC ms; quantity in base units; side +1 when the taker bought, -1 when the taker sold, 0 unknown.

    `number` is its place in the venue's own gapless count, UNCOUNTED where the venue does not count.
    """

    ts: int
    price: float
    quantity: float
    side: int
    trade_id: str
    number: int = UNCOUNTED


class Quote(NamedTuple):
    """The best bid and ask. `number` rises with every change of the book, UNCOUNTED where the venue does not say."""

    ts: int
    bid: float
    bid_quantity: float
    ask: float
    ask_quantity: float
    number: int = UNCOUNTED


class Liquidation(NamedTuple):
    """A liquidation order: side -1 when a long was sold, +1 when a short was bought back."""

    ts: int
    price: float
    quantity: float
    side: int


class Candle(NamedTuple):
    """A bar of CANDLE_MS, named by its open time; volume in base units. Not `closed`: it is still forming."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool


Levels = Sequence[tuple[float, float]]  # price and quantity; in a change the quantity 0 takes the price away


class BookChange(NamedTuple):
    """A change of a book: it holds the venue's updates `first` to `last` and follows the one that ended `before`.

    `before` is UNCOUNTED where the venue does not say.
    """

    ts: int
    first: int
    last: int
    before: int
    bids: Levels
    asks: Levels


class WholeBook(NamedTuple):
    """A book as a whole after update `number`, best prices first, already checked where it comes without changes."""

    ts: int
    number: int
    bids: Levels
    asks: Levels


Event = Trade | Quote | Liquidation | Candle | BookChange | WholeBook


class BookLink(StrEnum):
    """How one change of a book names the one before it.

    `previous`: it carries the last update of the one before. `adjacent`: its first update follows the last of the one
    before. `whole`: there are no changes; books come whole.
    """

    PREVIOUS = "previous"
    ADJACENT = "adjacent"
    WHOLE = "whole"


class Stream(Protocol):
    """Live market data of one venue."""

    @property
    def venue(self) -> str:
        """The venue's name for people."""
        ...

    @property
    def source(self) -> str:
        """Where the rows come from, for the record."""
        ...

    @property
    def kinds(self) -> tuple[StreamKind, ...]:
        """What this venue can stream."""
        ...

    @property
    def counts_trades(self) -> bool:
        """Whether every trade has a `number`, and the next trade the next one."""
        ...

    @property
    def book_link(self) -> BookLink: ...

    async def check(self, symbol: str) -> None:
        """Raises InputError `symbol_unknown`."""
        ...

    def watch(self, symbol: str, kind: StreamKind) -> AsyncGenerator[Sequence[Event]]:
        """Connect, subscribe and give what comes until it breaks, which raises RetryLater. Closing it disconnects.

        An empty batch says that the subscription stands.
        """
        ...

    def heard_ms(self, symbol: str, kind: StreamKind) -> int:
        """When the connection of that stream last showed that it lives, data or not; 0 when it never did."""
        ...

    async def past_trades(self, symbol: str, after: Trade | None) -> list[Trade]:
        """One answer of trades that follow `after`, oldest first, or of the newest: whichever the venue can give.

        `after` itself may be among them. Empty where the venue gives no past trades.
        """
        ...

    async def past_candles(self, symbol: str, from_ms: int, to_ms: int) -> list[Candle]:
        """One answer of closed candles with `from_ms <= ts < to_ms`, oldest first; it may stop early."""
        ...

    async def book(self, symbol: str) -> WholeBook:
        """The book as it stands, for changes to be laid upon."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
