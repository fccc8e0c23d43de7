"""A journal of lists and dictionaries, only for trying the storm itself: the desk runs on the production journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.core.errors import NeedsOperator, RetryLater
from karat.core.ids import BotId, ClientOrderId
from karat.ports.commands import CommandAsked
from karat.ports.journal import BotRecord
from karat.ports.trading import AccountRecord, LoggedEvent, OrderRecord, TradeTrace, Transaction


class MemoryJournal:
    """The part of `karat.ports.trading.TradingJournal` that the stand-in and the storm use."""

    origin = 7

    def __init__(self, bots: tuple[BotRecord, ...]) -> None:
        self._bots = bots
        self._orders: dict[ClientOrderId, OrderRecord] = {}
        self._accounts: dict[BotId, AccountRecord] = {}
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._traces: list[TradeTrace] = []
        self._log: list[LoggedEvent] = []
        self._commands: dict[str, CommandAsked] = {}
        self._token, self._holder, self._until_ms = 0, "", 0

    def bots(self) -> tuple[BotRecord, ...]:
        return self._bots

    def number_of(self, bot: BotId) -> int:
        return [record.id for record in self._bots].index(bot) + 1

    def take_lease(self, holder: str, now_ms: int, lasts_ms: int) -> int:
        if now_ms < self._until_ms and holder != self._holder:
            raise RetryLater("lease_held", f"{self._holder} holds the lease.")
        self._token, self._holder, self._until_ms = self._token + 1, holder, now_ms + lasts_ms
        return self._token

    def renew_lease(self, token: int, now_ms: int, lasts_ms: int) -> None:
        self._held(token)
        self._until_ms = now_ms + lasts_ms

    def release_lease(self, token: int) -> None:
        if token == self._token:
            self._until_ms = 0

    def write(self, transaction: Transaction) -> int:
        self._held(transaction.token)
        self._orders |= {record.order.id: record for record in transaction.orders}
        self._accounts |= {account.bot: account for account in transaction.accounts}
        self._facts |= transaction.facts
        self._traces += transaction.traces
        for taken in transaction.taken:
            self._commands.pop(taken.id, None)
        for event in transaction.events:
            told, number = event.happening, len(self._log) + 1
            kind = told.kind.value
            self._log.append(
                LoggedEvent(
                    number, transaction.at_ms, event.bot, event.bar_ts, kind, told.text, event.cause, told.payload
                )
            )
        return len(self._log)

    def open_orders(self) -> tuple[OrderRecord, ...]:
        return tuple(record for record in self._orders.values() if not record.order.is_over)

    def orders_of(self, bot: BotId) -> tuple[OrderRecord, ...]:
        return tuple(record for record in self._orders.values() if record.bot == bot)

    def accounts(self) -> tuple[AccountRecord, ...]:
        return tuple(self._accounts.values())

    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._facts)

    def ask(self, command: CommandAsked) -> None:
        self._commands.setdefault(command.id, command)

    def commands_waiting(self) -> tuple[CommandAsked, ...]:
        return tuple(self._commands.values())

    def traces(self, bot: BotId, from_ts: int, to_ts: int) -> tuple[TradeTrace, ...]:
        mine = [trace for trace in self._traces if trace.bot == bot and trace.ts < to_ts]
        inside = [trace for trace in mine if trace.ts >= from_ts]
        before = [trace for trace in mine if trace.ts < from_ts][-1:]
        return (*before, *inside)

    def log(self, after: int, limit: int) -> tuple[LoggedEvent, ...]:
        return tuple(self._log[after : after + limit])

    def _held(self, token: int) -> None:
        if token != self._token:
            raise NeedsOperator("lease_lost", "Another process has the lease.")
