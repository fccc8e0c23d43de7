"""A database that is locked: no entry leaves, what protects a position does, and the next life knows of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import BOT, House

from karat.bots.desk.watching import Watch
from karat.core.errors import NeedsOperator
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.journal.emergency import EmergencyFile
from karat.journal.place import journal_path
from karat.oms.client_ids import Part
from karat.oms.records import EventKind, Status
from karat.ports.trading import Opening
from karat.ports.venue import LookUp, Submit

OTHER = ClientOrderId("k00007000900000001s00")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(EmergencyFile(tmp_path, 1)) as emergency:
        made = House(tmp_path, emergency=emergency)
        yield made
        made.journal.close()


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Another process holds a transaction open."""
    with closing(sqlite3.connect(journal_path(house.home), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def passes(house: House, ms: int) -> None:
    house.ms += ms
    Watch(house.desk, house.desk.timings).tick(house.ms)


def loses_its_stop(house: House) -> Submit:
    """The venue takes the stop of the bot away; the one that leaves in its place."""
    stop = house.stands()
    with locked(house):
        house.venue.says(EventKind.EXPIRE, stop.id)
        passes(house, 2_000)
        assert not house.desk.condition.store_writable
        assert ("gate_shut", "the journal cannot be written") in house.desk.condition.wrong(BOT, "", house.ms)
    (again,) = (one for one in house.venue.submits() if one.trigger_ticks is not None)
    return again


def kept(house: House) -> list[ClientOrderId]:
    assert isinstance(house.emergency, EmergencyFile)
    with closing(EmergencyFile(house.home, 1)) as read:  # as it is on the disk
        assert read.kept() == house.emergency.kept()
        return [one.order.id for one in read.kept()]


def test_a_stop_leaves_once_it_is_kept_and_is_written_when_that_is_possible(house: House) -> None:
    stop = loses_its_stop(house)
    assert (stop.side, stop.lots, stop.reduce_only) == (-1, 10, True) and stop.id in kept(house)
    assert house.journal.order(stop.id) is None
    assert house.desk.flush() and house.desk.condition.store_writable
    written = house.journal.order(stop.id)
    assert written is not None and written.order.status is Status.SENT
    assert kept(house) == [] and house.venue.submits().count(stop) == 1
    alarms = [one.text for one in house.journal.log(0, 1_000) if one.payload.get("alarm") == "journal_down"]
    assert len(alarms) == 1 and "database is locked" in alarms[0]


def test_a_process_that_died_meanwhile_finds_what_left_and_asks_the_venue_for_it(house: House) -> None:
    stop = loses_its_stop(house)
    house.begin()
    written = house.journal.order(stop.id)
    assert written is not None and written.order.status is Status.SENT and kept(house) == []
    assert house.venue.submits() == []  # it is not sent twice
    passes(house, 2_000)
    assert stop.id in [one.id for one in house.venue.posted if isinstance(one, LookUp)]


def test_orders_of_a_bot_that_an_older_journal_does_not_know_need_a_person(house: House) -> None:
    stop = loses_its_stop(house)
    assert isinstance(house.emergency, EmergencyFile)
    (order,) = house.emergency.kept()
    house.emergency.keep([replace(order, bot=BotId("eve"), order=replace(order.order, id=OTHER))])
    with pytest.raises(NeedsOperator) as refused:
        house.begin()
    assert refused.value.code == "emergency_foreign"
    assert house.emergency.path.name in refused.value.message and "'eve'" in refused.value.message
    assert set(kept(house)) == {stop.id, OTHER} and house.venue.posted == []


def test_an_entry_waits_and_does_not_leave_when_it_has_become_old(house: House) -> None:
    house.quotes()
    with locked(house):
        meant = house.book.intend(
            Part.ENTRY, 1, 10, "test", decision_bar=0, decision_ts=house.ms, reason=Reason.ENTRY,
            opening=Opening(1.0, None, 3.0, 1.0),
        )  # fmt: skip
        house.desk.flush()
        passes(house, 2_000)  # nothing was heard of it for so long
    assert house.desk.flush()
    assert house.venue.submits() == [] and kept(house) == []
    assert house.book.register.orders[meant.order.id].status is Status.UNKNOWN


def test_without_an_emergency_journal_everything_waits(tmp_path: Path) -> None:
    house = House(tmp_path)
    stop = house.stands()
    with locked(house):
        house.venue.says(EventKind.EXPIRE, stop.id)
        passes(house, 2_000)
        assert house.venue.submits() == []
    passes(house, 0)
    assert house.desk.flush()
    assert [one.trigger_ticks for one in house.venue.submits()] == [stop.trigger_ticks]
    house.journal.close()
