"""Everything that crossed the edge of the process, in the order in which it did, and what the world saw of it.

An invariant that says "first this, then that" is read off here: what one step did is on the tape in the order in which
the step did it. Times are true time, UTC ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from tests.chaos.storm.exchange_records import Received

from karat.core.ids import MarketId
from karat.ports.commands import CommandAsked
from karat.ports.trading import OrderRecord, Transaction
from karat.ports.venue import Request, Said


@dataclass(frozen=True, slots=True)
class Began:
    """A process came up; `life` counts from 1."""

    life: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """It is gone. `how`: stopped, crashed, or the error with which it gave up."""

    life: int
    at_ms: int
    how: str


@dataclass(frozen=True, slots=True)
class Leased:
    """Somebody became the one writer. `life` 0: another process."""

    life: int
    at_ms: int
    token: int


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction is in the journal; `sequence` is the number of the newest event after it."""

    life: int
    at_ms: int
    transaction: Transaction
    sequence: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Orders are in the emergency journal, as they were then."""

    life: int
    at_ms: int
    orders: tuple[OrderRecord, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """A request left the process. `blocked`: what the desk itself said, at that moment, stands against entries."""

    life: int
    at_ms: int
    request: Request
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request reached the exchange."""

    received: Received


@dataclass(frozen=True, slots=True)
class Heard:
    """The process was told something by the venue."""

    life: int
    at_ms: int
    said: Said


@dataclass(frozen=True, slots=True)
class Delivered:
    """A bar was handed to the process. `good`: closed, and as it truly was."""

    life: int
    at_ms: int
    market: MarketId
    timeframe_ms: int
    ts: int
    good: bool


@dataclass(frozen=True, slots=True)
class Published:
    """Readers were shown the state up to event `sequence`."""

    life: int
    at_ms: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Notified:
    """A message about event `sequence` reached a person's channel."""

    life: int
    at_ms: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Commanded:
    """Somebody asked for something; `accepted` is what the desk said. `may`: what their role allows in truth."""

    life: int
    at_ms: int
    id: str
    kind: str
    may: bool
    accepted: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody left a command in the inbox. `refused`: it may never be done."""

    command: CommandAsked
    at_ms: int
    refused: bool


Entry = (
    Began | Ended | Leased | Committed | Kept | Posted | Arrived | Heard | Delivered | Published | Notified | Commanded
    | Asked
)  # fmt: skip
KINDS: tuple[type[Entry], ...] = get_args(Entry)


def has_done(entry: Entry, kind: str) -> bool:
    """Whether a person's command was done with it: it counts from the commit on, whenever its answer is heard."""
    return isinstance(entry, Committed) and any(one.done and f":{kind}:" in one.id for one in entry.transaction.taken)


class Tape:
    """Entries, oldest first. `last` is the number of the newest event committed."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.last = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if isinstance(entry, Committed):
            self.last = entry.sequence
