"""Our records against the venue's: every difference by its name, and what mends it. Pure, and the same at every start.

1. Orders. A look at the venue answers what was sent and not heard; what the venue does not show is looked up by its id,
   because a list of open orders proves no absence. What it shows and we gave up is cancelled; what is not ours is told
   and left alone (failures: H1).
2. Positions, as a sum over bots. While a fill may be missing, or an order may be doing something, a difference is
   explained by that and fetched; only what nothing explains is declared to be nobody's, under an id of the look.
3. Balances, per currency, exactly. They are told, never mended: money has to be understood.

No order that adds risk or trades is made here, and what is told twice mends once (failures: D6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from karat.core.ids import ClientOrderId, MarketId
from karat.oms.client_ids import order_key
from karat.oms.netting import Book, difference
from karat.oms.records import TERMINAL, WORKING, Effect, EffectKind, Event, EventKind, Order, Status
from karat.oms.register import Register


class DriftKind(StrEnum):
    """What differs."""

    UNSENT = "unsent"  # an intent of which nothing has left, at a start
    UNHEARD = "unheard"  # sent, no answer, at a start
    FOUND = "found"  # sent or unknown, and the venue has it
    NOT_SHOWN = "not_shown"  # working for us, not among the venue's open orders
    ALIVE_AFTER_END = "alive_after_end"
    FILLS_MISSING = "fills_missing"  # the venue has counted more than is booked
    CONTENT_DIFFERS = "content_differs"  # other side, size, level or mark than was meant
    ORPHAN = "orphan"  # carries a name of ours that is not in the register
    FOREIGN_ORDER = "foreign_order"
    POSITION_UNSETTLED = "position_unsettled"  # differs while fills are missing or orders unheard
    POSITION_DIFFERS = "position_differs"
    POSITION_NOT_READ = "position_not_read"
    BALANCE_DIFFERS = "balance_differs"
    BALANCE_NOT_READ = "balance_not_read"


BLOCKING = frozenset(kind for kind in DriftKind if kind not in {DriftKind.UNSENT, DriftKind.FOUND})
"""While one of these stands, no entry: the others are mended by their own events."""


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An open order as the venue shows it. `id` None or foreign: not made by us."""

    id: str | None
    venue_id: str
    market: MarketId
    side: int
    lots: int
    filled_lots: int
    limit_ticks: int | None
    trigger_ticks: int | None
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class VenueView:
    """One look: `id` names it for ever. A market or currency that is absent was not read; a flat one is 0."""

    id: str
    orders: tuple[VenueOrder, ...]
    positions: Mapping[MarketId, int]
    balances: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Ours:
    """What we believe. `starting`: nothing of ours is on its way, because the process has just begun."""

    register: Register
    books: Mapping[MarketId, Book]
    balances: Mapping[str, Decimal]
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `subject`: order id, market or currency; `amount` in lots or money: theirs less ours."""

    kind: DriftKind
    subject: str
    amount: Decimal = field(default_factory=Decimal)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Lots that no bot did, for `Book.declare`, once two looks agree (`confirmed`) or a person has said so."""

    market: MarketId
    id: str
    lots: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Differences, the events that mend them (for `Register.take`), what is to be done, what is nobody's."""

    drifts: tuple[Drift, ...]
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    declarations: tuple[Declaration, ...]

    @property
    def lets_entries(self) -> bool:
        """Whether entries may go on."""
        return not any(drift.kind in BLOCKING for drift in self.drifts)


def confirmed(before: Reconciled, now: Reconciled) -> tuple[Declaration, ...]:
    """The declarations of `now` that the look before made as well: one look may be older than our books."""
    seen = {(declaration.market, declaration.lots) for declaration in before.declarations}
    return tuple(declaration for declaration in now.declarations if (declaration.market, declaration.lots) in seen)


_Found = tuple[Drift, Event | Effect | Declaration | None]


def reconcile(ours: Ours, venue: VenueView) -> Reconciled:
    """Differences of one look, in the order orders, positions, balances. Both sides read at the same moment or not:
    what moved in between shows as a difference once and is gone at the next look."""
    shown = {order.id: order for order in venue.orders if order.id is not None}
    found = list(_orders(ours, shown))
    found += _strangers(ours, venue.orders)
    found += _positions(ours, venue, shown)
    found += _balances(ours.balances, venue.balances)
    mends = [mend for _, mend in found]
    return Reconciled(
        tuple(drift for drift, _ in found),
        tuple(mend for mend in mends if isinstance(mend, Event)),
        tuple(mend for mend in mends if isinstance(mend, Effect)),
        tuple(mend for mend in mends if isinstance(mend, Declaration)),
    )


