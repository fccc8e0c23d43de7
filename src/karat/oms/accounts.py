"""Money of fills, exactly: what a bot holds of one instrument, what it realised, what it paid (simulation.md, rule 30).

Values are Decimals. Linear and spot values are products and never rounded. A value in coin is a quotient and rounded
once, when the fill is booked; so is the share of the cost that a partial close takes. What is rounded off stays in the
cost, therefore `realised = value sold - value bought` to the last digit whenever nothing is held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

from karat.core.model.instrument import Instrument, Kind
from karat.oms.records import Fill

EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[Inexact])
"""Arithmetic that would rather fail than lose a digit: 200 is far beyond prices times lots of any venue."""
_DIVIDING = Context(prec=200, rounding=ROUND_HALF_EVEN)
QUANTUM = Decimal("1e-18")  # of a quotient: the smallest unit that a chain of coins counts in


@dataclass(frozen=True, slots=True)
class Terms:
    """What turns lots and a price into money. `settle` is the currency of results."""

    lot: Decimal
    contract_size: Decimal
    inverse: bool
    settle: str

    @classmethod
    def of(cls, instrument: Instrument) -> Terms:
        """Of the instrument's numbers as they are written, not as their binary digits run on."""
        sizes = Decimal(repr(instrument.lot)), Decimal(repr(instrument.contract_size))
        return cls(*sizes, instrument.kind == Kind.INVERSE, instrument.settle)

    def value(self, lots: int, price: Decimal) -> Decimal:
        """Value of `lots` at `price`: quote units, or coin for inverse."""
        units = EXACT.multiply(EXACT.multiply(Decimal(lots), self.lot), self.contract_size)
        return _quotient(units, price) if self.inverse else EXACT.multiply(units, price)


@dataclass(frozen=True, slots=True)
class SidedFill:
    """A fill and the side of its order, +1 bought."""

    side: int
    fill: Fill

    @property
    def key(self) -> tuple[int, int, str]:
        """The venue's order."""
        return self.fill.ts, self.fill.number, self.fill.id


@dataclass(frozen=True, slots=True)
class Holding:
    """What fills add up to. `lots` signed; `cost` the value at which they were taken, at least 0, in settle units;
    `realised` before fees; `fees` per currency."""

    lots: int = 0
    cost: Decimal = Decimal()
    realised: Decimal = Decimal()
    fees: dict[str, Decimal] = field(default_factory=dict[str, Decimal])

    def average_price(self, terms: Terms) -> Decimal | None:
        """Average entry, harmonic for inverse, to 1e-18; None while flat."""
        if self.lots == 0 or self.cost == 0:
            return None
        units = EXACT.multiply(EXACT.multiply(Decimal(abs(self.lots)), terms.lot), terms.contract_size)
        return _quotient(units, self.cost) if terms.inverse else _quotient(self.cost, units)


def booked(holding: Holding, one: SidedFill, terms: Terms) -> Holding:
    """The holding after one more fill. A fill beyond zero closes all and opens the rest on the other side."""
    fill, side = one.fill, one.side
    paid = EXACT.add(holding.fees.get(fill.fee_currency, Decimal()), fill.fee)
    fees = {**holding.fees, fill.fee_currency: paid}
    held = abs(holding.lots)
    closing = min(fill.lots, held) if holding.lots * side < 0 else 0
    value = terms.value(fill.lots, fill.price)
    exit_value = value if closing == fill.lots else terms.value(closing, fill.price)
    share = holding.cost if closing == held else _share(holding.cost, closing, held)
    gain = EXACT.subtract(exit_value, share)
    direction = -side if terms.inverse else side  # in coin a long gains as the value falls
    realised = EXACT.subtract(holding.realised, gain) if direction > 0 else EXACT.add(holding.realised, gain)
    cost = EXACT.add(EXACT.subtract(holding.cost, share), EXACT.subtract(value, exit_value))
    return Holding(holding.lots + side * fill.lots, cost, realised if closing else holding.realised, fees)


def folded(fills: Iterable[SidedFill], terms: Terms, base: Holding | None = None) -> Holding:
    """What distinct fills add up to, in the venue's order whatever the order given, after those that `base` stands for.
    A fill id counts once."""
    distinct = {one.fill.id: one for one in fills}
    holding = base or Holding()
    for one in sorted(distinct.values(), key=lambda one: one.key):
        holding = booked(holding, one, terms)
    return holding


@dataclass(frozen=True, slots=True)
class Account:
    """The fills of one bot on one instrument and what they add up to; the sum is kept, the fills are the truth.

    `base` is what the fills before `fills` added up to; of those a fill that comes twice is known by its order alone.
    """

    terms: Terms
    fills: tuple[SidedFill, ...] = ()  # in the venue's order
    holding: Holding = field(default_factory=Holding)
    base: Holding = field(default_factory=Holding)

    def book(self, side: int, fill: Fill) -> Account:
        """With one more fill. One that is booked already changes nothing; a late one has the sum made anew."""
        one = SidedFill(side, fill)
        if any(there.fill.id == fill.id for there in self.fills):
            return self
        if not self.fills or self.fills[-1].key < one.key:
            return replace(self, fills=(*self.fills, one), holding=booked(self.holding, one, self.terms))
        fills = tuple(sorted((*self.fills, one), key=lambda one: one.key))
        return replace(self, fills=fills, holding=folded(fills, self.terms, self.base))

    def settled(self) -> Account:
        """The same, without the fills of trades that are closed: nothing is held and they weigh nothing more."""
        return replace(self, fills=(), base=self.holding) if self.fills and not self.holding.lots else self


def _quotient(value: Decimal, divisor: Decimal) -> Decimal:
    return _DIVIDING.quantize(_DIVIDING.divide(value, divisor), QUANTUM)


def _share(cost: Decimal, part: int, whole: int) -> Decimal:
    return _quotient(EXACT.multiply(cost, Decimal(part)), Decimal(whole)) if part else Decimal()
