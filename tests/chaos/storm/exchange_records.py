"""What the storm's exchange keeps: markets, orders, trades, and every request that it ever received."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from karat.core.ids import MarketId
from karat.core.model.instrument import Instrument
from karat.ports.venue import Request

QUANTUM = Decimal("1e-18")


@dataclass(slots=True)
class Terms:
    """One linear perpetual as the exchange has it. Rates are fractions; a filter may change while the storm lasts."""

    tick: Decimal
    lot: Decimal
    contract_size: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    maintenance_rate: Decimal
    currency: str
    min_lots: int
    max_lots: int = 1_000_000
    min_notional: Decimal = Decimal(0)
    band: Decimal = Decimal("0.2")  # how far from the price a limit may be
    half_spread_ticks: int = 1
    leverage: int = 10  # the most that it lends
    set_leverage: int = 3  # what the account has asked for
    open: bool = True  # False: halted or delisted

    @classmethod
    def of(cls, instrument: Instrument) -> Terms:
        """From Karat's description, by its written digits."""
        lot = Decimal(repr(instrument.lot))
        return cls(
            Decimal(repr(instrument.tick)), lot, Decimal(repr(instrument.contract_size)),
            Decimal(repr(instrument.maker_fee)), Decimal(repr(instrument.taker_fee)),
            Decimal(repr(instrument.maintenance_margin_rate)), instrument.settle,
            max(int(Decimal(repr(instrument.min_quantity)) / lot), 1),
            min_notional=Decimal(repr(instrument.min_notional)),
        )  # fmt: skip

    def value(self, lots: int, ticks: int) -> Decimal:
        """Notional of `lots` at `ticks`, exactly."""
        return lots * self.lot * self.contract_size * ticks * self.tick


@dataclass(slots=True)
class Held:
    """The net position of one market: signed lots, and the signed value at which they were taken."""

    lots: int = 0
    cost: Decimal = Decimal(0)


@dataclass(slots=True)
class Resting:
    """One order at the exchange. `state`: open, filled, cancelled or expired. `id` None: made by hand.

    `triggered`: a stop that has become a market order. `slices`: in how many parts it still takes.
    """

    venue_id: str
    id: str | None
    market: MarketId
    side: int
    lots: int
    limit_ticks: int | None
    trigger_ticks: int | None
    reduce_only: bool
    created_ms: int
    filled: int = 0
    state: str = "open"
    why: str = ""
    triggered: bool = False
    slices: int = 1
    drop_rest: bool = False

    @property
    def left(self) -> int:
        return self.lots - self.filled

    @property
    def takes(self) -> bool:
        """Whether it trades at whatever price there is."""
        return self.limit_ticks is None and (self.trigger_ticks is None or self.triggered)


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution. `before` is the net position before it, `number` counts from 1 over all markets."""

    id: str
    number: int
    ts: int
    market: MarketId
    venue_id: str
    order: str | None
    side: int
    lots: int
    ticks: int
    price: Decimal
    fee: Decimal
    currency: str
    before: int


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in, and what became of it: "ok" or the code of its refusal."""

    number: int
    at_ms: int
    request: Request
    outcome: str
    weight: int
    banned: bool = False


@dataclass(slots=True)
class Money:
    """What a currency's wallet went through. `wallet` = opening + realised - fees - funding."""

    opening: Decimal
    realised: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    flow: Decimal = Decimal(0)  # signed value of all trades: money that came in for what was sold, less what was bought

    @property
    def wallet(self) -> Decimal:
        return self.opening + self.realised - self.fees - self.funding


@dataclass(slots=True)
class Tricks:
    """What faults have the exchange do. As it should be: one slice, nothing dropped, nothing over."""

    slices: int = 1
    drop_rest: bool = False
    overfill_next: int = 0
    fills_before_cancel: int = 0  # of the next order that rests and is asked to go
    hushes_before_cancel: bool = False
