"""The picture that risk is shown: all books of one currency, the market, the house. Kept up by what has changed.

1. Every book says when it changed (`Desk.touched`); only its share is made anew. Other bots stand in the picture as
   sums per strategy, market and side, which are whole lots; the asking bot stands in it alone, with its own stop.
2. At a venue that simulates, now is the close of the bar that is decided, and a quote that was made from a candle is
   as good until its next candle is due: markets that close together are taken in one after the other. Elsewhere now
   is the clock of the desk.
3. What nobody can tell is None: at a venue that does not simulate, the leverage it has set, its largest order and
   whether it takes entries, until its adapter says so (`Condition.terms`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from karat.bots.desk.book import Book
from karat.bots.desk.purse import Purse
from karat.bots.desk.shares import Share, share_of
from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS
from karat.kernel.state import State
from karat.ports.trading import Facts
from karat.risk import AccountView, BotView, Holding, InFlight, MarketView

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk

Cell = tuple[str, MarketId, int]  # strategy, market, side
LOTS_UNBOUNDED = 10**15  # what a simulated venue takes at most: the largest figure that a rule reads


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all bots of one currency: what may still fill, the margin of what is held, the kinds of market, and by
    strategy how many bots there are, their equity now and when the day began."""

    flying: tuple[InFlight, ...]
    margin: float
    inverse: set[bool]
    by_strategy: Mapping[str, tuple[int, float, float]]


def _sums_of(shares: list[Share]) -> Sums:
    of: dict[str, list[Share]] = {}
    for share in shares:
        of.setdefault(share.strategy, []).append(share)
    return Sums(
        tuple(one for share in shares for one in share.flying),
        math.fsum(share.margin for share in shares),
        {share.inverse for share in shares},
        {
            name: (
                len(some), math.fsum(one.equity for one in some), math.fsum(one.equity_day_start for one in some)
            )
            for name, some in of.items()
        },
    )  # fmt: skip


