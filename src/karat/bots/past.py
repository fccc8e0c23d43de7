"""What the journal knows of all bots, read once when a desk begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from karat.core.ids import BotId
from karat.ports.trading import AccountRecord, Facts, OrderRecord, TradingJournal


@dataclass(slots=True)
class Past:
    """Orders that are not over and exact books per bot, and what stands under each name."""

    orders: dict[BotId, tuple[OrderRecord, ...]] = field(default_factory=dict[BotId, tuple[OrderRecord, ...]])
    accounts: dict[BotId, AccountRecord] = field(default_factory=dict[BotId, AccountRecord])
    facts: Facts = field(default_factory=dict[str, Mapping[str, object]])


def read_past(journal: TradingJournal) -> Past:
    """As the journal has it now."""
    past = Past(accounts={one.bot: one for one in journal.accounts()}, facts=journal.facts())
    for one in journal.open_orders():
        past.orders[one.bot] = (*past.orders.get(one.bot, ()), one)
    return past
