"""What the journal knows of the bots to be run, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.core.ids import BotId
from karat.ports.trading import AccountRecord, Facts, OrderRecord, TradingJournal


@dataclass(slots=True)
class Past:
    """Orders that are not over, exact books, and what stands under each name."""

    orders: dict[BotId, tuple[OrderRecord, ...]] = field(default_factory=dict[BotId, tuple[OrderRecord, ...]])
    accounts: dict[BotId, AccountRecord] = field(default_factory=dict[BotId, AccountRecord])
    facts: Facts = field(default_factory=dict[str, Mapping[str, Any]])

    @classmethod
    def of(cls, journal: TradingJournal) -> Past:
        """As the journal has it now."""
        past = cls(accounts={one.bot: one for one in journal.accounts()}, facts=journal.facts())
        for one in journal.open_orders():
            past.orders[one.bot] = (*past.orders.get(one.bot, ()), one)
        return past
