"""One transaction of the desk, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import bindparam, delete, update

from karat.core.ids import BotId
from karat.journal import lease
from karat.journal.batch import Batch, conflict
from karat.journal.statements import keeping
from karat.journal.tables import ACCOUNTS, BOT_STATE, BOTS, COMMANDS, FACTS, ORDER_FILLS, ORDERS, TRACES
from karat.journal.trading_codec import (
    ACCOUNT_COLUMNS,
    ASKED_COLUMNS,
    ORDER_COLUMNS,
    ORDER_FILL_COLUMNS,
    TRACE_COLUMNS,
    account_row,
    command_row,
    fact_text,
    order_fill_row,
    order_row,
    trace_row,
)
from karat.journal.writer import Writer
from karat.ports.commands import CommandAsked
from karat.ports.trading import Transaction

_KERNEL = update(BOT_STATE).values(kernel=bindparam("state")).where(BOT_STATE.c.bot == bindparam("of_bot"))
_STATE = (
    update(BOT_STATE)
    .values(state=bindparam("doing"), cause=bindparam("why"))
    .where(BOT_STATE.c.bot == bindparam("of_bot"))
)
_PARAMETERS = update(BOTS).values(parameters=bindparam("text")).where(BOTS.c.number == bindparam("of_bot"))
_TAKEN = (
    update(COMMANDS)
    .values(taken=bindparam("newest"), done=bindparam("was_done"), answer=bindparam("words"))
    .where(COMMANDS.c.id == bindparam("of_id"), COMMANDS.c.taken.is_(None))
)
_CLEAR = delete(FACTS).where(FACTS.c.name == bindparam("of_name"))


def add_transaction(writer: Writer, number_of: Callable[[BotId], int], given: Transaction) -> int:
    """The number of the newest event. Raises as `karat.ports.trading.TradingJournal.write` says."""
    batch = _batch(number_of, given)

    def check(token: int) -> None:
        if token != given.token or token < 1:
            raise lease.lost()

    def work() -> int:
        token, newest = writer.count(batch)
        check(token)
        writer.put_intents(batch)
        for one in given.booked:
            if writer.change(_KERNEL, of_bot=number_of(one.bot), state=one.kernel) != 1:
                raise conflict(one.bot, "the state")
        writer.put_steps(batch)
        writer.put_fills(batch)
        if given.orders or given.accounts or given.facts or given.states or given.parameters or given.traces:
            _put_desk(writer, number_of, given)
        for one in given.taken:
            writer.change(_TAKEN, of_id=one.id, newest=newest, was_done=int(one.done), words=one.answer)
        return newest

    return writer.once(given, work, lambda: check(writer.token()))


def add_command(writer: Writer, command: CommandAsked) -> None:
    """Leave a command; one of that id which is there stays as it is."""
    with writer.transaction():
        writer.many(keeping(writer.kind, COMMANDS, ASKED_COLUMNS, ("id",)), [command_row(command)])


def _batch(number_of: Callable[[BotId], int], given: Transaction) -> Batch:
    """What is told of bars comes before what is told besides."""
    batch = Batch(number_of)
    for bot in dict.fromkeys(intent.bot for intent in given.intents):
        batch.add_intents(number_of(bot), [intent for intent in given.intents if intent.bot == bot])
    for one in given.booked:
        number = number_of(one.bot)
        batch.add_fills(number, one.fills, one.trades)
        batch.marked[number] = (given.at_ms, None)
    for entry in given.bars:
        batch.add_bars(entry)
    for event in given.events:
        number = None if event.bot is None else number_of(event.bot)
        batch.tell(number, event.bar_ts, event.happening, given.at_ms, event.cause)
    return batch


def _put_desk(writer: Writer, number_of: Callable[[BotId], int], given: Transaction) -> None:
    """Orders, exact books, facts, states and traces. Fills of orders that are there already stay as they are."""
    orders = [order_row(number_of(one.bot), one) for one in given.orders]
    writer.replace(ORDERS, ORDER_COLUMNS, ("id",), orders)
    fills = [order_fill_row(one.order.id, fill) for one in given.orders for fill in one.order.fills]
    if fills:
        writer.many(keeping(writer.kind, ORDER_FILLS, ORDER_FILL_COLUMNS, ("order", "id")), fills)
    accounts = [account_row(number_of(one.bot), one) for one in given.accounts]
    writer.replace(ACCOUNTS, ACCOUNT_COLUMNS, ("bot",), accounts)
    facts = [(name, fact_text(value)) for name, value in given.facts.items() if value]
    writer.replace(FACTS, ("name", "value"), ("name",), facts)
    for name, value in given.facts.items():
        if not value:
            writer.change(_CLEAR, of_name=name)
    for state in given.states:
        writer.change(_STATE, of_bot=number_of(state.bot), doing=state.state.value, why=state.cause)
    for bot, values in given.parameters.items():
        writer.change(_PARAMETERS, of_bot=number_of(bot), text=json.dumps(dict(values), allow_nan=False))
    traces = [trace_row(number_of(one.bot), one) for one in given.traces]
    writer.replace(TRACES, TRACE_COLUMNS, ("bot", "bar"), traces)
