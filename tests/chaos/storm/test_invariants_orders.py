"""S1 to S5, S7, S9, S10: each fires on a history that breaks it, and is silent on one that does not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.chaos.storm.histories import BOT, OTHER, History, M, an_order, recorded, submitted
from tests.chaos.storm.invariants.books import Fills, Sums
from tests.chaos.storm.invariants.exits import ExitsOnlyReduce, Outsized
from tests.chaos.storm.invariants.orders import Intended, Monotonic, Once, OneEntry, WellFormed

from karat.oms.client_ids import Part
from karat.oms.records import EventKind, Status
from karat.ports.trading import AccountRecord, Opening
from karat.ports.venue import CancelOrder


def test_s1_an_order_that_leaves_after_its_intent_is_fine_and_one_before_is_not() -> None:
    order, history = an_order(), History(Intended())
    history.commit(order)
    history.post(submitted(order))
    assert history.names == []
    history.post(submitted(an_order(intent=1)))
    assert history.names == ["S1"]


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (an_order(lots=9), an_order(lots=10)),
        (an_order(status=Status.INTENDED, sends=0), an_order()),
        (an_order(), an_order(sends=2)),
    ],
    ids=["another size", "not yet sent by the books", "a sending that is not in the books"],
)
def test_s1_what_leaves_is_what_was_written(written, left) -> None:
    history = History(Intended())
    history.commit(written)
    history.post(submitted(left))
    assert history.names == ["S1"]


def test_s2_one_sending_leaves_once_and_an_id_has_one_content() -> None:
    order, history = an_order(), History(Once())
    history.post(submitted(order))
    history.post(submitted(order, number=2))
    assert history.names == []
    history.post(submitted(order, number=2))
    history.post(submitted(order, number=3, lots=11))
    assert history.names == ["S2", "S2"]


def test_s2_no_second_sending_of_risk_where_ids_are_not_unique() -> None:
    history = History(Once(), unique=False)
    history.post(submitted(an_order(Part.STOP, -1, trigger_ticks=29_000, sends=2)))
    assert history.names == []
    history.post(submitted(an_order(sends=2)))
    assert history.names == ["S2"]


def test_s2_two_attempts_alive_at_the_venue_are_one_too_many() -> None:
    history = History(Once())
    for attempt, expected in ((0, []), (1, ["S2"])):
        order = an_order(limit_ticks=29_900, attempt=attempt)
        history.exchange.submit(submitted(order))
        history.arrive(submitted(order))
        assert history.names == expected


def test_s3_a_signal_gives_one_entry_for_ever() -> None:
    history = History(OneEntry())
    history.commit(an_order())
    history.commit(an_order(status=Status.UNKNOWN), an_order(attempt=1), an_order(Part.STOP, -1, intent=1))
    assert history.names == []
    history.commit(an_order(intent=2))
    assert history.names == ["S3"]


def test_s3_nothing_leaves_beside_an_entry_of_which_nothing_is_known() -> None:
    for status, expected in ((Status.EXPIRED, []), (Status.UNKNOWN, ["S3"])):
        history, again = History(OneEntry()), an_order(attempt=1)
        history.commit(an_order(status=status), again)
        history.post(submitted(again))
        assert history.names == expected


def test_s4_a_fill_is_a_trade_of_the_venue_booked_once_and_kept() -> None:
    history = History(Fills())
    order = history.trade(an_order())
    history.commit(order)
    assert history.names == []
    history.commit(replace(order, fills=()))
    history.commit(replace(order, fills=(replace(order.fills[0], lots=9),), id=an_order(intent=1).id))
    assert history.names == ["S4"] * 3  # lost; no trade of that order, and booked to two


def test_s4_a_fill_with_another_price_is_not_the_venue_s() -> None:
    history = History(Fills())
    order = history.trade(an_order())
    history.commit(replace(order, fills=(replace(order.fills[0], price=Decimal(1)),)))
    assert history.names == ["S4"]


def test_s4_an_overfill_halts_its_market() -> None:
    history = History(Fills())
    history.exchange.tricks.overfill_next = 2
    order = history.trade(an_order())
    history.commit(order)
    history.post(submitted(an_order(Part.STOP, -1, intent=1)))
    assert (order.filled_lots, history.names) == (12, [])
    history.post(submitted(an_order(intent=2)))
    assert history.names == ["S4"]


def test_s5_an_account_is_the_sum_of_its_fills() -> None:
    for wrong, expected in ({}, []), ({"lots": 9}, ["S5"]), ({"realised": Decimal(1)}, ["S5"]), ({"fees": {}}, ["S5"]):
        history = History(Sums())
        order = history.trade(an_order())
        cost = sum(fill.price * fill.lots for fill in order.fills) * Decimal("0.001")
        account = AccountRecord(BOT, M, 10, cost, Decimal(0), order.fees)
        history.commit(order, accounts=[replace(account, **wrong)])
        assert history.names == expected


def test_s5_fills_without_an_account_are_noticed() -> None:
    history = History(Sums())
    history.commit(history.trade(an_order()))
    assert history.names == ["S5"]


def test_s7_a_stop_is_marked_and_an_exit_fits_the_position() -> None:
    history = History(ExitsOnlyReduce())
    history.commit(history.trade(an_order()))
    for intent, order in enumerate(
        (an_order(Part.STOP, -1), an_order(Part.FLATTEN, -1), an_order(Part.EXIT, -1, 10)), 1
    ):
        mine = replace(order, id=an_order(Part(order.id[18]), intent=intent).id)
        history.commit(mine)
        history.post(submitted(mine))
    assert history.names == []
    for order in (
        an_order(Part.STOP, -1, intent=7, reduce_only=False),
        an_order(Part.EXIT, -1, 11, 8, reduce_only=False),
    ):
        history.commit(order)
        history.post(submitted(order))
    assert history.names == ["S7", "S7", "S7"]  # the exit is too large, and nobody stands against it


@pytest.mark.parametrize(
    ("ready", "grows", "expected"),
    [
        (an_order(Part.EXIT, -1), False, ["S7"]),
        (an_order(Part.STOP, -1, trigger_ticks=29_000), False, ["S7"]),
        (an_order(Part.STOP, -1, trigger_ticks=29_000, status=Status.CANCELLED), False, []),
        (an_order(Part.STOP, -1, trigger_ticks=29_000), True, []),
        (an_order(Part.EXIT, -1), True, ["S7"]),
    ],
    ids=["beside an exit", "beside an old stop", "after it", "an add beside its stop", "an add beside an exit"],
)
def test_s7_an_entry_leaves_when_what_closed_before_it_is_over(ready, grows, expected) -> None:
    history, entry = History(ExitsOnlyReduce()), an_order(intent=1)
    history.commit(ready)
    history.commit_records(replace(recorded(entry), opening=Opening(1.0, None, 3.0, 1.0, is_add=grows)))
    history.post(submitted(entry))
    assert history.names == expected


def test_s7_an_exit_leaves_unmarked_where_another_bot_stands_against_its_own() -> None:
    for other_side, expected in ((-1, []), (1, ["S7"])):
        history = History(ExitsOnlyReduce())
        history.commit(history.trade(an_order()))
        other = history.trade(an_order(side=other_side, intent=3, bot=2))
        history.commit_of(OTHER, other)
        history.wait(1_000)
        leaves = an_order(Part.FLATTEN, -1, 10, 1, reduce_only=False)
        history.commit(leaves)
        history.post(submitted(leaves))
        assert history.names == expected


def test_s7_what_an_exit_brought_in_from_another_bot_has_to_go_soon() -> None:
    for wait_ms, expected in ((20_000, []), (40_000, ["S7"])):
        history = History(ExitsOnlyReduce())
        history.commit_of(OTHER, history.trade(an_order(intent=3, bot=2)))
        history.commit(history.trade(an_order(Part.TAKE, -1, 4, 1)))
        history.wait(wait_ms)
        assert history.names[:1] == expected


def test_s7_time_to_go_begins_when_the_venue_holds_what_could_be_closed() -> None:
    history = History(ExitsOnlyReduce())
    history.exchange.trade_by_hand(M, 1, 4)
    history.commit(history.trade(an_order(Part.TAKE, -1, 4)))  # the hand's lots are gone, the bot's book is short
    history.wait(60_000)
    history.exchange.trade_by_hand(M, -1, 10)
    history.wait(20_000)
    assert history.names == []
    history.wait(20_000)
    assert history.names[:1] == ["S7"]


def test_s7_a_stop_for_more_than_its_bot_holds_has_to_make_way() -> None:
    standing, unheard = Status.ACKNOWLEDGED, Status.UNKNOWN
    for lots, status, outweighed, expected in (
        (10, standing, 0, []), (11, standing, 0, ["S7"]), (11, standing, 20, []), (11, unheard, 0, []),
    ):  # fmt: skip
        history = History(Outsized())
        history.commit(history.trade(an_order()))
        if outweighed:
            history.exchange.trade_by_hand(M, -1, outweighed)
        stop = an_order(Part.STOP, -1, lots, 1, trigger_ticks=29_000)
        history.exchange.submit(submitted(stop))
        history.commit(replace(stop, status=status))
        history.wait(30_000)
        assert history.names == []
        history.wait(2_000)
        assert history.names[:1] == expected


def test_s7_an_exit_that_turns_its_bot_is_noticed() -> None:
    for lots, expected in ((10, []), (11, ["S7"])):
        history = History(ExitsOnlyReduce())
        history.commit(history.trade(an_order()))
        history.commit(history.trade(an_order(Part.EXIT, -1, lots, 1, reduce_only=False)))
        history.wait(1_000)
        assert history.names == expected


def test_s9_the_end_is_the_end() -> None:
    history = History(Monotonic())
    order = history.trade(an_order())
    history.commit(order)
    assert history.names == []
    history.commit(replace(order, status=Status.ACKNOWLEDGED))
    assert history.names == ["S9"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (EventKind.CANCEL_DONE, Status.CANCELLED),
        (EventKind.REJECT, Status.REJECTED),
        (EventKind.EXPIRE, Status.EXPIRED),
    ],
)
def test_s9_only_the_venue_s_word_ends_an_order(kind: EventKind, status: Status) -> None:
    for heard in (True, False):
        history, order = History(Monotonic()), an_order()
        history.commit(order)
        history.post(submitted(order))
        if heard:
            history.word(kind, order)
        history.commit(replace(order, status=status))
        assert history.names == ([] if heard else ["S9"])


@pytest.mark.parametrize(("looks", "wait_ms", "expected"), [(2, 6_000, []), (1, 6_000, ["S9"]), (2, 4_000, ["S9"])])
def test_s9_absence_is_proved_by_two_looks_after_the_bound(looks: int, wait_ms: int, expected: list[str]) -> None:
    history, order = History(Monotonic()), an_order()
    history.commit(order)
    history.post(submitted(order))
    history.wait(wait_ms)
    for _ in range(looks):
        history.word(EventKind.ABSENT, order, number=1, after_ms=wait_ms)
    history.commit(replace(order, status=Status.EXPIRED))
    assert history.names == expected


def test_s9_filled_is_filled_whole_and_what_never_left_is_withdrawn() -> None:
    history = History(Monotonic())
    history.commit(an_order(status=Status.CANCELLED, sends=0))
    assert history.names == []
    history.commit(an_order(intent=1, status=Status.FILLED))
    history.commit(an_order(intent=2, status=Status.REJECTED))
    assert history.names == ["S9", "S9"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lots": 10.0}, {"lots": 0}, {"lots": -5}, {"limit_ticks": 2.5}, {"trigger_ticks": 0}, {"side": 2},
        {"lots": 10**9}, {"lots": 1}, {"market": "storm:NOWHERE"},
    ],
)  # fmt: skip
def test_s10_only_whole_positive_numbers_within_bounds_leave(wrong: dict) -> None:
    history = History(WellFormed())
    history.post(submitted(an_order(limit_ticks=29_000)))
    history.post(CancelOrder(an_order().id, M, None, 1))
    assert history.names == []
    history.post(submitted(an_order(), **wrong))
    assert set(history.names) == {"S10"}
