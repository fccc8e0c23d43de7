"""Take a bot up where the journal left it. Starting and recovering are this one path.

1. The strategy must be the one the bot was created with, by the hash of its code, and its parameters must still resolve
   to the same values.
2. The candles of the bars done must be those it saw: times and closes are compared with the journal's marks.
3. State, orders that are not over, the exact book, fills of the open trade and the last refusal are read back; the bot
   goes on at the next bar.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from decimal import Decimal

import numpy as np

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.filling import Kind
from karat.core.errors import NeedsOperator
from karat.core.model.candles import Candles
from karat.core.time import iso
from karat.kernel.columns import policy_row, rules_of
from karat.kernel.features import EVERY_FEATURE
from karat.kernel.state import fresh_state, state_from_bytes
from karat.oms.accounts import Account, Holding, Terms
from karat.oms.register import Register
from karat.ports.journal import BotRecord, FillRecord, JournalReader
from karat.ports.trading import AccountRecord, Facts, OrderRecord
from karat.strategies import Strategy, Values, code_hash, resolve


def checked_values(record: BotRecord, strategy: Strategy) -> Values:
    """The bot's parameters. Raises NeedsOperator `strategy_changed`."""
    if code_hash(strategy) != record.code_hash:
        raise NeedsOperator(
            "strategy_changed",
            f"The code of {record.strategy} has changed since the bot '{record.name}' was created.",
            "Put the old code back, or create a new bot.",
        )
    return resolve(strategy, record.parameters)


def check_history(journal: JournalReader, record: BotRecord, candles: Candles) -> None:
    """Raises NeedsOperator `history_changed` where `candles` are not those that the bot has seen."""
    marks = journal.marks(record.id)
    same = np.array_equal(marks.ts, candles.ts) and np.array_equal(marks.close, candles.close)
    if same:
        return
    shorter = min(len(marks.ts), len(candles))
    differs = (marks.ts[:shorter] != candles.ts[:shorter]) | (marks.close[:shorter] != candles.close[:shorter])
    first = int(marks.ts[int(np.argmax(differs))]) if differs.any() else record.anchor_ts
    raise NeedsOperator(
        "history_changed",
        f"The candles of {record.market} are not those '{record.name}' has seen: they differ from {iso(first)} on.",
        "Import the same data again, or create a new bot.",
    )


def recovered_book(
    desk: Desk, record: BotRecord, orders: tuple[OrderRecord, ...], account: AccountRecord | None, facts: Facts
) -> Book:
    """The book of a bot as the journal has it: `orders` are those of it that are not over, `facts` the journal's."""
    journal = desk.journal
    status = journal.status(record.id)
    kind = Kind(rules_of(policy_row(record.policy, record.instrument, targets=False)), EVERY_FEATURE)
    fills = journal.fills(record.id)
    book = Book(
        record=record,
        origin=journal.origin,
        number=journal.number_of(record.id),
        kind=kind,
        traits=desk.venue.traits,
        gathered=desk.gathered,
        kernel=state_from_bytes(status.kernel) if status.kernel else fresh_state(kind.rules),
        now_ms=desk.now_ms,
        halt=lambda code, reason: desk.halt_market(record.market, code, reason),
        account=_account(record, account),
        register=_register(orders),
        notes={one.order.id: _dated(one, desk.now_ms()) for one in orders},
        next_intent=journal.next_intent(record.id),
        fills=len(fills),
        trades=fills[-1].trade + 1 if fills else 0,
        last_fill=fills[-1] if fills else None,
        open_fills=_open_fills(fills),
        began_ms=desk.now_ms(),
        charges=deque(facts.get(f"charges:{record.id}", {}).get("ids", ()), maxlen=8),
        paid={name: Decimal(amount) for name, amount in facts.get(f"paid:{record.id}", {}).items()},
    )
    book.end_decision()
    return book


def _dated(record: OrderRecord, now_ms: int) -> OrderRecord:
    """An order with times by the clock of this life. That of the life before may have been wrong either way, so what
    may still be under way counts as sent now: its absence is proved later, never too early."""
    times = (record.sent_ms, record.cancel_ms)
    sent_ms, cancel_ms = (None if at is None else now_ms for at in times)
    return replace(record, sent_ms=sent_ms, cancel_ms=cancel_ms)


def _account(record: BotRecord, kept: AccountRecord | None) -> Account:
    terms = Terms.of(record.instrument)
    if kept is None:
        return Account(terms)
    holding = Holding(kept.lots, kept.cost, kept.realised, dict(kept.fees))
    return Account(terms, holding=holding, base=holding)


def _register(orders: tuple[OrderRecord, ...]) -> Register:
    register = Register()
    for one in orders:
        register, refused = register.intend(one.order)
        assert not refused, f"{one.order.id} cannot be read back: {refused}"
    return register


def _open_fills(fills: tuple[FillRecord, ...]) -> list[FillRecord]:
    """The fills of the trade that is not closed yet."""
    if not fills or fills[-1].position_before + fills[-1].side * fills[-1].lots == 0:
        return []
    return [fill for fill in fills if fill.trade == fills[-1].trade]
