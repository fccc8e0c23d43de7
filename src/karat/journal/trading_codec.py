"""What the desk adds to the journal, to columns and back. Decimals are text, what only code reads is JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.core.model.reasons import Reason
from karat.journal.codec import Row, encoded
from karat.journal.tables import ACCOUNTS, COMMANDS, EVENTS, ORDER_FILLS, ORDERS, TRACES
from karat.oms.client_ids import order_key
from karat.oms.records import Fill, Order, Status
from karat.ports.commands import CommandAsked, CommandRecord
from karat.ports.trading import AccountRecord, LoggedEvent, Opening, OrderRecord, TradeTrace
from karat.ports.venue import Timing

ORDER_COLUMNS = tuple(name for name in ORDERS.c.keys() if name != "number")  # noqa: SIM118
ORDER_FILL_COLUMNS = tuple(ORDER_FILLS.c.keys())
ACCOUNT_COLUMNS = tuple(ACCOUNTS.c.keys())
TRACE_COLUMNS = tuple(TRACES.c.keys())
EVENT_ROW = tuple(EVENTS.c.keys())
COMMAND_COLUMNS = tuple(name for name in COMMANDS.c.keys() if name != "number")  # noqa: SIM118
ASKED_COLUMNS = COMMAND_COLUMNS[:5]

_ORDER_FIELDS = frozenset(spec.name for spec in fields(Order)) - {"fills"}
_FLAGS = frozenset({"id_is_unique", "reduce_only", "given_up", "alive", "post_only"})
_MADE = ("bot", "intent", "opening", "timing", "is_over")
_FROM_ORDER = tuple(name for name in ORDER_COLUMNS if name in _ORDER_FIELDS and name not in _MADE)
_FROM_RECORD = tuple(name for name in ORDER_COLUMNS if name not in _ORDER_FIELDS and name not in _MADE)
_OF_ORDER, _OF_RECORD = attrgetter(*_FROM_ORDER), attrgetter(*_FROM_RECORD)
_PLACES = tuple((*_FROM_ORDER, *_FROM_RECORD, *_MADE).index(name) for name in ORDER_COLUMNS)
_OPENING, _TIMING = (tuple(spec.name for spec in fields(kind)) for kind in (Opening, Timing))
READ_ORDER = tuple(name for name in ORDER_COLUMNS if name not in ("bot", "intent", "is_over"))
READ_FILL = ORDER_FILL_COLUMNS[1:]


def order_row(number: int, record: OrderRecord) -> Row:
    """In the order of ORDER_COLUMNS. `number` is that of its bot."""
    key = order_key(record.order.id)
    others = {
        "bot": number,
        "intent": None if key is None else key.intent,
        "opening": _json_or_none(record.opening),
        "timing": _json_or_none(record.timing),
        "is_over": record.order.is_over,
    }
    given = (*_OF_ORDER(record.order), *_OF_RECORD(record), *others.values())
    return tuple([_cell(given[place]) for place in _PLACES])


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.value if isinstance(value, Enum) else value


def _json_or_none(value: Opening | Timing | None) -> str | None:
    return None if value is None else encoded(_plain(value))


def _plain(value: Opening | Timing) -> dict[str, Any]:
    """As `asdict`, which copies every value and takes ten times as long."""
    names = _OPENING if isinstance(value, Opening) else _TIMING
    return {name: getattr(value, name) for name in names}


def order_fill_row(order: ClientOrderId, fill: Fill) -> Row:
    """In the order of ORDER_FILL_COLUMNS."""
    return (order, fill.id, fill.ts, fill.number, fill.lots, str(fill.price), str(fill.fee), fill.fee_currency)


def orders_from(rows: Iterable[Row]) -> tuple[OrderRecord, ...]:
    """From (bot id, *READ_ORDER, *READ_FILL) of every fill, those of one order together and in the venue's order; the
    fill is None in all columns where an order has none."""
    found: dict[str, tuple[Row, list[Fill]]] = {}
    width = len(READ_ORDER)
    for bot, *cells in rows:
        _, fills = found.setdefault(cells[0], ((bot, *cells[:width]), []))
        if cells[width] is not None:
            fills.append(_order_fill(cells[width:]))
    return tuple(_order(bot, cells, tuple(fills)) for (bot, *cells), fills in found.values())


def _order(bot: str, cells: list[Any], fills: tuple[Fill, ...]) -> OrderRecord:
    given = {
        name: bool(cell) if name in _FLAGS else cell for name, cell in zip(READ_ORDER, cells, strict=True)
    }  # fmt: skip
    given["id"] = ClientOrderId(given["id"])
    given["market"] = MarketId(given["market"])
    given["status"] = Status(given["status"])
    given["reason"] = Reason(given["reason"])
    given["parent"] = None if given["parent"] is None else ClientOrderId(given["parent"])
    given["opening"] = None if given["opening"] is None else Opening(**json.loads(given["opening"]))
    given["timing"] = None if given["timing"] is None else Timing(**json.loads(given["timing"]))
    order = Order(fills=fills, **{name: value for name, value in given.items() if name in _ORDER_FIELDS})
    return OrderRecord(order, BotId(bot), **{name: value for name, value in given.items() if name not in _ORDER_FIELDS})


def _order_fill(cells: list[Any]) -> Fill:
    given = dict(zip(READ_FILL, cells, strict=True))
    return Fill(**{**given, "price": Decimal(given["price"]), "fee": Decimal(given["fee"])})


def account_row(number: int, account: AccountRecord) -> Row:
    """In the order of ACCOUNT_COLUMNS."""
    fees = encoded({currency: str(paid) for currency, paid in account.fees.items()})
    return (number, account.market, account.lots, str(account.cost), str(account.realised), fees)


def account_of(row: Row) -> AccountRecord:
    """From (bot id, *ACCOUNT_COLUMNS without bot)."""
    bot, market, lots, cost, realised, fees = row
    paid = {currency: Decimal(text) for currency, text in json.loads(fees).items()}
    return AccountRecord(BotId(bot), MarketId(market), lots, Decimal(cost), Decimal(realised), paid)


def trace_row(number: int, trace: TradeTrace) -> Row:
    """In the order of TRACE_COLUMNS."""
    chain = encoded([dict(gate) for gate in trace.chain])
    return (number, trace.bar, trace.ts, trace.first, trace.reason, chain)


def trace_of(bot: BotId, row: Row) -> TradeTrace:
    """From TRACE_COLUMNS without bot."""
    bar, ts, first, reason, chain = row
    return TradeTrace(bot, bar, ts, first, reason, tuple(json.loads(chain)))


def logged_of(row: Row) -> LoggedEvent:
    """From (bot id or None, sequence, ts, bar_ts, kind, text, cause, payload)."""
    bot, sequence, ts, bar_ts, kind, text, cause, payload = row
    return LoggedEvent(
        sequence, ts, None if bot is None else BotId(bot), bar_ts, kind, text, cause, json.loads(payload)
    )


def command_row(command: CommandAsked) -> Row:
    """In the order of ASKED_COLUMNS."""
    payload = encoded(dict(command.payload))
    return (command.id, command.at_ms, command.who, command.kind, payload)


def command_of(row: Row) -> CommandRecord:
    """From COMMAND_COLUMNS."""
    name, at_ms, who, kind, payload, taken, done, answer = row
    return CommandRecord(CommandAsked(name, at_ms, who, kind, json.loads(payload)), taken, bool(done), answer or "")


def fact_text(value: Mapping[str, Any]) -> str:
    return encoded(dict(value))
