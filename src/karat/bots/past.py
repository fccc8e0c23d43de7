"""What is known of bots before they are run: who shares a feed, and what the journal has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.bots.doings import Doings
from karat.core.errors import KaratError
from karat.core.ids import BotId
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord
from karat.ports.trading import AccountRecord, Facts, OrderRecord, TradingJournal
from karat.strategies import Strategy

FUNDING = "funding"  # comes with the market, whoever declares it
Enlisted = tuple[BotRecord, Strategy]


@dataclass(slots=True)
class Past:
    """What the journal knows of bots, read once."""

    orders: dict[BotId, tuple[OrderRecord, ...]] = field(default_factory=dict[BotId, tuple[OrderRecord, ...]])
    accounts: dict[BotId, AccountRecord] = field(default_factory=dict[BotId, AccountRecord])
    facts: Facts = field(default_factory=dict[str, Mapping[str, Any]])


def read_past(journal: TradingJournal) -> Past:
    """Of every bot: orders that are not over, exact books, and all facts."""
    past = Past(accounts={one.bot: one for one in journal.accounts()}, facts=journal.facts())
    for one in journal.open_orders():
        past.orders[one.bot] = (*past.orders.get(one.bot, ()), one)
    return past


def grouped(
    records: Iterable[BotRecord], strategy_of: Callable[[str], Strategy], doings: Doings
) -> dict[FeedKey, list[Enlisted]]:
    """Bots by the feed they want. One whose strategy is gone fails alone."""
    groups: dict[FeedKey, list[Enlisted]] = {}
    for record in records:
        try:
            strategy = strategy_of(record.strategy)
        except KaratError as error:
            doings.fail(record.id, error)
            continue
        needs = tuple(need for need in strategy.needs if need != FUNDING)
        key = FeedKey(record.market, record.timeframe_ms, record.anchor_ts, needs)
        groups.setdefault(key, []).append((record, strategy))
    return groups
