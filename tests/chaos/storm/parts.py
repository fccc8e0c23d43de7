"""The plug: what the storm gives a process, and what it asks of it.

`Process` is made anew for every life by a `Build`; it stands on the production runtime and gets clock, venue, feeds and
journal from here. `Watched` is its memory, read after every step and never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from tests.chaos.storm.setting import Setting

from karat.core.ids import MarketId
from karat.oms.netting import Book
from karat.oms.register import Register
from karat.ports.clock import Clock
from karat.ports.emergency import EmergencyJournal
from karat.ports.feed import Feed, FeedKey
from karat.ports.trading import LoggedEvent, TradingJournal
from karat.ports.venue import Venue


class Watched(Protocol):
    """What the process has in memory. Everything here is cheap to read: it is read after every step."""

    @property
    def register(self) -> Register:
        """The very object that the desk works with: that it is the same one says that nothing changed."""
        ...

    @property
    def books(self) -> Mapping[MarketId, Book]:
        """Books by market; replaced, never changed, when a fill is booked."""
        ...

    @property
    def token(self) -> int | None:
        """The lease it holds; None before."""
        ...

    @property
    def is_reconciled(self) -> bool: ...

    @property
    def kill_latched(self) -> bool: ...

    def blocks(self, market: MarketId) -> tuple[str, ...]:
        """What stands against an entry there right now, in a word each: kill, breaker, not_reconciled, stale_data,
        clock_skew, lease_lost, gate_shut, safe_mode, schema, halted."""
        ...

    def price_age_ms(self, market: MarketId) -> int | None:
        """Age of the price that the own stop monitor holds for a market; None: it watches nothing there."""
        ...

    def queue_sizes(self) -> Mapping[str, int]:
        """How much waits in each bounded queue."""
        ...

    def problems(self) -> tuple[str, ...]:
        """Open alarms and everything else for which it does not call itself healthy; () healthy."""
        ...


class Notifier(Protocol):
    """A channel to a person. `sequence` is the number of the event it is about."""

    async def send(self, sequence: int, text: str) -> None:
        """Raises RetryLater `channel_down`."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process is given. `published(sequence)`: to be called when readers are shown the state up to an event.
    `terms(market)` reads back what the venue has set: leverage, largest order in lots, whether it takes exits alone.
    `seed` is for whatever luck the process draws itself."""

    setting: Setting
    clock: Clock
    journal: TradingJournal
    emergency: EmergencyJournal
    venue: Venue
    feed: Callable[[FeedKey], Feed]
    notifier: Notifier
    published: Callable[[int], None]
    terms: Callable[[MarketId], tuple[float, int, bool]]
    seed: int


class Process(Protocol):
    """One life of the production runtime."""

    async def run(self) -> None:
        """Start up, recover, run; returns after an orderly `stop`."""
        ...

    def watched(self) -> Watched | None:
        """Its memory; None before there is any."""
        ...

    def command(self, kind: str, identity: str, payload: Mapping[str, Any]) -> bool:
        """A command from outside ("kill", "release", "stop"), under an id that may come twice. True: it is taken and
        written. False: not now (no memory yet, no lease, a write that failed); it will be asked again."""
        ...


class Plug(Protocol):
    """What the lead plugs in: one object for all lives of one storm."""

    def journal(self, setting: Setting) -> TradingJournal:
        """An empty production journal in memory with the storm's bots in it."""
        ...

    def build(self, parts: Parts) -> Process: ...

    def replayed(self, events: Sequence[LoggedEvent]) -> Any:
        """The state that folding the log from empty gives, comparable with `stored`."""
        ...

    def stored(self, journal: TradingJournal) -> Any:
        """The same state, read from the tables."""
        ...

    def wallets(self, journal: TradingJournal) -> Mapping[str, Decimal]:
        """By the desk's own ledger, per currency: opening + realised - fees - funding."""
        ...