class Picture:
    """What all books of one desk come to, per currency."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts
        self.purses: dict[str, Purse] = {}
        self._shares: dict[int, Share] = {}
        self._cells: dict[str, dict[Cell, int]] = {}
        self._sums: dict[str, Sums] = {}  # of the currencies in which nothing has changed since
        self._positions = 0

    def refresh(self, now_ms: int) -> None:
        """Take in what has changed since the last time."""
        touched, books = self._desk.touched, self._desk.books
        while touched:
            number = touched.pop()
            book = books.get(number)
            if book is None:
                self._drop(number)
            else:
                self.note(number, book, book.kernel, now_ms)

    def note(self, number: int, book: Book, state: State, now_ms: int) -> Share:
        """A book's share is now that of `state`."""
        quote = self._desk.quotes.get(book.record.market)
        share = share_of(book, state, None if quote is None else quote.mark)
        before = self._shares.get(number)
        if share != before:
            self._add(before, -1)
            self._shares[number] = share
            self._add(share, 1)
            self._sums.pop(share.currency, None)
        purse = self.purse(share.currency)
        if purse.mark(number, share.equity, now_ms):
            self._desk.gathered.facts[f"account:{share.currency}"] = purse.as_dict()
        return share

    def move(self, number: int, equity: float, equity_day_start: float) -> None:
        """The money in a bot's share is now this, nothing else in it; its purse was told."""
        share = self._shares[number]
        if (share.equity, share.equity_day_start) != (equity, equity_day_start):
            self._shares[number] = replace(share, equity=equity, equity_day_start=equity_day_start)
            self._sums.pop(share.currency, None)

    def purse(self, currency: str) -> Purse:
        """The money of a currency."""
        found = self.purses.get(currency)
        if found is None:
            found = self.purses[currency] = Purse.of(self._facts.get(f"account:{currency}", {}))
        return found

    def _drop(self, number: int) -> None:
        share = self._shares.pop(number, None)
        if share is not None:
            self._add(share, -1)
            self._sums.pop(share.currency, None)
            self.purse(share.currency).leave(number)

    def _add(self, share: Share | None, sign: int) -> None:
        if share is None:
            return
        self._positions += sign * share.positions
        if share.lots:
            cells = self._cells.setdefault(share.currency, {})
            cell = share.strategy, share.market, 1 if share.lots > 0 else -1
            cells[cell] = cells.get(cell, 0) + sign * share.lots
            if not cells[cell]:
                del cells[cell]

    def positions(self) -> int:
        """Entries of all bots, held or on their way."""
        return self._positions

    def flying(self, currency: str) -> tuple[InFlight, ...]:
        """What may still fill, of every bot of a currency."""
        return self._summed(currency).flying

    def _summed(self, currency: str) -> Sums:
        found = self._sums.get(currency)
        if found is None:
            shares = [share for share in self._shares.values() if share.currency == currency]
            found = self._sums[currency] = _sums_of(shares)
        return found

    def holdings(self, number: int, book: Book) -> tuple[Holding, ...]:
        """What is held in the currency of a bot: its own, and the others' as sums."""
        own = self._shares[number]
        found: list[Holding] = []
        if own.lots:
            found.append(Holding(book.record.id, book.record.strategy, own.market, own.lots, own.stop_ticks))
        mine = own.strategy, own.market, 1 if own.lots > 0 else -1
        for cell, lots in self._cells.get(own.currency, {}).items():
            left = lots - own.lots if cell == mine else lots
            if left:
                strategy, market, _ = cell
                found.append(Holding(BotId(f"other bots of {strategy}"), StrategyName(strategy), market, left))
        return tuple(found)

    def account(self, number: int, unit: float | None) -> AccountView:
        """The account of a bot's currency; `unit` is what one of it is worth in quote units, None: unknown."""
        currency, inverse = self._shares[number].currency, self._shares[number].inverse
        sums, purse = self._summed(currency), self.purse(currency)
        if unit is None or sums.inverse != {inverse}:
            return AccountView()
        equity, used = purse.equity * unit, sums.margin
        return AccountView(
            equity, equity + purse.below_peak * unit, equity + purse.below_day * unit, used, max(equity - used, 0.0)
        )

    def others_of_strategy(self, number: int, book: Book, unit: float, now_ms: int) -> tuple[BotView, ...]:
        """The other bots of a bot's strategy and currency, as one; for the day of the strategy."""
        own = self._shares[number]
        count, total, total_start = self._summed(own.currency).by_strategy[own.strategy]
        if count == 1:
            return ()
        equity, start = (total - own.equity) * unit, (total_start - own.equity_day_start) * unit
        name = BotId(f"{count - 1} other bots of {own.strategy}")
        return (BotView(name, book.record.strategy, equity, None, equity if now_ms % DAY_MS == 0 else start),)

    def markets(self, book: Book, wanted: set[MarketId], leverage: float, now_ms: int) -> tuple[MarketView, ...]:
        """The markets of what is held or may fill, and the bot's own; with the leverage its order reckons with."""
        books = {one.record.market: one for one in self._desk.books.values()} if wanted else {}
        others = [self._market(books[name], None, now_ms) for name in sorted(wanted) if name in books]
        return (self._market(book, leverage, now_ms), *others)

    def _market(self, book: Book, leverage: float | None, now_ms: int) -> MarketView:
        record, simulates = book.record, self._desk.venue.traits.simulates
        instrument, quote = record.instrument, self._desk.quotes.get(record.market)
        terms = self._desk.condition.terms.get(record.market)
        fee = max(instrument.taker_fee, book.kind.rules.taker_fee)
        seen_ms = None if quote is None else quote.ts
        if quote is not None and quote.modelled and abs(now_ms - quote.ts) <= record.timeframe_ms:
            seen_ms = now_ms
        return MarketView(
            market=record.market,
            sector="equities" if instrument.kind == Kind.EQUITY else "crypto",
            inverse=instrument.kind == Kind.INVERSE,
            tick=instrument.tick,
            lot=instrument.lot,
            contract_size=instrument.contract_size,
            min_lots=max(1, math.ceil(instrument.min_quantity / instrument.lot - 1e-9)),
            max_lots=terms.max_lots if terms else LOTS_UNBOUNDED if simulates else None,
            min_notional=instrument.min_notional,
            maintenance_rate=instrument.maintenance_margin_rate,
            taker_fee=fee,
            leverage=terms.leverage if terms else leverage if simulates else None,
            bid=None if quote is None else quote.bid,
            ask=None if quote is None else quote.ask,
            mark=None if quote is None else quote.mark,
            quote_ms=seen_ms,
            depth=None if quote is None else quote.depth,
            close_only=terms.close_only if terms else False if simulates else None,
        )
