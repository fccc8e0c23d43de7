"""What one bot's book adds to the picture that risk is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

from karat.bots.desk.book import Book
from karat.core.ids import MarketId
from karat.core.model.instrument import Kind
from karat.kernel.booking import protection
from karat.kernel.state import State
from karat.oms.client_ids import Part
from karat.oms.records import Order, Status
from karat.ports.trading import Opening
from karat.risk import InFlight


@dataclass(frozen=True, slots=True)
class Share:
    """One bot: what it holds (signed lots, its stop), the margin that takes in quote units, what may still fill, and
    its equity now and when the day began, in its own currency. `positions` counts entries, held or on their way."""

    currency: str
    strategy: str
    market: MarketId
    inverse: bool
    lots: int
    stop_ticks: int | None
    margin: float
    positions: int
    equity: float
    equity_day_start: float
    flying: tuple[InFlight, ...]


def share_of(book: Book, state: State, mark: float | None) -> Share:
    """The share of a book in `state`; `mark` is the price by which a stop of a market order is reckoned."""
    record, holding, levels = book.record, state.holding, state.levels
    flying = tuple(in_flight(book, order, mark) for order in book.live_of(Part.ENTRY, Part.LIMIT))
    size = record.instrument.lot * record.instrument.contract_size
    inverse = record.instrument.kind == Kind.INVERSE
    price = 1.0 if inverse else holding.average
    margin = holding.lots * size * price / max(holding.leverage, 1.0) if holding.side else 0.0
    return Share(
        currency=record.currency,
        strategy=record.strategy,
        market=record.market,
        inverse=inverse,
        lots=holding.side * holding.lots,
        stop_ticks=levels.stop if holding.side and levels.has_stop else None,
        margin=margin,
        positions=(1 + state.trade.adds if holding.side else 0) + len(flying),
        equity=state.marks.equity,
        equity_day_start=state.marks.day_reference,
        flying=flying,
    )


def in_flight(book: Book, order: Order, mark: float | None) -> InFlight:
    """An entry that may still fill, with all of it that is not booked."""
    note, record = book.notes[order.id], book.record
    opening = note.opening
    return InFlight(
        bot=record.id,
        strategy=record.strategy,
        market=record.market,
        side=order.side,
        lots=order.reserved_lots,
        signal_key=signal_key(book, note.decision_ts, Part.LIMIT if note.post_only else Part.ENTRY),
        limit_ticks=order.limit_ticks,
        stop_ticks=None if opening is None else stop_of(book, order.side, order.limit_ticks, opening, mark),
        leverage=1.0 if opening is None else opening.leverage,
        unresolved=order.status is Status.UNKNOWN,
    )


def signal_key(book: Book, decision_ts: int, part: Part) -> str:
    """The name of one part of one decision, for ever."""
    return f"{book.record.id}@{decision_ts}/{part.name.lower()}"


def stop_of(book: Book, side: int, limit_ticks: int | None, opening: Opening, mark: float | None) -> int | None:
    """Where the stop of an entry would stand, in ticks: from its limit, else from `mark`. None: it has none, or nobody
    knows the price."""
    rules = book.kind.rules
    price = mark if limit_ticks is None else limit_ticks * rules.tick
    if price is None or not price > 0.0:
        return None
    distance = math.nan if opening.stop_distance is None else opening.stop_distance
    levels = protection(rules, side, price, distance, math.nan)
    return int(levels.stop) if levels.has_stop else None
