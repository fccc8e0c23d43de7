"""What a desk writes is in the journal whole or not at all, and is read back as it was."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.journal.conftest import Opens
from tests.unit.journal.desk_entries import (
    ADA,
    NOW_MS,
    account,
    event,
    full_record,
    order_fill,
    order_name,
    order_record,
    trace,
    transaction,
)
from tests.unit.journal.entries import ANCHOR, bar_entry, bot_record, fill, intent, trade

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.journal.store import SqlJournal
from karat.oms.records import Status
from karat.ports.cockpit import BotState
from karat.ports.events import MACHINE_KINDS, EventKind
from karat.ports.trading import Booked, StateChange, TradingJournal


@pytest.fixture
def token(journal: SqlJournal) -> int:
    return journal.take_lease("one", NOW_MS, 1_000)


def test_everything_of_a_transaction_is_read_back(journal: SqlJournal, token: int) -> None:
    desk: TradingJournal = journal
    meant = intent("ada", 0)
    newest = desk.write(
        transaction(
            token,
            bars=(bar_entry("ada", 0, intents=(meant,)),),
            orders=(order_record(0), full_record()),
            accounts=(account(),),
            facts={"kill": {"level": 2, "by": "operator"}},
            states=(StateChange(ADA, BotState.HALTED, "the breaker"),),
            traces=(trace(0),),
            events=(event(EventKind.INTENT), event(EventKind.BREAKER, "too much lost", bot=None, cause="risk")),
        )
    )
    assert newest == 2
    assert desk.intents(ADA) == (meant,)
    assert desk.orders_of(ADA) == (order_record(0), full_record())
    assert desk.order(order_name(7)) == full_record() and desk.order(order_name(8)) is None
    assert desk.accounts() == (account(),)
    assert str(desk.accounts()[0].fees["BNB"]) == "-1E-18"
    assert desk.facts() == {"kill": {"level": 2, "by": "operator"}}
    assert desk.traces(ADA, 0, ANCHOR + 1) == (trace(0),)
    status = desk.status(ADA)
    assert (status.state, status.cause, status.bars) == (BotState.HALTED, "the breaker", 1)
    first, second = desk.log(0, 9)
    assert (first.sequence, first.at_ms, first.bot, first.bar_ts, first.kind) == (1, NOW_MS, ADA, ANCHOR, "intent")
    assert (second.bot, second.text, second.cause, second.payload) == (None, "too much lost", "risk", {"price": 100.1})
    assert desk.log(1, 9) == (second,) and desk.log(0, 1) == (first,)


def test_an_order_is_written_over_and_its_fills_are_added(journal: SqlJournal, token: int) -> None:
    late, early = order_fill(9, ts=NOW_MS + 5), order_fill(3, ts=NOW_MS)
    journal.write(transaction(token, orders=(order_record(0, late), order_record(1))))
    both = order_record(0, early, late, status=Status.PARTLY_FILLED)
    journal.write(transaction(token, orders=(both,)))
    assert journal.open_orders() == (both, order_record(1)), "in the order in which they were first written"
    done = order_record(0, early, late, order_fill(10, ts=NOW_MS + 6), status=Status.FILLED)
    journal.write(transaction(token, orders=(done,)))
    assert journal.open_orders() == (order_record(1),)
    assert journal.order(done.order.id) == done


def test_an_ended_order_with_fills_to_come_is_still_open(journal: SqlJournal, token: int) -> None:
    missing = order_record(0, status=Status.CANCELLED, reported_lots=2)
    over = order_record(1, status=Status.CANCELLED)
    journal.write(transaction(token, orders=(missing, over)))
    assert journal.open_orders() == (missing,)


def test_the_next_intent_is_counted_from_the_names_of_orders(journal: SqlJournal, token: int) -> None:
    journal.create_bot(bot_record("bea"))
    assert journal.next_intent(ADA) == 0
    journal.write(transaction(token, orders=(order_record(4), order_record(2), order_record(9, bot="bea"))))
    assert (journal.next_intent(ADA), journal.next_intent(BotId("bea"))) == (5, 10)
    assert (journal.number_of(ADA), journal.number_of(BotId("bea"))) == (1, 2)


def test_fills_between_bars_move_the_state_and_no_bar(journal: SqlJournal, token: int) -> None:
    meant = intent("ada", 0)
    journal.write(transaction(token, bars=(bar_entry("ada", 0, intents=(meant,)),)))
    opened, closed = fill("ada", 0, 1, meant.id), fill("ada", 1, 1, meant.id, side=-1)
    booked = Booked(ADA, b"between", (opened, closed), (trade("ada"),))
    journal.write(transaction(token, booked=(booked,)))
    status = journal.status(ADA)
    assert (status.bars, status.last_ts, status.kernel) == (1, ANCHOR, b"between")
    assert journal.fills(ADA) == (opened, closed) and journal.trade_count(ADA) == 1
    with pytest.raises(NeedsOperator) as again:
        journal.write(transaction(token, booked=(replace(booked, kernel=b"again"),)))
    assert again.value.code == "journal_conflict"
    assert journal.status(ADA).kernel == b"between"
    journal.write(transaction(token, bars=(bar_entry("ada", 1),)))
    assert journal.status(ADA).kernel == bar_entry("ada", 1).kernel


def test_what_cannot_be_written_whole_is_not_written(journal: SqlJournal, token: int) -> None:
    first = transaction(token, bars=(bar_entry("ada", 0, intents=(intent("ada", 0),)),))
    journal.write(first)
    before = (journal.status(ADA), journal.last_event_id(), journal.facts())
    used = transaction(
        token, intents=(intent("ada", 0),), orders=(order_record(0),), facts={"a": {"b": 1}},
        events=(event(EventKind.SIGNAL), event(EventKind.ALARM)), states=(StateChange(ADA, BotState.RUNNING, "x"),),
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        journal.write(used)
    assert refused.value.code == "signal_used"
    with pytest.raises(NeedsOperator) as conflict:
        journal.write(replace(used, intents=(), bars=(bar_entry("ada", 2),)))
    assert conflict.value.code == "journal_conflict"
    assert journal.log(0, 9) == () and journal.open_orders() == ()
    assert (journal.status(ADA), journal.last_event_id(), journal.facts()) == before
    assert journal.write(replace(used, intents=())) == 2, "what was not written has left no gap"


def test_facts_replace_what_stood_under_their_names(journal: SqlJournal, token: int) -> None:
    journal.write(transaction(token, facts={"a": {"x": 1}, "b": {"y": [1, None, "z"]}}))
    journal.write(transaction(token, facts={"a": {"w": 2.5}, "b": {}, "c": {}}))
    assert journal.facts() == {"a": {"w": 2.5}}


def test_traces_come_with_the_one_before_them(journal: SqlJournal, token: int) -> None:
    journal.write(transaction(token, traces=tuple(trace(bar) for bar in (0, 3, 4, 7))))
    journal.write(transaction(token, traces=(trace(4, "affordable"),)))
    assert journal.traces(ADA, ANCHOR + 35, ANCHOR + 70) == (trace(3), trace(4, "affordable"))
    assert journal.traces(ADA, ANCHOR, ANCHOR + 1) == (trace(0),)
    assert journal.traces(ADA, ANCHOR - 9, ANCHOR) == ()


def test_people_are_not_told_of_every_step_of_a_machine(journal: SqlJournal, token: int) -> None:
    journal.write(transaction(token, events=tuple(event(kind, kind) for kind in EventKind if kind != EventKind.MARKED)))
    told = [one.kind for one in journal.events(99)][::-1]
    assert told == [kind for kind in EventKind if kind not in MACHINE_KINDS | {EventKind.MARKED}]
    assert [one.kind for one in journal.events_after(0, 99)] == told
    assert [one.kind for one in journal.log(0, 99)] == [kind for kind in EventKind if kind != EventKind.MARKED]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.sampled_from(["bar", "desk", "refused", "state"]), st.integers(0, 3)), max_size=8))
def test_events_are_numbered_without_a_gap_and_followers_miss_nothing(
    journal: SqlJournal, parts: list[tuple[str, int]]
) -> None:
    token = journal.take_lease("one", NOW_MS, 1_000)
    seen = journal.last_event_id()
    before = len(journal.events(10_000))
    followed = 0
    for what, amount in parts:
        bar = journal.status(ADA).bars
        events = tuple(event(kind) for kind in (EventKind.SENT, EventKind.RISK, EventKind.FILLED)[:amount])
        if what == "bar":
            entry = replace(bar_entry("ada", 0), bar=bar, ts=ANCHOR + bar)
            journal.write(transaction(token, bars=(entry,)))
        elif what == "desk":
            journal.write(transaction(token, events=events))
        elif what == "state":
            running = StateChange(ADA, BotState.RUNNING, "")
            journal.write(transaction(token, states=(running,), events=(event(EventKind.STARTED),)))
        else:
            with pytest.raises(NeedsOperator):
                journal.write(transaction(token, events=events, bars=(bar_entry("ada", bar + 1),)))
        new = journal.events_after(seen, 99)
        assert all(one.id < two.id for one, two in pairwise(new))
        followed += sum(one.kind != EventKind.MARKED for one in new)
        seen = max([seen, *(one.id for one in new)])
    assert [one.sequence for one in journal.log(0, 10_000)] == list(range(1, len(journal.log(0, 10_000)) + 1))
    assert followed == len(journal.events(10_000)) - before and seen == journal.last_event_id()


def test_one_writes_and_the_next_one_waits_for_the_lease_to_end(opens: Opens, journal: SqlJournal) -> None:
    other = opens()
    first = journal.take_lease("one", NOW_MS, 1_000)
    with pytest.raises(RetryLater) as held:
        other.take_lease("two", NOW_MS + 999, 1_000)
    assert held.value.code == "lease_held"
    journal.renew_lease(first, NOW_MS + 900, 1_000)
    with pytest.raises(RetryLater):
        other.take_lease("two", NOW_MS + 1_899, 1_000)
    second = other.take_lease("two", NOW_MS + 1_900, 1_000)
    assert second > first
    for late in (
        lambda: journal.write(transaction(first, events=(event(EventKind.SENT),))),
        lambda: journal.renew_lease(first, NOW_MS, 9_000),
        lambda: journal.write(transaction(0)),
    ):
        with pytest.raises(NeedsOperator) as lost:
            late()
        assert lost.value.code == "lease_lost"
    journal.release_lease(first)  # not his any more: nothing happens
    other.renew_lease(second, NOW_MS + 1_900, 1_000)
    with pytest.raises(RetryLater):
        journal.take_lease("one", NOW_MS + 1_901, 1_000)
    assert journal.log(0, 9) == ()
    other.release_lease(second)
    third = journal.take_lease("one", NOW_MS + 1_901, 1_000)
    assert third > second
    assert journal.take_lease("one", NOW_MS + 1_902, 1_000) > third, "one's own lease is no obstacle"


def test_after_a_death_nobody_waits(opens: Opens, journal: SqlJournal) -> None:
    first = journal.take_lease("one", NOW_MS, 10**9)
    journal.close()  # the system lets go of what a dead process held
    other = opens()
    second = other.take_lease("two", NOW_MS + 1, 1_000)
    assert second > first


def test_nobody_writes_without_ever_having_taken_the_lease(journal: SqlJournal) -> None:
    with pytest.raises(NeedsOperator) as lost:
        journal.write(transaction(0))
    assert lost.value.code == "lease_lost"


def test_every_journal_has_an_origin_of_its_own(opens: Opens, journal: SqlJournal) -> None:
    assert 0 <= journal.origin < 36**5
    assert opens().origin == journal.origin


def test_exact_books_are_kept_to_the_last_digit(journal: SqlJournal, token: int) -> None:
    exact = replace(account(), cost=Decimal("123456789012345678901234567890.123456789"), realised=Decimal("0E-8"))
    journal.write(transaction(token, accounts=(account(),)))
    journal.write(transaction(token, accounts=(exact,)))
    (found,) = journal.accounts()
    assert found == exact and str(found.realised) == "0E-8"
