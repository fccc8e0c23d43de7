"""What a fill costs at the paper venue: the kernel's price, or the walk over a known book where that is worse.

A book is read as a rate: how far the average price of a walk lies from the middle, as a fraction of it. Where this rate
is above spread and slippage of the policy it takes their place: a known book can make a fill worse, never better. What
lies beyond the deepest level is reckoned at twice the distance of that level.
"""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.calc.costs import taker_price
from karat.core.calc.money import notional, quote_notional
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.kernel.engine import Inputs
from karat.kernel.fills import fill_slippage
from karat.kernel.modes import is_inverse
from karat.kernel.records import Rules
from karat.kernel.views import Opening
from karat.ports.venue import Priced, Quoted

DEPTH_SHARE = 0.01  # of a bar's turnover that is supposed to stand on each side; a guess on the low side, no source


@dataclass(frozen=True, slots=True)
class Book:
    """A snapshot: levels best first as (price, quantity), the quantity in units of quantity (contracts)."""

    ts: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        sides = (self.bids, [(-price, quantity) for price, quantity in self.asks])
        for side in sides:
            prices = [price for price, _ in side]
            if not side or prices != sorted(prices, reverse=True) or any(quantity <= 0.0 for _, quantity in side):
                raise InputError("bad_book", "A book needs both sides, the best price first and no empty level.")
        if not 0.0 < self.bids[0][0] < self.asks[0][0]:
            raise InputError("bad_book", "The best bid of a book lies below its best ask.")

    @property
    def middle(self) -> float:
        return (self.bids[0][0] + self.asks[0][0]) / 2.0


@dataclass(frozen=True, slots=True)
class TakerPrice:
    """A fill price and how it came about."""

    price: float
    priced: Priced


def walk_rate(book: Book, side: int, quantity: float) -> float:
    """How far from the middle `quantity` fills on average, as a fraction of the middle; `side` +1 buys."""
    levels, left, paid = book.asks if side > 0 else book.bids, quantity, 0.0
    for price, there in levels:
        taken = min(left, there)
        paid += taken * abs(price - book.middle)
        left -= taken
    paid += left * 2.0 * abs(levels[-1][0] - book.middle)
    return paid / quantity / book.middle


def taker(rules: Rules, now: Opening, side: int, raw: float, slip_lots: int, book: Book | None) -> TakerPrice:
    """A market order of `side` at reference `raw` (rule 11), its slippage that of `slip_lots` (rule 12)."""
    spread, slipped = float(rules.half_spread), fill_slippage(rules, now, slip_lots)
    if book is not None:
        slipped = max(slipped, walk_rate(book, side, slip_lots * rules.lot) - spread)
    return TakerPrice(taker_price(raw, side, spread, slipped), Priced(raw, spread, slipped))


def fee_of(inputs: Inputs, rate: float, lots: int, price: float) -> float:
    """Rate times notional at the fill price."""
    rules = inputs.rules
    return rate * notional(is_inverse(rules, inputs.features), lots * rules.lot, rules.contract_size, price)


def quote_of(inputs: Inputs, market: MarketId, bar: int) -> Quoted:
    """What the market may look like after the close of `bar`: the close, half a spread to each side, and `DEPTH_SHARE`
    of the bar's turnover in quote units as depth."""
    rules, bars = inputs.rules, inputs.bars
    close, volume = float(bars.close[bar]), float(bars.quantity_volume[bar])
    turnover = quote_notional(is_inverse(rules, inputs.features), volume, rules.contract_size, close)
    return Quoted(
        market, int(bars.ts[bar]) + bars.timeframe_ms, close * (1.0 - rules.half_spread),
        close * (1.0 + rules.half_spread), close, turnover * DEPTH_SHARE, modelled=True,
    )  # fmt: skip
