"""Orders, books and transactions of a desk to write into a journal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.unit.journal.entries import ANCHOR, MARKET

from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.records import Fill, Order, Status
from karat.ports.cockpit import BotState
from karat.ports.events import EventKind
from karat.ports.journal import BarEntry, Happening
from karat.ports.journal_columns import QuietBars
from karat.ports.trading import (
    AccountRecord,
    NewEvent,
    Opening,
    OrderRecord,
    StateChange,
    TradeTrace,
    TradingJournal,
    Transaction,
)
from karat.ports.venue import Timing

ADA = BotId("ada")
NOW_MS = 1_800_000_000_000
OPENING = Opening(0.1 + 0.2, None, 3.0, 0.5, 2, is_add=True)


def order_name(intent: int, *, bot: int = 1, attempt: int = 0) -> ClientOrderId:
    return client_order_id(OrderKey(origin=5, bot=bot, intent=intent, part=Part.ENTRY, attempt=attempt))


def order_fill(number: int, *, ts: int = NOW_MS, lots: int = 1, price: str = "100.10") -> Fill:
    return Fill(f"f{number}", ts, number, lots, Decimal(price), Decimal("-0.000000000000000001"), "USDT")


def order_record(intent: int = 0, *fills: Fill, bot: str = "ada", **changed: Any) -> OrderRecord:
    order = Order(
        order_name(intent), MARKET, side=1, lots=3, arrival_ms_max=5_000, id_is_unique=True, limit_ticks=1_000,
        status=Status.SENT, sends=1, fills=fills,
    )  # fmt: skip
    return OrderRecord(replace(order, **changed), BotId(bot), 0, ANCHOR, Reason.ENTRY)


def full_record() -> OrderRecord:
    """With something in every field."""
    order = Order(
        order_name(7), MARKET, side=-1, lots=2**40, arrival_ms_max=1, id_is_unique=False, limit_ticks=5,
        trigger_ticks=-6, reduce_only=True, status=Status.CANCELLED, venue_id="v-1",
        fills=(order_fill(1), order_fill(2)), reported_lots=2, sends=3, cancels=4, cancels_refused=1, absent_ms=9,
        given_up=True, alive=True,
    )  # fmt: skip
    return OrderRecord(
        order, ADA, 3, ANCHOR + 3, Reason.STOP, parent=order_name(6), opening=OPENING,
        post_only=True, timing=Timing(4, 9, 7, 2.5, is_add=True), sent_ms=NOW_MS, cancel_ms=NOW_MS + 1,
    )  # fmt: skip


def account(lots: int = 3) -> AccountRecord:
    fees = {"USDT": Decimal("0.300"), "BNB": Decimal("-1E-18")}
    return AccountRecord(ADA, MARKET, lots, Decimal("300.30"), Decimal("-0.10"), fees)


def trace(bar: int, reason: str = "cooldown") -> TradeTrace:
    return TradeTrace(ADA, bar, ANCHOR + 10 * bar, reason, reason, ({"gate": "cooldown", "said": "no", "left": 2},))


def event(kind: EventKind, text: str = "", bot: BotId | None = ADA, cause: str = "clock") -> NewEvent:
    return NewEvent(bot, ANCHOR, Happening(kind, text, {"price": 100.1}), cause)


def transaction(token: int, **changed: Any) -> Transaction:
    return Transaction(token=token, at_ms=NOW_MS, **changed)


def write_step(journal: TradingJournal, **changed: Any) -> None:
    """One step of a desk that runs for no longer than this."""
    token = journal.take_lease("a step", NOW_MS, 1_000)
    try:
        journal.write(transaction(token, **changed))
    finally:
        journal.release_lease(token)


def write_bars(journal: TradingJournal, *bars: BarEntry | QuietBars) -> None:
    """Bars, all of them or none."""
    write_step(journal, bars=bars)


def set_state(journal: TradingJournal, bot: BotId, state: BotState, happening: Happening) -> None:
    """What a bot does from now on, and what is told of it."""
    write_step(journal, states=(StateChange(bot, state, ""),), events=(NewEvent(bot, None, happening, "a test"),))
