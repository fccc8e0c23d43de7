"""A book built from a whole one and the changes that follow it.

1. Changes that came before the whole book are kept. Those that ended before it are of no use.
2. The first change laid upon it must hold its number: `first <= number <= last` (adjacent: `number + 1`).
3. Every later change must follow the one before it, as the venue links them: `before` equals the last update applied,
   or `first` follows it. Else the chain is broken and the book is nobody's.

Source of the rules: developers.binance.com, "How to manage a local order book correctly", of USDS-M futures (previous)
and of spot (adjacent).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from heapq import nlargest, nsmallest

from karat.ports.stream import BookChange, BookLink, Levels, WholeBook


class Verdict(Enum):
    """What a change is to a book."""

    FOLLOWS = "follows"
    OLD = "old"  # it ended before the book, or repeats what is in it
    BROKEN = "broken"  # something between it and the book is missing


class OrderBook:
    """One book. `number` is the last update in it, None while there is none; `ts` the time of that update."""

    def __init__(self, link: BookLink) -> None:
        assert link is not BookLink.WHOLE, "whole books need no building"
        self._link = link
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._fresh = False  # no change has been laid upon the whole book yet
        self.number: int | None = None
        self.ts = 0

    def forget(self) -> None:
        """The chain is broken: there is no book until a whole one comes."""
        self._bids, self._asks, self.number = {}, {}, None

    def begin(self, whole: WholeBook) -> None:
        """Start anew from a whole book."""
        self._bids, self._asks = dict(whole.bids), dict(whole.asks)
        self.number, self.ts, self._fresh = whole.number, whole.ts, True

    def judge(self, change: BookChange) -> Verdict:
        """What a change would be to this book."""
        assert self.number is not None, "a change needs a whole book to be laid upon"
        may_end_at_it = self._fresh and self._link is BookLink.PREVIOUS
        if change.last < self.number or (change.last == self.number and not may_end_at_it):
            return Verdict.OLD
        return Verdict.FOLLOWS if self._follows(change, self.number) else Verdict.BROKEN

    def lay(self, change: BookChange) -> None:
        """Lay a change that follows upon the book."""
        _lay(self._bids, change.bids)
        _lay(self._asks, change.asks)
        self.number, self.ts, self._fresh = change.last, change.ts, False

    def top(self, levels: int) -> tuple[Levels, Levels]:
        """The best bids and asks, best first, as many as there are."""
        return nlargest(levels, self._bids.items()), nsmallest(levels, self._asks.items())

    def _follows(self, change: BookChange, number: int) -> bool:
        if self._link is BookLink.ADJACENT:
            return change.first <= number + 1
        return change.first <= number <= change.last if self._fresh else change.before == number


def _lay(side: dict[float, float], levels: Iterable[tuple[float, float]]) -> None:
    for price, quantity in levels:
        if quantity > 0.0:
            side[price] = quantity
        else:
            side.pop(price, None)