def _orders(ours: Ours, shown: Mapping[str, VenueOrder]) -> Iterator[_Found]:
    for name, order in ours.register.orders.items():
        theirs = shown.get(name)
        if theirs is None:
            yield from _not_shown(order, ours.starting)
        else:
            yield from _shown(order, theirs)


def _not_shown(order: Order, starting: bool) -> Iterator[_Found]:
    if order.status == Status.INTENDED and starting:
        yield Drift(DriftKind.UNSENT, order.id), Event(EventKind.WITHDRAW, order.id)
    if order.status == Status.SENT and starting:
        yield Drift(DriftKind.UNHEARD, order.id), Event(EventKind.TIME_OUT, order.id)
    if order.status in WORKING or order.status == Status.UNKNOWN or order.alive:
        yield Drift(DriftKind.NOT_SHOWN, order.id), Effect(EffectKind.LOOK_UP, order.id)
    elif order.missing_lots:
        yield _missing(order, order.reported_lots)


def _shown(order: Order, theirs: VenueOrder) -> Iterator[_Found]:
    seen = Event(EventKind.ACK, order.id, theirs.venue_id, theirs.filled_lots)
    if _content(order) != _content(theirs):
        yield Drift(DriftKind.CONTENT_DIFFERS, order.id), Effect(EffectKind.HALT, order.id)
    if order.status in TERMINAL:
        mend = seen if order.given_up else Effect(EffectKind.CANCEL, order.id)
        yield Drift(DriftKind.ALIVE_AFTER_END, order.id), mend
    elif order.status not in WORKING:
        yield Drift(DriftKind.FOUND, order.id), seen
    reported = max(order.reported_lots, theirs.filled_lots)
    if reported > order.filled_lots:
        if reported > order.reported_lots and order.status in WORKING:
            yield _missing(order, reported)[0], seen
        else:
            yield _missing(order, reported)


def _missing(order: Order, reported: int) -> _Found:
    lots = Decimal(reported - order.filled_lots)
    return Drift(DriftKind.FILLS_MISSING, order.id, lots), Effect(EffectKind.FETCH_FILLS, order.id)


def _content(order: Order | VenueOrder) -> tuple[object, ...]:
    return order.market, order.side, order.lots, order.limit_ticks, order.trigger_ticks, order.reduce_only


def _strangers(ours: Ours, orders: Iterable[VenueOrder]) -> Iterator[_Found]:
    origins = {key.origin for key in map(order_key, ours.register.orders) if key is not None}
    for theirs in orders:
        if theirs.id is not None and theirs.id in ours.register.orders:
            continue
        key = order_key(theirs.id or "")
        if key is None or key.origin not in origins:  # another journal's order is as foreign as one by hand
            yield Drift(DriftKind.FOREIGN_ORDER, theirs.venue_id), None
        else:
            yield Drift(DriftKind.ORPHAN, theirs.id or ""), Effect(EffectKind.CANCEL, ClientOrderId(theirs.id or ""))


def _positions(ours: Ours, venue: VenueView, shown: Mapping[str, VenueOrder]) -> Iterator[_Found]:
    for market in sorted({*ours.books, *venue.positions}):
        book, theirs = ours.books.get(market), venue.positions.get(market)
        if theirs is None:
            yield Drift(DriftKind.POSITION_NOT_READ, market), None
            continue
        lots = theirs if book is None else difference(book, theirs)
        if lots == 0:
            continue
        mine = [order for order in ours.register.orders.values() if order.market == market]
        if any(_unsettled(order, shown.get(order.id)) for order in mine):
            yield Drift(DriftKind.POSITION_UNSETTLED, market, Decimal(lots)), None
        else:
            declaration = Declaration(market, f"{venue.id}:{market}", lots)
            yield Drift(DriftKind.POSITION_DIFFERS, market, Decimal(lots)), declaration


def _unsettled(order: Order, theirs: VenueOrder | None) -> bool:
    """Whether a fill of it may be there that is not booked: seen at the venue as it is in our books, it has none."""
    if order.status == Status.INTENDED:
        return False
    return order.reserved_lots > 0 and (theirs is None or theirs.filled_lots != order.filled_lots)


def _balances(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> Iterator[_Found]:
    for currency in sorted({*ours, *theirs}):
        if currency not in theirs:
            yield Drift(DriftKind.BALANCE_NOT_READ, currency), None
        elif (amount := theirs[currency] - ours.get(currency, Decimal())) != 0:
            yield Drift(DriftKind.BALANCE_DIFFERS, currency, amount), None
