"""Lots that nobody's order brought: two looks have to agree, and one that cannot tell puts nothing off."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.bots.slow_venue import CANDLES, INSTRUMENT, TS, House

from karat.bots.desk.reconciling import Reconciler
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.oms.client_ids import Part
from karat.oms.reconcile import VenueOrder, VenueView
from karat.oms.records import EventKind
from karat.ports.venue import Look, Looked, Submit

MARKET = CANDLES.market


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


@pytest.fixture
def looking(house: House) -> Reconciler:
    """The bot holds 10 lots, whose stop stands."""
    house.stands()
    found = Reconciler(house.desk)
    found.restore()
    found.starting = False
    return found


def looks(house: House, looking: Reconciler, held: int, answer_ms: int = 1) -> None:
    """The venue shows its stop and `held` lots, after so long."""
    house.ms += house.desk.timings.reconcile_busy_ms
    looking.tick(house.ms)
    asked = [one for one in house.venue.posted if isinstance(one, Look)][-1]
    (stop,) = (one for one in house.book.live_orders() if one.trigger_ticks is not None)
    shown = VenueOrder(
        stop.id, f"v-{stop.id}", MARKET, stop.side, stop.lots, 0, None, stop.trigger_ticks, reduce_only=True
    )
    house.ms += answer_ms
    answers(house, looking, asked, (shown,), held)


def answers(
    house: House, looking: Reconciler, asked: Look, shown: tuple[VenueOrder, ...], held: int, money: int = 1_000
) -> None:
    house.desk.told(Looked(VenueView(asked.id, shown, {MARKET: held}, {INSTRUMENT.settle: Decimal(money)})))
    looking.tick(house.ms)


def tries_to_leave(house: House) -> Submit:
    meant = house.book.intend(
        Part.EXIT, -1, 10, "test", decision_bar=1, decision_ts=TS + 60_000, reason=Reason.SIGNAL, reduce_only=True
    )
    house.desk.flush()
    (sent,) = (one for one in house.venue.submits() if one.id == meant.order.id)
    return sent


def declared(house: House) -> int:
    return sum(house.desk.external.get(MARKET, {}).values())


def test_two_looks_that_agree_declare(house: House, looking: Reconciler) -> None:
    looks(house, looking, 13)
    assert declared(house) == 0
    looks(house, looking, 13)
    assert declared(house) == 3


def test_a_look_with_an_exit_under_way_puts_nothing_off(house: House, looking: Reconciler) -> None:
    looks(house, looking, 13)
    leaves = tries_to_leave(house)
    looks(house, looking, 13)
    assert declared(house) == 0  # what is missing may be its fill
    house.venue.says(EventKind.REJECT, ClientOrderId(leaves.id))
    looks(house, looking, 13)
    assert declared(house) == 3


def test_a_difference_that_was_another_meanwhile_has_to_be_seen_twice_again(house: House, looking: Reconciler) -> None:
    looks(house, looking, 13)
    leaves = tries_to_leave(house)
    looks(house, looking, 11)
    house.venue.says(EventKind.REJECT, ClientOrderId(leaves.id))
    looks(house, looking, 13)
    assert declared(house) == 0
    looks(house, looking, 13)
    assert declared(house) == 3


def test_answers_that_are_always_late_are_compared_all_the_same_and_let_no_entry_leave(
    house: House, looking: Reconciler
) -> None:
    late_ms = house.desk.timings.reconcile_answer_ms
    looks(house, looking, 13, late_ms)
    looks(house, looking, 13, late_ms)
    assert declared(house) == 3
    looks(house, looking, 13, late_ms)
    assert not house.desk.condition.reconciled  # books and venue agree, as of who knows when
    looks(house, looking, 13)
    assert house.desk.condition.reconciled


def test_an_answer_that_is_overtaken_by_a_newer_one_is_passed_over(house: House, looking: Reconciler) -> None:
    house.ms += house.desk.timings.reconcile_busy_ms
    looking.tick(house.ms)
    (old,) = (one for one in house.venue.posted if isinstance(one, Look))
    looks(house, looking, 10)
    assert house.desk.condition.reconciled
    answers(house, looking, old, (), 0)  # it knows nothing of the position
    assert house.desk.condition.reconciled and looking.last is not None and not looking.last.drifts


def test_money_that_two_old_pictures_lack_is_nobodys_only_when_new_ones_do(house: House) -> None:
    looking = Reconciler(house.desk)
    looking.restore()
    told: list[Decimal] = []
    late_ms = house.desk.timings.reconcile_answer_ms
    for money, answer_ms in (1_000, 1), (900, late_ms), (900, late_ms), (900, 1), (900, 1):
        house.ms += house.desk.timings.reconcile_ms
        looking.tick(house.ms)
        asked = [one for one in house.venue.posted if isinstance(one, Look)][-1]
        house.ms += answer_ms
        answers(house, looking, asked, (), 0, money)
        assert looking.opening is not None
        told.append(looking.opening[INSTRUMENT.settle])
    assert told == [1_000, 1_000, 1_000, 1_000, 900]
