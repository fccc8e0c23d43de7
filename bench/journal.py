"""The journal as a desk writes it: transactions of many events with the orders they are about, on both stores.

PostgreSQL is a server of its own in a temporary folder, whose commits wait for the disk; it is left out where it is not
installed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.postgres_server import PostgresServer, find_programs

from bench.clocks import wall
from bench.market import simple_policy, year
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.core.model.reasons import Reason
from karat.journal import open_journal
from karat.journal.store import SqlJournal
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.records import Order, Status
from karat.ports.cockpit import Mode
from karat.ports.events import EventKind
from karat.ports.journal import BotRecord, Happening
from karat.ports.trading import NewEvent, OrderRecord, Transaction
from karat.strategies import find_strategy

EVENTS = 50
ORDERS = 10
KINDS = (EventKind.SIGNAL, EventKind.INTENT, EventKind.SENT, EventKind.ACKNOWLEDGED, EventKind.FILLED)
TARGET_EVENTS_PER_SECOND = 5_000.0
START_MS = 1_800_000_000_000


def journal(quick: bool) -> list[Row]:
    """Events per second, each in a transaction with 49 others and the orders they are about."""
    steps = 100 if quick else 1_000
    note = f"{steps:,} transactions of {EVENTS} events and {ORDERS} orders"
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
        speed = _speed(lambda: open_journal(Path(folder)), steps)
    rows = [Row("journal, SQLite", speed, "events/s", TARGET_EVENTS_PER_SECOND, at_most=False, note=note)]
    programs = find_programs()
    if programs is not None:
        with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
            server = PostgresServer(programs, Path(folder), durable=True)
            server.start()
            try:
                speed = _speed(lambda: open_journal(url=server.new_database()), steps)
            finally:
                server.stop()
        rows.append(Row("journal, PostgreSQL", speed, "events/s", at_most=False, note=note))
    return rows


def _speed(opens: Callable[[], SqlJournal], steps: int) -> float:
    world = year()
    with closing(opens()) as opened:
        found = find_strategy("buy_and_hold")
        candles = world.candles[:200]
        record = new_bot("bench", found, {}, simple_policy(), world.instrument, candles, None, Mode.SIMULATED, 0)
        opened.create_bot(record)
        token = opened.take_lease("bench", START_MS, 10**9)
        given = [_transaction(record, token, step) for step in range(steps)]
        opened.write(_transaction(record, token, steps))  # whatever is done once
        seconds = wall(lambda: [opened.write(one) for one in given])
        assert opened.log(0, 1) and len(opened.orders_of(record.id)) == (steps + 1) * ORDERS
    return steps * EVENTS / seconds


def _transaction(bot: BotRecord, token: int, step: int) -> Transaction:
    orders = tuple(_order(bot, step * ORDERS + place) for place in range(ORDERS))
    events = tuple(
        NewEvent(bot.id, START_MS, Happening(KINDS[place % len(KINDS)], "", {"lots": place, "price": 100.1}), "clock")
        for place in range(EVENTS)
    )
    return Transaction(token, START_MS + step, orders=orders, events=events)


def _order(bot: BotRecord, intent: int) -> OrderRecord:
    name = client_order_id(OrderKey(0, 1, intent, Part.ENTRY))
    status = Status.FILLED if intent % 2 else Status.SENT
    order = Order(name, bot.market, 1, 3, 5_000, id_is_unique=True, status=status, sends=1)
    return OrderRecord(order, bot.id, intent, START_MS, Reason.ENTRY)
