"""ccxt's unified dicts as events: pure, and in base units whatever the venue counts in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from karat.ports.stream import UNCOUNTED, Candle, Levels, Liquidation, Quote, Trade, WholeBook

_SIDES = {"buy": 1, "sell": -1}


class Units(NamedTuple):
    """How a market counts. `size`: what one counted unit is of base (linear, spot) or of money (inverse)."""

    size: float = 1.0
    inverse: bool = False

    @classmethod
    def of(cls, market: Any, *, sized: bool = True) -> Units:
        """Of a market as ccxt describes it; not `sized`: amounts are base or money already."""
        size = market.get("contractSize") if market.get("contract") and sized else None
        return cls(1.0 if size is None else float(size), bool(market.get("inverse")))

    def base(self, amount: float, price: float) -> float:
        """An amount in base units."""
        return amount * self.size / price if self.inverse else amount * self.size


def trade_of(trade: Any, units: Units) -> Trade:
    """A unified trade."""
    price = float(trade["price"])
    quantity = units.base(float(trade["amount"]), price)
    return Trade(int(trade["timestamp"]), price, quantity, _SIDES.get(trade["side"], 0), str(trade["id"]))


def quote_of(ticker: Any, units: Units, now_ms: int) -> Quote:
    """A unified ticker with the best bid and ask. Venues that give no time get the time it came."""
    bid, ask = float(ticker["bid"]), float(ticker["ask"])
    bid_quantity = units.base(float(ticker["bidVolume"] or 0.0), bid)
    ask_quantity = units.base(float(ticker["askVolume"] or 0.0), ask)
    return Quote(int(ticker["timestamp"] or now_ms), bid, bid_quantity, ask, ask_quantity)


def book_of(book: Any, units: Units, now_ms: int) -> WholeBook:
    """A unified order book."""
    number = book.get("nonce")
    return WholeBook(
        int(book.get("timestamp") or now_ms),
        UNCOUNTED if number is None else int(number),
        _levels(book["bids"], units),
        _levels(book["asks"], units),
    )


def liquidation_of(one: Any, units: Units, now_ms: int, side: int) -> Liquidation:
    """A unified liquidation; its contracts are counted as the market counts. ccxt does not tell the `side`."""
    price = float(one["price"])
    amount = float(one.get("amount") or one.get("contracts") or 0.0)
    return Liquidation(int(one["timestamp"] or now_ms), price, units.base(amount, price), side)


def candles_of(rows: Iterable[Sequence[Any]], *, closed: bool) -> list[Candle]:
    """Unified candles."""
    return [Candle(int(row[0]), *(float(value) for value in row[1:6]), closed) for row in rows]


def _levels(levels: Iterable[Sequence[Any]], units: Units) -> Levels:
    return [(float(level[0]), units.base(float(level[1]), float(level[0]))) for level in levels]
