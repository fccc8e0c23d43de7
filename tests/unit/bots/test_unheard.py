"""An order of which nothing is known costs few requests: venues count them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import CANDLES, INSTRUMENT, House

from karat.bots.desk.protecting import leaves_alone
from karat.bots.desk.reconciling import Reconciler
from karat.bots.desk.watching import Watch
from karat.oms.client_ids import Part, part_of
from karat.oms.protection import UNHEARD_MAX
from karat.oms.reconcile import VenueView
from karat.oms.records import Event, EventKind, Status
from karat.ports.venue import CancelOrder, FetchFills, Linked, Look, Looked, LookUp, OrderSaid, Submit, Traits


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def passes(house: House, seconds: int) -> None:
    for _ in range(seconds):
        house.ms += 1_000
        house.quotes()
        Watch(house.desk, house.desk.timings).tick(house.ms)


def cancels(house: House, stop: Submit) -> int:
    return sum(isinstance(one, CancelOrder) and one.id == stop.id for one in house.venue.posted)


def look_ups(house: House, stop: Submit) -> int:
    return sum(isinstance(one, LookUp) and one.id == stop.id for one in house.venue.posted)


def test_it_is_looked_up_every_other_round_until_it_can_no_longer_arrive(tmp_path: Path) -> None:
    house = House(tmp_path, venue_traits=Traits("slow", 6_000, 1_000, id_is_unique=True, simulates=False))
    lost = house.buys()
    passes(house, 5)
    assert look_ups(house, lost) == 3
    passes(house, 5)
    assert look_ups(house, lost) == 8
    house.journal.close()


def test_it_is_not_looked_up_where_nobody_answers(house: House) -> None:
    lost = house.buys()
    house.desk.told(Linked(False, "orders", "maintenance"))
    passes(house, 60)
    assert look_ups(house, lost) == 1  # when it became unknown
    house.desk.told(Linked(True, "orders"))
    passes(house, 2)
    assert look_ups(house, lost) == 3


def test_it_is_asked_to_go_once_until_it_is_heard_of(house: House) -> None:
    lost = house.buys()
    passes(house, 1)
    assert house.book.register.orders[lost.id].status is Status.UNKNOWN
    other = next(one for one in house.venue.submits() if one.trigger_ticks is not None and one.id != lost.id)
    house.venue.says(EventKind.ACK, other.id)
    house.desk.flush()
    assert cancels(house, lost) == 1
    house.desk.told(OrderSaid(Event(EventKind.CANCEL_REFUSED, lost.id, number=1), "unknown_order"))
    passes(house, 10)
    assert cancels(house, lost) == 1
    assert look_ups(house, lost) == 12  # when it became unknown, when it was refused, and every round
    house.venue.says(EventKind.ACK, lost.id)
    house.desk.flush()
    assert cancels(house, lost) + cancels(house, other) == 2  # of two alike either may go


def test_a_bot_that_may_only_leave_alone_asks_it_to_go_once_as_well(house: House) -> None:
    lost = house.buys()
    passes(house, 1)
    house.book.external_lots = -30  # others outweigh it: its exit would leave without a mark
    for number in range(1, 6):
        assert not leaves_alone(house.desk, house.book, 10, "test")
        house.desk.flush()
        house.desk.told(OrderSaid(Event(EventKind.CANCEL_REFUSED, lost.id, number=number), "unknown_order"))
    assert cancels(house, lost) == 1


def test_fills_of_one_that_ended_while_it_was_asked_to_go_are_fetched_until_they_come(house: House) -> None:
    lost = house.buys()
    passes(house, 1)
    other = next(one for one in house.venue.submits() if one.trigger_ticks is not None and one.id != lost.id)
    house.venue.says(EventKind.ACK, other.id)
    house.desk.told(OrderSaid(Event(EventKind.EXPIRE, lost.id, f"v-{lost.id}", 3), "expired"))
    house.venue.posted.clear()
    passes(house, 6)
    fetched = [one for one in house.venue.posted if isinstance(one, FetchFills) and one.order == lost.id]
    assert len(fetched) >= 3


def answered(house: House) -> None:
    """The venue answers a question of how things are: it holds what the bot does, and no order."""
    looking = Reconciler(house.desk)
    looking.restore()
    looking.tick(house.ms)
    (look,) = (one for one in house.venue.posted if isinstance(one, Look))
    house.desk.told(Looked(VenueView(look.id, (), {CANDLES.market: 10}, {INSTRUMENT.settle: Decimal(1_000)})))
    looking.tick(house.ms)


def test_after_a_restart_a_stop_leaves_as_soon_as_the_venue_answers_and_not_before(house: House) -> None:
    house.buys()
    passes(house, 9)
    in_vain = [one for one in house.venue.submits() if one.trigger_ticks is not None]
    assert len(in_vain) == UNHEARD_MAX
    house.begin()
    passes(house, 3)
    assert house.venue.submits() == []  # all of them may arrive yet, and nobody answers
    answered(house)
    (stop,) = (one for one in house.venue.submits() if one.trigger_ticks is not None)
    assert stop.id not in {one.id for one in in_vain}
    passes(house, 9)
    again = [one for one in house.venue.submits() if one.trigger_ticks is not None]
    assert len(again) == UNHEARD_MAX  # no more than that of this life


def test_after_a_restart_the_position_is_closed_where_no_stop_can_stand(house: House) -> None:
    house.buys()
    passes(house, 30)
    in_vain = [one for one in house.venue.submits() if part_of(one.id) is Part.FLATTEN]
    assert len(in_vain) == UNHEARD_MAX
    house.begin()
    passes(house, 3)
    answered(house)
    passes(house, 9)
    tried = {one.id for one in house.venue.submits() if part_of(one.id) is Part.FLATTEN}
    assert tried and tried.isdisjoint(one.id for one in in_vain)
