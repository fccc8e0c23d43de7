"""An order of which nothing is known costs few requests: venues count them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import House

from karat.bots.desk.watching import Watch
from karat.oms.records import Event, EventKind, Status
from karat.ports.venue import CancelOrder, LookUp, OrderSaid, Submit


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
    looked = sum(isinstance(one, LookUp) and one.id == lost.id for one in house.venue.posted)
    assert 5 <= looked <= 8  # when it became unknown, when it was refused, and every two seconds
    house.venue.says(EventKind.ACK, lost.id)
    house.desk.flush()
    assert cancels(house, lost) + cancels(house, other) == 2  # of two alike either may go
