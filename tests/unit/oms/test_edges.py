"""Every event in every status: the table is whole, and no step leaves it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oms.orders import ARRIVAL_MS_MAX, K, S, alarms, fill, filled, kinds, order, told, word

from karat.oms.edges import EDGES, Outcome, allowed
from karat.oms.order import step
from karat.oms.records import OURS, TERMINAL, Alarm, EffectKind, Event, EventKind, Order, Status

OPEN = order()
SENT = told(OPEN, K.SEND)
ACKED = told(SENT, K.ACK)
STANDS: dict[Status, Order] = {
    S.INTENDED: OPEN,
    S.SENT: SENT,
    S.UNKNOWN: told(SENT, K.TIME_OUT),
    S.ACKNOWLEDGED: ACKED,
    S.PARTLY_FILLED: told(ACKED, filled(OPEN, fill(1, 4))),
    S.FILLED: told(ACKED, filled(OPEN, fill(1, 10))),
    S.CANCEL_REQUESTED: told(ACKED, K.CANCEL),
    S.CANCELLED: told(ACKED, K.CANCEL_DONE),
    S.REJECTED: told(SENT, K.REJECT),
    S.EXPIRED: told(ACKED, K.EXPIRE),
}


def variants(kind: EventKind, of: Order) -> list[Event]:
    if kind == K.FILL:
        sizes = (1, 10, 11, 0, -1)
        return [filled(of, fill(number, lots)) for number in (1, 2) for lots in sizes] + [word(kind, of)]
    ages = (0, ARRIVAL_MS_MAX + 1, ARRIVAL_MS_MAX + 2)
    return [word(kind, of, lots, number, age) for lots in (0, 10) for number in (0, 1, 2) for age in ages]


def test_the_table_has_a_cell_for_every_event_in_every_status() -> None:
    assert set(EDGES) == {(status, kind) for status in Status for kind in EventKind}
    assert {status: of.status for status, of in STANDS.items()} == {status: status for status in Status}


@pytest.mark.parametrize("kind", EventKind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_no_step_leaves_the_table(status: Status, kind: EventKind) -> None:
    edge, before = EDGES[status, kind], STANDS[status]
    for start in (before, replace(before, id_is_unique=False)):
        for event in variants(kind, start):
            after, effects = step(start, event)
            assert after.status in allowed(status, kind)
            assert after.filled_lots >= start.filled_lots and after.reported_lots >= start.reported_lots
            assert edge.alarm is None or kind == K.FILL or edge.alarm in alarms(effects)
            if edge.outcome == Outcome.IGNORED and event.lots == 0 and not edge.checked:
                assert (after, effects) == (replace(start, venue_id=after.venue_id), ())


def test_what_has_ended_stays_ended() -> None:
    for status in TERMINAL:
        assert all(allowed(status, kind) == {status} for kind in EventKind if kind != K.FILL or status != S.FILLED)
        assert all(step(STANDS[status], event)[0].status == status for event in variants(K.FILL, STANDS[status]))


def test_only_two_edges_let_an_order_leave() -> None:
    submits = {cell for cell, edge in EDGES.items() if EffectKind.SUBMIT in edge.effects}
    assert submits == {(S.INTENDED, K.SEND), (S.UNKNOWN, K.RESEND)}


def test_from_unknown_nothing_of_ours_leads_on_but_the_proof_of_absence_and_the_same_order_again() -> None:
    leading = {kind for kind in OURS if allowed(S.UNKNOWN, kind) != {S.UNKNOWN}}
    assert leading == {K.ABSENT, K.RESEND}


def test_a_time_out_is_never_a_rejection() -> None:
    assert allowed(S.SENT, K.TIME_OUT) == {S.UNKNOWN}
    assert all(S.REJECTED not in allowed(status, K.TIME_OUT) for status in Status if status != S.REJECTED)


def test_a_cancel_request_ends_nothing_that_has_left() -> None:
    ended = {status for status in Status for to in allowed(status, K.CANCEL) & TERMINAL if to != status}
    assert ended == {S.INTENDED}


@pytest.mark.parametrize(
    ("status", "kind", "alarm"),
    [
        (S.REJECTED, K.ACK, Alarm.ACK_AFTER_REJECT),
        (S.REJECTED, K.FILL, Alarm.FILL_AFTER_REJECT),
        (S.ACKNOWLEDGED, K.REJECT, Alarm.REJECT_AFTER_ACK),
        (S.INTENDED, K.ACK, Alarm.VENUE_KNEW_UNSENT),
        (S.FILLED, K.CANCEL_DONE, Alarm.END_AFTER_FILL),
        (S.CANCELLED, K.EXPIRE, Alarm.CONTRADICTING_END),
        (S.ACKNOWLEDGED, K.ABSENT, Alarm.WORKING_ORDER_ABSENT),
        (S.SENT, K.RESEND, Alarm.BLIND_RETRY),
        (S.CANCELLED, K.SEND, Alarm.SEND_AFTER_END),
        (S.SENT, K.WITHDRAW, Alarm.WITHDRAWN_TOO_LATE),
        (S.INTENDED, K.TIME_OUT, Alarm.NOT_SENT),
    ],
)
def test_contradictions_have_names(status: Status, kind: EventKind, alarm: Alarm) -> None:
    event = filled(OPEN, fill(9, 1)) if kind == K.FILL else word(kind, OPEN)
    assert alarm in alarms(step(STANDS[status], event)[1])


def test_a_cancel_asked_before_the_venue_was_heard_is_asked_again_when_it_is() -> None:
    unheard, effects = step(STANDS[S.UNKNOWN], word(K.CANCEL, OPEN))
    assert (unheard.status, kinds(effects)) == (S.UNKNOWN, [EffectKind.CANCEL])
    heard, effects = step(unheard, word(K.ACK, OPEN))
    assert (heard.status, kinds(effects)) == (S.CANCEL_REQUESTED, [EffectKind.CANCEL])


def test_a_refusal_of_an_older_cancel_request_says_nothing_about_the_newer() -> None:
    first = told(ACKED, K.CANCEL, word(K.CANCEL_REFUSED, OPEN, number=1))
    assert first.status == S.ACKNOWLEDGED
    second = told(first, K.CANCEL, word(K.CANCEL_REFUSED, OPEN, number=1))
    assert second.status == S.CANCEL_REQUESTED


def test_a_refusal_of_a_request_never_made_lets_no_later_one_pass_for_answered() -> None:
    asked = told(ACKED, K.CANCEL, word(K.CANCEL_REFUSED, OPEN, number=9))
    assert (asked.status, asked.cancel_is_open) == (S.CANCEL_REQUESTED, True)


OF_THE_REGISTER = {Alarm.UNKNOWN_ORDER, Alarm.SECOND_ORDER_FOR_INTENT, Alarm.ID_REUSED}


def test_every_alarm_is_raised_by_something_a_venue_or_we_can_say() -> None:
    given_up = replace(STANDS[S.EXPIRED], given_up=True)
    raised = {
        alarm
        for start in (*STANDS.values(), replace(STANDS[S.UNKNOWN], id_is_unique=False), given_up)
        for kind in EventKind
        for event in variants(kind, start)
        for told_as in (event, replace(event, venue_id="another"))
        for alarm in alarms(step(start, told_as)[1])
    }
    assert raised == set(Alarm) - OF_THE_REGISTER
