"""An order of which nothing is known costs few requests: venues count them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import House

from karat.bots.desk.protecting import leaves_alone
from karat.bots.desk.watching import Watch
from karat.oms.records import Event, EventKind, Status
from karat.ports.venue import CancelOrder, FetchFills, Linked, LookUp, OrderSaid, Submit, Traits


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
