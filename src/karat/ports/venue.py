"""A venue: where orders go and from where every word about them comes. Messages both ways, nothing is waited for.

1. `post` hands a request over and returns at once. It never sends one request twice by itself (failures: V19), and it
   raises nothing for what a network or a venue does.
2. Everything the venue says, answers included, comes to the one sink it was given, as `Said`. A word may come late,
   twice, in another order, or never: the order management bears it (`karat.oms`).
3. What is not heard is told by whoever waits: `oms.records.EventKind.TIME_OUT` is made by the desk, not by the venue.
4. Lots and ticks are whole numbers of the instrument; money is Decimal; times are UTC milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from karat.core.ids import ClientOrderId, MarketId
from karat.kernel.engine import Inputs
from karat.kernel.state import State
from karat.oms.accounts import Holding
from karat.oms.reconcile import VenueView
from karat.oms.records import Event, Fill

SHADOW_MARK = " (shadow)"
"""Ends every reason that is told of an order which was only recorded."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What only a simulated venue needs to know of an order. `from_bar`: the first bar in which it acts; `to_bar` the
    last one, None: until it is filled or cancelled. `slip_lots`: the quantity whose slippage counts, 0: its own.
    `leverage`: with which margin is reckoned. `is_add`: it grows a position and is void without one; other entries are
    void where a position is."""

    from_bar: int
    to_bar: int | None = None
    slip_lots: int = 0
    leverage: float = 1.0
    is_add: bool = False


@dataclass(frozen=True, slots=True)
class Submit:
    """A new order. Without ticks it is a market order; `trigger_ticks`: a stop that becomes a market order. `number`
    counts the sendings of this id from 1. `post_only`: void where it would take."""

    id: ClientOrderId
    market: MarketId
    side: int
    lots: int
    limit_ticks: int | None = None
    trigger_ticks: int | None = None
    reduce_only: bool = False
    post_only: bool = False
    number: int = 1
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Let an order go. `number` counts the requests for this order from 1 and comes back with a refusal."""

    id: ClientOrderId
    market: MarketId
    venue_id: str | None
    number: int


@dataclass(frozen=True, slots=True)
class LookUp:
    """What is there under this client id: open orders, history and trades. `sending`, and `after_ms`, how long before
    this question that sending left, come back with an absence: its answer may be heard after that of a later one."""

    id: ClientOrderId
    market: MarketId
    sending: int
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class FetchFills:
    """All trades of an order, or, without one, all of the market since `since_ms`."""

    market: MarketId
    order: ClientOrderId | None
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """Open orders, positions and balances at one moment. `id` names the look for ever."""

    id: str


Request = Submit | CancelOrder | LookUp | FetchFills | Look


@dataclass(frozen=True, slots=True)
class Priced:
    """How a simulated fill came to its price: the reference, and the rates by which it was moved (rule 11)."""

    raw_price: float
    half_spread: float
    slippage: float


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """A word about one order. `reason` names why, in the venue's words; `priced` goes with a simulated fill."""

    event: Event
    reason: str = ""
    priced: Priced | None = None


@dataclass(frozen=True, slots=True)
class Charged:
    """Funding or borrow was taken (negative: paid out) from the position of a bot, or of nobody known (None). `id` is
    the venue's, or made from it, so that one payment has one id."""

    id: str
    market: MarketId
    bot: int | None
    ts: int
    funding: Decimal
    borrow: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Seized:
    """The venue closed a position by itself: a liquidation. `bot` None: nobody knows whose. `bankruptcy` prices of a
    simulated venue are in the fill."""

    fill: Fill
    market: MarketId
    side: int
    bot: int | None


@dataclass(frozen=True, slots=True)
class Looked:
    """The answer to a `Look`."""

    view: VenueView


@dataclass(frozen=True, slots=True)
class Quoted:
    """The market now: best prices in quote units, `depth` the notional of the thinner side, all None where unknown.
    `modelled`: made from a candle and the costs that the policy supposes, no quote was seen."""

    market: MarketId
    ts: int
    bid: float | None
    ask: float | None
    mark: float | None
    depth: float | None
    modelled: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """The connection: up or down, and which part of it ("orders", "events", "quotes"). `silent_ms`: for so long from
    now on the venue wants to be asked nothing; a length, since whose clock is right may not be known."""

    up: bool
    part: str
    reason: str = ""
    silent_ms: int = 0


Said = OrderSaid | Charged | Seized | Looked | Quoted | Linked
Sink = Callable[[Said], None]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of a venue. `arrival_ms_max`: how long after its sending a request may still arrive (D_max).
    `answer_ms_max`: after how long without an answer an order is UNKNOWN. `id_is_unique`: it refuses a second order
    under one client id for ever. `simulates`: fills are simulated from bars by `SimulatedVenue.walk`."""

    name: str
    arrival_ms_max: int
    answer_ms_max: int
    id_is_unique: bool
    simulates: bool


class Venue(Protocol):
    """One account at one venue."""

    @property
    def traits(self) -> Traits: ...

    def listen(self, sink: Sink) -> None:
        """From now on everything said goes to `sink`. There is one sink."""
        ...

    def post(self, request: Request) -> None:
        """Hand a request over. It may be answered before this returns."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What a simulated venue must know of a bot to go on where it stood: the bot's kernel state, which holds position
    and money, and the orders of it that are alive at the venue, oldest first, with what is filled of each.

    Of the bar on which the bot stands: `charged` are ids of charges that are booked already, `last_ts` is the time of
    its newest fill in it, None without one. `exact` is the bot's exact book with the balance that goes with it; without
    it balances have the digits of the kernel only.
    """

    market: MarketId
    currency: str
    state: State
    orders: tuple[tuple[Submit, str, int], ...] = ()  # (order, venue id, lots filled)
    charged: frozenset[str] = frozenset()
    last_ts: int | None = None
    exact: tuple[Holding, Decimal] | None = None


class SimulatedVenue(Venue, Protocol):
    """A venue that fills from closed bars, an account of its own per bot, with the kernel's functions."""

    def enrol(self, bot: int, standing: Standing) -> None:
        """Keep an account for `bot`, by the number its journal gave it; one that was kept is forgotten."""
        ...

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        """Steps 1 to 8 of `bar` (simulation.md) for the orders and the position of `bot`. Each fill is said when it
        happens, so that what the desk posts in answer (a stop for a position just opened) acts in the rest of the bar.
        `inputs` reach up to that bar. A bar that was walked in part before is walked on, not again."""
        ...
