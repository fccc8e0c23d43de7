"""What the desk asks of the journal. Satisfies the reading part of `karat.ports.trading.TradingJournal`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, or_, select

from karat.core.ids import BotId, ClientOrderId
from karat.journal.reading import Reader
from karat.journal.statements import columns_of
from karat.journal.tables import ACCOUNTS, BOTS, COMMANDS, EVENTS, FACTS, ORDER_FILLS, ORDERS, TRACES
from karat.journal.trading_codec import (
    ACCOUNT_COLUMNS,
    COMMAND_COLUMNS,
    READ_FILL,
    READ_ORDER,
    TRACE_COLUMNS,
    account_of,
    command_of,
    logged_of,
    orders_from,
    trace_of,
)
from karat.ports.commands import CommandAsked, CommandRecord
from karat.ports.trading import AccountRecord, Facts, LoggedEvent, OrderRecord, TradeTrace

_BOT = bindparam("of_bot")
_ORDERS = (  # with their fills in one question, so that both are of one moment
    select(BOTS.c.id, *columns_of(ORDERS, READ_ORDER), *columns_of(ORDER_FILLS, READ_FILL))
    .select_from(ORDERS.join(BOTS).outerjoin(ORDER_FILLS, ORDER_FILLS.c.order == ORDERS.c.id))
    .order_by(ORDERS.c.number, ORDER_FILLS.c.ts, ORDER_FILLS.c.number, ORDER_FILLS.c.id)
)
_OPEN_ORDERS = _ORDERS.where(ORDERS.c.is_over == literal_column("0"))  # written out: the index is of these alone
_ONE_ORDER = _ORDERS.where(ORDERS.c.id == bindparam("of_id"))
_ORDERS_OF_BOT = _ORDERS.where(ORDERS.c.bot == _BOT)
_NEXT_INTENT = select(func.coalesce(func.max(ORDERS.c.intent) + 1, 0)).where(ORDERS.c.bot == _BOT)
_ACCOUNTS = (
    select(BOTS.c.id, *columns_of(ACCOUNTS, ACCOUNT_COLUMNS[1:]))
    .select_from(ACCOUNTS.join(BOTS))
    .order_by(BOTS.c.number)
)
_FACTS = select(FACTS.c.name, FACTS.c.value).order_by(FACTS.c.name)
_ONE_FACT = select(FACTS.c.value).where(FACTS.c.name == bindparam("of_name"))
_COMMANDS = select(*columns_of(COMMANDS, COMMAND_COLUMNS))
_WAITING = _COMMANDS.where(COMMANDS.c.taken.is_(None)).order_by(COMMANDS.c.number)
_ONE_COMMAND = _COMMANDS.where(COMMANDS.c.id == bindparam("of_id"))
_NEWEST_COMMANDS = _COMMANDS.order_by(COMMANDS.c.number.desc()).limit(bindparam("rows_max"))
_FROM, _TO = bindparam("from_ts"), bindparam("to_ts")
_BEFORE = select(func.max(TRACES.c.ts)).where(TRACES.c.bot == _BOT, TRACES.c.ts < _FROM).scalar_subquery()
_TRACES = (
    select(*columns_of(TRACES, TRACE_COLUMNS[1:]))
    .where(TRACES.c.bot == _BOT, or_(and_(TRACES.c.ts >= _FROM, TRACES.c.ts < _TO), TRACES.c.ts == _BEFORE))
    .order_by(TRACES.c.bar)
)
_LOG = (
    select(
        BOTS.c.id, EVENTS.c.sequence, EVENTS.c.ts, EVENTS.c.bar_ts, EVENTS.c.kind, EVENTS.c.text, EVENTS.c.cause,
        EVENTS.c.payload,
    )
    .select_from(EVENTS.outerjoin(BOTS))
    .where(EVENTS.c.sequence > bindparam("after"))
    .order_by(EVENTS.c.sequence)
    .limit(bindparam("rows_max"))
)  # fmt: skip


class TradingReader(Reader):
    """Reads see what was committed, each question one moment of it."""

    def open_orders(self) -> tuple[OrderRecord, ...]:
        return orders_from(self._ask(_OPEN_ORDERS))

    def order(self, name: ClientOrderId) -> OrderRecord | None:
        found = orders_from(self._ask(_ONE_ORDER, of_id=name))
        return found[0] if found else None

    def orders_of(self, bot: BotId) -> tuple[OrderRecord, ...]:
        return orders_from(self._ask(_ORDERS_OF_BOT, of_bot=self.number_of(bot)))

    def next_intent(self, bot: BotId) -> int:
        return self._ask(_NEXT_INTENT, of_bot=self.number_of(bot))[0][0]

    def accounts(self) -> tuple[AccountRecord, ...]:
        return tuple(account_of(row) for row in self._ask(_ACCOUNTS))

    def facts(self) -> Facts:
        return {name: json.loads(value) for name, value in self._ask(_FACTS)}

    def fact(self, name: str) -> Mapping[str, Any]:
        found = self._ask(_ONE_FACT, of_name=name)
        return json.loads(found[0][0]) if found else {}

    def commands_waiting(self) -> tuple[CommandAsked, ...]:
        return tuple(command_of(row).asked for row in self._ask(_WAITING))

    def commands(self, limit: int) -> tuple[CommandRecord, ...]:
        return tuple(command_of(row) for row in self._ask(_NEWEST_COMMANDS, rows_max=limit))

    def command(self, name: str) -> CommandRecord | None:
        found = self._ask(_ONE_COMMAND, of_id=name)
        return command_of(found[0]) if found else None

    def traces(self, bot: BotId, from_ts: int, to_ts: int) -> tuple[TradeTrace, ...]:
        rows = self._ask(_TRACES, of_bot=self.number_of(bot), from_ts=from_ts, to_ts=to_ts)
        return tuple(trace_of(bot, row) for row in rows)

    def log(self, after: int, limit: int) -> tuple[LoggedEvent, ...]:
        return tuple(logged_of(row) for row in self._ask(_LOG, after=after, rows_max=limit))
