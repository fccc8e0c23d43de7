"""The trading state from nothing but the log: what the events say is what the tables hold.

1. Orders: an `intent` event writes one down, each word about it is told to a register in the order of the log.
2. Exact books: the fills that the register books, and those by which two bots settled what was left over. Where a bot
   begins again, or holds nothing, what its fills made so far is the base of what follows, as it is at the desk: a late
   fill comes on top of it.
3. Facts (switches, what is nobody's, payments): each event that changes one carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.bots.desk.codec import event_of, fill_of, intent_of
from karat.core.ids import BotId, ClientOrderId
from karat.oms.accounts import Account, Terms
from karat.oms.records import EffectKind, Fill, Order
from karat.oms.register import Register
from karat.ports.cockpit import EventKind
from karat.ports.journal import BotRecord
from karat.ports.trading import LoggedEvent, TradingJournal

_BEGINS = frozenset({EventKind.STARTED.value, EventKind.RECOVERED.value})
_PLAIN = ("kill", "external", "opening")  # facts of the house that events carry; others are caches
_OF_BOTS = ("halt:", "paid:")


@dataclass(frozen=True, slots=True)
class TradingState:
    """Orders by name, exact books as (lots, cost, realised, fees), facts by name."""

    orders: Mapping[ClientOrderId, Order]
    accounts: Mapping[BotId, tuple[Any, ...]]
    facts: Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Fold:
    bots: Mapping[BotId, BotRecord]
    registers: dict[BotId, Register] = field(default_factory=dict[BotId, Register])
    accounts: dict[BotId, Account] = field(default_factory=dict[BotId, Account])
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def take(self, event: LoggedEvent) -> None:
        for name, value in event.payload.get("facts", {}).items():
            if value:
                self.facts[name] = value
            else:
                self.facts.pop(name, None)
        if event.bot is None:
            return
        if event.kind in _BEGINS and event.bot in self.accounts:
            account = self.accounts[event.bot]
            self.accounts[event.bot] = Account(account.terms, holding=account.holding, base=account.holding)
        elif event.kind == EventKind.INTENT.value:
            register, _ = self._register(event.bot).intend(intent_of(event.payload, event.bot).order)
            self.registers[event.bot] = register
        elif "event" in event.payload:
            self._word(event.bot, event.payload["event"])
        elif "settled" in event.payload:
            told = event.payload["settled"]
            self._book(event.bot, told["side"], fill_of(told["fill"]))

    def _word(self, bot: BotId, told: Mapping[str, Any]) -> None:
        register, effects = self._register(bot).take(event_of(told))
        self.registers[bot] = register
        for effect in effects:
            if effect.kind is EffectKind.BOOK and effect.fill is not None and effect.order is not None:
                self._book(bot, register.orders[effect.order].side, effect.fill)

    def _book(self, bot: BotId, side: int, fill: Fill) -> None:
        account = self.accounts.get(bot) or Account(Terms.of(self.bots[bot].instrument))
        self.accounts[bot] = account.book(side, fill).settled()

    def _register(self, bot: BotId) -> Register:
        return self.registers.get(bot, Register())


def folded(events: Iterable[LoggedEvent], bots: Mapping[BotId, BotRecord]) -> TradingState:
    """The state after `events`, all of them from the first on."""
    fold = _Fold(bots)
    for event in events:
        fold.take(event)
    orders = {name: order for register in fold.registers.values() for name, order in register.orders.items()}
    accounts = {bot: account.holding for bot, account in fold.accounts.items()}
    rows = {bot: (one.lots, one.cost, one.realised, dict(one.fees)) for bot, one in accounts.items()}
    return TradingState(orders, rows, fold.facts)


def stored(journal: TradingJournal) -> TradingState:
    """The same, as the tables have it."""
    orders = {record.order.id: record.order for bot in journal.bots() for record in journal.orders_of(bot.id)}
    rows = {one.bot: (one.lots, one.cost, one.realised, dict(one.fees)) for one in journal.accounts()}
    facts = {name: dict(value) for name, value in journal.facts().items() if _is_told(name)}
    return TradingState(orders, rows, facts)


def _is_told(name: str) -> bool:
    return name in _PLAIN or name.startswith(_OF_BOTS)
