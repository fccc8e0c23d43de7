"""How long a position stood without its stop: counted over restarts, shown as what it is now and in all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import BOT, House

from karat.app.bot_views import protection_json
from karat.bots.desk.timings import Timings
from karat.bots.desk.watching import Watch
from karat.control.protection import protection_of
from karat.kernel.state import state_from_bytes
from karat.oms.records import EventKind
from karat.ports.protection import Cover, Protection

PATIENT = Timings(uncovered_alarm_ms=10**9, uncovered_max_ms=10**9)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def shown(house: House) -> Protection:
    kernel = house.journal.status(BOT).kernel
    found = protection_of(house.journal, BOT, state_from_bytes(kernel) if kernel else None)
    record = house.journal.bot(BOT)
    told = {"cover": found.cover.value, "unprotected_seconds": found.unprotected_seconds}
    assert protection_json(house.journal, record) == told
    return found


def ticks(house: House, watch: Watch, *after_ms: int) -> None:
    for ms in after_ms:
        house.ms += ms
        watch.tick(house.ms)


def test_seconds_without_a_stop_add_up_over_a_restart_and_end_with_its_acknowledgement(house: House) -> None:
    assert shown(house) == Protection(Cover.FLAT, 0.0)
    stop, watch = house.buys(), Watch(house.desk, PATIENT)
    assert stop.lots == 10
    ticks(house, watch, 100, 1_000, 1_000)  # the first look finds it bare; two seconds follow
    assert shown(house) == Protection(Cover.BARE, 2.0)
    house.ms += 4_000  # the process dies, and another begins
    house.begin()
    watch = Watch(house.desk, PATIENT)
    ticks(house, watch, 0)
    assert shown(house) == Protection(Cover.BARE, 6.0), "nobody protected it meanwhile"
    house.venue.says(EventKind.ACK, stop.id)
    ticks(house, watch, 500, 60_000)
    assert shown(house) == Protection(Cover.COVERED, 6.5), "it was covered at some time in the half second"
    assert Watch(house.desk, PATIENT).covers[BOT].unprotected_ms == 6_500


def test_a_clock_that_is_set_back_takes_nothing_away(house: House) -> None:
    house.buys()
    watch = Watch(house.desk, PATIENT)
    ticks(house, watch, 0, 1_500, -700, 1_000)
    assert shown(house) == Protection(Cover.BARE, 2.5)


def test_a_look_that_finds_all_well_writes_nothing(house: House) -> None:
    house.venue.says(EventKind.ACK, house.buys().id)
    house.desk.flush()
    before = house.journal.facts()
    ticks(house, Watch(house.desk, PATIENT), 1_000, 1_000)
    assert house.journal.facts() == before and shown(house).cover is Cover.COVERED


def stops(house: House) -> list[str]:
    return [one.id for one in house.venue.submits() if one.trigger_ticks is not None]


def test_a_stop_that_stood_and_is_ended_is_replaced_at_once_and_one_that_is_refused_after_a_while(house: House) -> None:
    stood = house.stands()
    house.ms += 60_000
    house.venue.says(EventKind.EXPIRE, stood.id)
    (new,) = stops(house)
    house.ms += 10
    house.venue.says(EventKind.REJECT, new)
    assert stops(house) == [new]  # a venue that refuses at once would be asked without end
    ticks(house, Watch(house.desk, PATIENT), PATIENT.chase_ms)
    assert len(stops(house)) == 2
