"""What stood still in a fleet until a person would have come: nobody comes in a backtest, so it stands to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from karat.core.ids import BotId
from karat.ports.cockpit import EventKind
from karat.ports.trading import LoggedEvent, TradingJournal

_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Halt:
    """`bot` None: all of them, by the kill switch. `at_ms` UTC, the close at which it happened."""

    at_ms: int
    bot: BotId | None
    reason: str


def halts_of(journal: TradingJournal) -> tuple[Halt, ...]:
    """In the order in which they came."""
    return tuple(_halt(event) for event in _log(journal) if _stands_still(event))


def _log(journal: TradingJournal) -> Iterator[LoggedEvent]:
    after = 0
    while page := journal.log(after, _PAGE):
        yield from page
        after = page[-1].sequence


def _stands_still(event: LoggedEvent) -> bool:
    return event.kind == EventKind.HALTED or (event.kind == EventKind.KILL and "pulled" in event.payload)


def _halt(event: LoggedEvent) -> Halt:
    if event.bot is not None:
        return Halt(event.at_ms, event.bot, event.text.removeprefix("Halted: ").removesuffix("."))
    return Halt(event.at_ms, None, str(event.payload["pulled"]["reason"]))
