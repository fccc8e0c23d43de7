"""What protects a position: stops first, never a gap; then the take. A pure plan, made anew after every event.

Stops. Only what the venue has acknowledged, and was not asked to let go, is cover. One stop for the whole position is
wanted, so that it is one fill: what is at the wanted level and adds up to the position stays, else a whole one is
placed; everything else is cancelled only once the fitting cover is whole. So a stop is replaced by its successor's
acknowledgement, and whatever is lost on the way, the stops that are left alone cover the position (failures: O11, O12).
One successor is under way at a time: where the level has moved on meanwhile, the next follows when that one is heard
of. Every stop is reduce-only: for the time of a replacement two may stand, and the venue lets them close no more than
there is. A stop of which nothing is known is no cover: another is placed beside it, up to `UNHEARD_MAX`; then an
uncovered position has to be closed. Those that another life sent are no reason to send none once the venue answers this
one: that they are not there is proved only later, and by a life that crashes never (failures: O12).

Takes. Nothing is lost while one is missing, so here it is the other way round: the old is gone before the new one
comes, and what is unknown counts as there. So takes never stand for more than the position.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import Part, order_key
from karat.oms.records import TERMINAL, Order, Status

UNHEARD_MAX = 3  # stops sent without an answer before the position is better closed
_ENDS = tuple(TERMINAL)
_LIVE = frozenset({Status.ACKNOWLEDGED, Status.PARTLY_FILLED})
_COMING = frozenset({Status.INTENDED, Status.SENT})


@dataclass(frozen=True, slots=True)
class Protected:
    """A position and where it should be left. `lots` signed; `take_lots` at most the position; ticks None: no take, or
    no stop, which leaves the position uncovered."""

    lots: int
    stop_ticks: int | None
    take_ticks: int | None = None
    take_lots: int = 0

    @property
    def closing_side(self) -> int:
        """Of an order that closes it."""
        return -1 if self.lots > 0 else 1


@dataclass(frozen=True, slots=True)
class Place:
    """A new reduce-only order: a stop triggers at `ticks`, a take rests there."""

    part: Part
    side: int
    lots: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Let this order go."""

    order: ClientOrderId


@dataclass(frozen=True, slots=True)
class Flatten:
    """Close the position: cover cannot be had."""

    side: int
    lots: int


Action = Place | Cancel | Flatten


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, and how many lots of the position are covered without doubt before it is done."""

    actions: tuple[Action, ...]
    covered_lots: int


def plan_protection(
    position: Protected, orders: Iterable[Order], older: Collection[ClientOrderId] = frozenset()
) -> Plan:
    """The next actions for `position` given all `orders` of its bot and market; others than stops and takes, and ended
    ones, are passed over. `older`: what does not count as sent in vain. The plan for a position as it should be is
    empty."""
    stops, takes = _of(orders, Part.STOP), _of(orders, Part.TAKE)
    held = abs(position.lots)
    if held == 0:
        return Plan(_cancels((*stops, *takes)), 0)
    own, astray = _by_side(stops, position.closing_side)
    covered = min(sum(_sure_lots(stop) for stop in own if stop.status in _LIVE), held)
    unheard = sum(stop.status == Status.UNKNOWN and stop.id not in older for stop in own)
    stopped = _stops(position, own, held, covered, unheard)
    actions = (*_cancels(astray), *stopped, *_takes(position, takes, held))
    return Plan(actions, covered)


def _stops(position: Protected, stops: list[Order], held: int, covered: int, unheard: int) -> list[Action]:
    if position.stop_ticks is None:
        return list(_cancels(stops))
    wanted = [stop for stop in stops if stop.trigger_ticks == position.stop_ticks and stop.limit_ticks is None]
    fitting = _fitting([stop for stop in wanted if stop.status in _LIVE], held, _sure_lots)
    cover = sum(_sure_lots(stop) for stop in fitting)
    if cover == held:
        return list(_cancels(stop for stop in stops if stop not in fitting))
    if any(stop.status in _COMING and stop.limit_ticks is None and stop.open_lots == held for stop in stops):
        return []
    if unheard >= UNHEARD_MAX:
        return [] if covered == held else [Flatten(position.closing_side, held)]
    return [Place(Part.STOP, position.closing_side, held, position.stop_ticks)]


def _takes(position: Protected, takes: list[Order], held: int) -> list[Action]:
    """Of takes counts what is left by our books: a fill that is counted and not told yet is still wanted."""
    lots = min(position.take_lots, held) if position.take_ticks is not None else 0
    side = position.closing_side
    wanted = [take for take in takes if take.side == side and take.limit_ticks == position.take_ticks]
    fitting = _fitting(wanted, lots, lambda take: take.open_lots)
    others = [take for take in takes if take not in fitting]
    if others:
        return list(_cancels(others))
    lacking = lots - sum(take.open_lots for take in fitting)
    if lacking == 0 or position.take_ticks is None:
        return []
    return [Place(Part.TAKE, side, lacking, position.take_ticks)]


def _of(orders: Iterable[Order], part: Part) -> list[Order]:
    """Those of one part that may still do something, the oldest first."""
    found: list[tuple[ClientOrderId, Order]] = []
    for order in orders:
        if order.status in _ENDS and not order.alive:
            continue
        key = order_key(order.id)
        if key is not None and key.part == part:
            found.append((order.id, order))
    return [order for _, order in sorted(found, key=lambda one: one[0])]


def _by_side(orders: list[Order], side: int) -> tuple[list[Order], list[Order]]:
    own = [order for order in orders if order.side == side and order.reduce_only]
    return own, [order for order in orders if order not in own]


def _fitting(orders: list[Order], lots: int, left: Callable[[Order], int]) -> list[Order]:
    """The larger ones first, as long as they fit into `lots` together."""
    fitting: list[Order] = []
    for order in sorted(orders, key=left, reverse=True):
        if order.status != Status.CANCEL_REQUESTED and 0 < left(order) <= lots:
            fitting.append(order)
            lots -= left(order)
    return fitting


def _sure_lots(order: Order) -> int:
    """What is left of it even if everything that the venue has counted is true."""
    return max(order.lots - max(order.filled_lots, order.reported_lots), 0)


def _cancels(orders: Iterable[Order]) -> tuple[Action, ...]:
    return tuple(Cancel(order.id) for order in orders if not order.cancel_is_open)
