"""A take that fills in parts: the rest waits at its level, the stop follows each part, and only the whole is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import BOT, INSTRUMENT, PRICE, TS, House

from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.records import EventKind, Fill
from karat.ports.journal import Intent
from karat.ports.journal import Part as Decided
from karat.ports.trading import Opening
from karat.ports.venue import CancelOrder, Submit

LOTS = 20  # of which the take closes half


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def stands(house: House) -> tuple[Submit, Submit]:
    """The bot holds `LOTS` with a stop below and a take above, which the venue has both."""
    house.quotes()
    meant = house.book.intend(
        Part.ENTRY, 1, LOTS, "test", decision_bar=0, decision_ts=TS, reason=Reason.ENTRY,
        opening=Opening(0.02 * PRICE, 0.01 * PRICE, 3.0, 1.0),
    )  # fmt: skip
    name = ClientOrderId(meant.order.id)
    house.desk.gathered.intents.append(Intent(name, BOT, 0, TS, Decided.ENTRY, 1, 1, LOTS, None, Reason.ENTRY))
    house.desk.flush()
    house.venue.says(EventKind.ACK, name)
    house.venue.says(EventKind.FILL, name, house.fill("entry", LOTS))
    house.desk.flush()
    stop, take = (one for one in house.venue.submits() if one.reduce_only)
    for one in (stop, take):
        house.venue.says(EventKind.ACK, one.id)
    house.desk.flush()
    assert (take.lots, take.limit_ticks is not None, stop.lots) == (10, True, LOTS)
    return stop, take


def takes(house: House, take: Submit, lots: int, name: str) -> None:
    assert take.limit_ticks is not None
    price = Decimal(str(take.limit_ticks * INSTRUMENT.tick))
    fill = Fill(name, house.ms, 0, lots, price, Decimal(0), INSTRUMENT.settle)
    house.venue.says(EventKind.FILL, take.id, fill)
    house.desk.flush()


def cancelled(house: House) -> set[str]:
    return {one.id for one in house.venue.posted if isinstance(one, CancelOrder)}


def newest_stop(house: House) -> Submit:
    return [one for one in house.venue.submits() if one.trigger_ticks is not None][-1]


def test_the_rest_of_a_take_waits_and_the_stop_is_lowered(house: House) -> None:
    _, take = stands(house)
    takes(house, take, 4, "first")
    assert take.id not in cancelled(house)
    assert newest_stop(house).lots == 16
    assert (house.book.kernel.levels.has_take, house.book.kernel.levels.took) == (1, 0)
    takes(house, take, 6, "second")
    assert house.book.kernel.holding.lots == 10
    assert (house.book.kernel.levels.has_take, house.book.kernel.levels.took) == (0, 1)


def test_the_rest_is_placed_again_where_the_venue_lets_it_go_also_after_a_restart(house: House) -> None:
    _, take = stands(house)
    takes(house, take, 4, "first")
    house.begin()
    house.venue.says(EventKind.EXPIRE, take.id)
    house.ms += house.desk.timings.chase_ms
    house.quotes()
    house.desk.protect(house.book, "test")
    house.desk.flush()
    (rest,) = (one for one in house.venue.submits() if one.limit_ticks is not None)
    assert (rest.lots, rest.limit_ticks) == (6, take.limit_ticks)
    house.venue.says(EventKind.ACK, rest.id)
    takes(house, replace(take, id=rest.id), 6, "rest")
    assert (house.book.kernel.holding.lots, house.book.kernel.levels.took) == (10, 1)
