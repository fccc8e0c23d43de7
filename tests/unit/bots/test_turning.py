"""A bot that turns at a venue with a time of its own: first out, then in, and never the one in place of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import BOT, PRICE, TS, House

from karat.bots.desk.draining import recall_entries
from karat.bots.desk.watching import Watch
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.records import EventKind, Status
from karat.ports.journal import Intent
from karat.ports.journal import Part as Decided
from karat.ports.trading import Opening, OrderRecord
from karat.ports.venue import CancelOrder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def means(house: House, part: Part, side: int, *, grows: bool = False) -> OrderRecord:
    opening = None if part is Part.EXIT else Opening(0.02 * PRICE, None, 3.0, 1.0, is_add=grows)
    reason = Reason.SIGNAL if part is Part.EXIT else Reason.ENTRY
    meant = house.book.intend(
        part, side, 10, "test", decision_bar=1, decision_ts=TS + 60_000, reason=reason, opening=opening,
        reduce_only=part is Part.EXIT,
    )  # fmt: skip
    decided = Decided.EXIT if part is Part.EXIT else Decided.ENTRY
    name = ClientOrderId(meant.order.id)
    house.desk.gathered.intents.append(Intent(name, BOT, 1, TS + 60_000, decided, side, 2, 10, None, reason))
    return meant


def turns(house: House) -> tuple[OrderRecord, OrderRecord]:
    leaves, enters = means(house, Part.EXIT, -1), means(house, Part.ENTRY, -1)
    assert house.desk.flush()
    assert [one.id for one in house.venue.submits()] == [leaves.order.id]
    return leaves, enters


def sold(house: House, order: OrderRecord) -> None:
    house.venue.says(EventKind.ACK, order.order.id)
    house.venue.says(EventKind.FILL, order.order.id, house.fill(f"of {order.order.id}", 10))
    assert house.desk.flush()


def status(house: House, order: OrderRecord) -> Status:
    return house.book.register.orders[order.order.id].status


def test_the_entry_leaves_when_the_exit_has_filled_and_the_old_stop_is_gone(house: House) -> None:
    stop = house.stands()
    leaves, enters = turns(house)
    sold(house, leaves)
    assert house.book.kernel.holding.lots == 0
    assert [one.id for one in house.venue.posted if isinstance(one, CancelOrder)] == [stop.id]
    assert status(house, enters) is Status.INTENDED
    house.venue.says(EventKind.CANCEL_DONE, stop.id)
    assert house.desk.flush()
    assert [one.id for one in house.venue.submits()] == [leaves.order.id, enters.order.id]
    sold(house, enters)
    held = house.book.kernel.holding
    assert (held.side, held.lots, house.book.open_fills[0].reason) == (-1, 10, Reason.ENTRY)


def test_an_entry_never_leaves_where_the_old_position_is_still_held(house: House) -> None:
    stop = house.stands()
    leaves, enters = turns(house)
    house.venue.says(EventKind.REJECT, leaves.order.id)
    assert status(house, enters) is Status.INTENDED  # the exit is tried again
    house.venue.says(EventKind.EXPIRE, stop.id)
    assert house.desk.flush()
    assert status(house, enters) is Status.CANCELLED
    assert enters.order.id not in [one.id for one in house.venue.submits()]


def test_an_entry_that_has_waited_for_too_long_never_leaves(house: House) -> None:
    house.stands()
    _, enters = turns(house)
    house.ms += house.desk.timings.entry_wait_ms
    Watch(house.desk, house.desk.timings).tick(house.ms)
    assert status(house, enters) is Status.CANCELLED


def test_an_entry_that_is_recalled_while_it_waits_is_gone_for_good(house: House) -> None:
    stop = house.stands()
    leaves, enters = turns(house)
    recall_entries(house.book, "kill")
    assert status(house, enters) is Status.CANCELLED and house.book.waiting == ()
    assert house.desk.flush()
    sold(house, leaves)
    house.venue.says(EventKind.CANCEL_DONE, stop.id)
    assert house.desk.flush()
    assert [one.id for one in house.venue.submits()] == [leaves.order.id]


def test_what_adds_to_a_position_leaves_beside_its_stop_and_not_beside_an_exit(house: House) -> None:
    house.stands()
    adds = means(house, Part.ENTRY, 1, grows=True)
    assert house.desk.flush()
    assert [one.id for one in house.venue.submits()] == [adds.order.id]
    sold(house, adds)
    leaves, late = means(house, Part.EXIT, -1), means(house, Part.ENTRY, 1, grows=True)
    assert (status(house, leaves), status(house, late)) == (Status.SENT, Status.INTENDED)
