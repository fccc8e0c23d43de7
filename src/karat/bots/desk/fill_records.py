"""Fills into the book of a bot: exactly, into the kernel's records, and as the journal keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karat.bots.desk.filling import Booking, Deal, booked
from karat.bots.fills import closed_trade
from karat.bots.telling import fill_told, trade_told
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part, part_of
from karat.oms.records import Fill, Order
from karat.ports.cockpit import EventKind
from karat.ports.journal import FillRecord
from karat.ports.trading import Booked, OrderRecord
from karat.ports.venue import Priced

if TYPE_CHECKING:
    from karat.bots.desk.book import Book


def book_fill(book: Book, order: Order, fill: Fill, priced: Priced | None) -> None:
    """Book one fill: exactly, and into the kernel's records."""
    record, part = book.notes[order.id], part_of(order.id)
    book.account = book.account.book(order.side, fill).settled()
    book.gathered.accounts[book.record.id] = book.account_record()
    deal = Deal(
        part, order.side, fill.lots, float(fill.price), fee_in_own_money(book, fill), book.kernel.bar, fill.ts,
        _reason(book, part, record), _decision_bar(book, part, record), _level(part, order), record.opening, priced,
        first=order.filled_lots == fill.lots, last=order.filled_lots >= order.lots,
    )  # fmt: skip
    book_deal(book, deal, record.parent or order.id)


def book_deal(book: Book, deal: Deal, order: ClientOrderId) -> None:
    """Book a fill into the kernel's records and keep the record of it. `order` is the decision it goes back to."""
    after, parts = booked(book.kind, book.kernel, deal)
    made = tuple(_fill_record(book, part, deal, order) for part in parts)
    trades = []
    for fill in made:
        book.last_fill = fill
        book.open_fills.append(fill)
        if fill.position_before + fill.side * fill.lots == 0:
            trades.append(closed_trade(book.open_fills, book.record.instrument))
            book.open_fills.clear()
    book.keep_kernel(after)
    gathered, bot = book.gathered, book.record.id
    gathered.booked.append(Booked(bot, gathered.kernels[bot], made, tuple(trades)))
    for fill in made:
        told = fill_told(fill, book.record.instrument)
        gathered.tell(bot, told.kind, told.text, told.payload, order, fill.ts)
    for trade in trades:
        if book.onlooker is not None:
            book.onlooker.trade_closed(trade.pnl)
        told = trade_told(trade, book.record.currency)
        gathered.tell(bot, told.kind, told.text, told.payload, order, deal.ts)


def _fill_record(book: Book, part: Booking, deal: Deal, order: ClientOrderId) -> FillRecord:
    if part.position_before == 0:
        book.trades += 1
    book.fills += 1
    return FillRecord(
        bot=book.record.id, number=book.fills - 1, ts=deal.ts, bar=deal.bar, side=deal.side, lots=part.lots,
        reason=part.reason, decision_bar=part.decision_bar, level_ticks=deal.level_ticks,
        position_before=part.position_before, trade=book.trades - 1, raw_price=part.raw_price, price=deal.price,
        fee=part.fee, spread_cost=part.spread_cost, slippage_cost=part.slippage_cost,
        equity_before=part.equity_before, gain=part.gain, trade_funding=part.trade_funding,
        trade_borrow=part.trade_borrow, stop_ticks=part.stop_ticks, order=order,
    )  # fmt: skip


def fee_in_own_money(book: Book, fill: Fill) -> float:
    """The fee in the bot's currency: as it is, or, paid in the base of the market, at the fill's price. In a third
    currency it is only in the exact book, and an alarm says so."""
    instrument = book.record.instrument
    if fill.fee_currency == book.record.currency or not fill.fee:
        return float(fill.fee)
    if fill.fee_currency == instrument.base:
        return float(fill.fee * fill.price)
    text = f"A fee was paid in {fill.fee_currency}; it is not in the equity of this bot."
    book.gathered.tell(book.record.id, EventKind.ALARM, text, {"alarm": "fee_currency"}, "venue")
    return 0.0


def _reason(book: Book, part: Part, record: OrderRecord) -> Reason:
    if part is Part.STOP:
        return Reason.TRAIL if book.kernel.levels.trailed else Reason.STOP
    return Reason.TAKE if part is Part.TAKE else record.reason


def _decision_bar(book: Book, part: Part, record: OrderRecord) -> int:
    protects = part in (Part.STOP, Part.TAKE)
    return book.kernel.trade.decision_bar if protects else record.decision_bar


def _level(part: Part, order: Order) -> int | None:
    return order.trigger_ticks if part is Part.STOP else order.limit_ticks
