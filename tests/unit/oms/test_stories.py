"""What went wrong elsewhere, told to our orders. Each name ends with the failure's number in the reference."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.oms.orders import ARRIVAL_MS_MAX, K, S, alarms, fill, filled, kinds, order, told, word

from karat.oms.order import step
from karat.oms.records import Alarm, EffectKind, Event
from karat.oms.register import Register

OF = order()


def test_a_submit_times_out_though_the_order_lives_V1() -> None:
    unknown, effects = step(told(OF, K.SEND), word(K.TIME_OUT, OF))
    assert (unknown.status, unknown.reserved_lots, kinds(effects)) == (S.UNKNOWN, 10, [EffectKind.LOOK_UP])
    careful = replace(unknown, id_is_unique=False)
    assert alarms(step(careful, word(K.RESEND, OF))[1]) == [Alarm.BLIND_RETRY]
    assert told(unknown, K.ACK).status == S.ACKNOWLEDGED


def test_not_found_proves_nothing_before_the_venues_bound_V2() -> None:
    unknown = told(OF, K.SEND, K.TIME_OUT)
    early = [word(K.ABSENT, OF, number=1, after_ms=age) for age in (1, ARRIVAL_MS_MAX - 1, ARRIVAL_MS_MAX)]
    first, second = (word(K.ABSENT, OF, number=1, after_ms=ARRIVAL_MS_MAX + more) for more in (1, 500))
    assert told(unknown, *early, first).status == S.UNKNOWN
    assert told(unknown, first, first).status == S.UNKNOWN  # one look, told twice
    gone = told(unknown, first, second)
    assert (gone.status, gone.reserved_lots, gone.given_up) == (S.EXPIRED, 0, True)


def test_an_order_given_up_arrives_after_all_and_is_cancelled_V2() -> None:
    looks = (word(K.ABSENT, OF, number=1, after_ms=ARRIVAL_MS_MAX + more) for more in (1, 500))
    gone = told(OF, K.SEND, K.TIME_OUT, *looks)
    alive, effects = step(gone, word(K.ACK, OF))
    assert alarms(effects) == [Alarm.ALIVE_AFTER_END]
    assert (kinds(effects), alive.status, alive.reserved_lots) == ([EffectKind.CANCEL], S.EXPIRED, 10)
    part, effects = step(alive, filled(OF, fill(1, 4), 4))
    assert (part.filled_lots, part.reserved_lots) == (4, 6)
    assert EffectKind.BOOK in kinds(effects)
    assert told(part, word(K.CANCEL_DONE, OF, 4)).reserved_lots == 0


def test_a_look_from_before_the_second_sending_proves_nothing_about_it_V2() -> None:
    stale = [word(K.ABSENT, OF, number=1, after_ms=ARRIVAL_MS_MAX + more) for more in (1, 2)]
    assert told(OF, K.SEND, K.TIME_OUT, K.RESEND, K.TIME_OUT, *stale).status == S.UNKNOWN


def test_the_transport_sent_it_twice_and_the_venue_refused_the_second_V19() -> None:
    after, effects = step(told(OF, K.SEND), word(K.DUPLICATE_ID, OF))
    assert (after.status, alarms(effects)) == (S.UNKNOWN, [Alarm.ID_TAKEN])
    assert kinds(effects) == [EffectKind.LOOK_UP]  # the first of the two may be live: never a rejection


def test_no_count_of_time_outs_ends_an_order_V3() -> None:
    assert told(OF, K.SEND, *(K.TIME_OUT,) * 50).status == S.UNKNOWN


def test_the_stream_lost_a_fill_and_the_poll_counts_it_V8() -> None:
    heard, effects = step(told(OF, K.SEND, K.ACK), word(K.ACK, OF, lots=6))
    assert (heard.missing_lots, heard.reserved_lots, kinds(effects)) == (6, 10, [EffectKind.FETCH_FILLS])


def test_cancelled_with_nothing_filled_yet_it_traded_V11() -> None:
    ended = told(OF, K.SEND, K.ACK, K.CANCEL_DONE)
    after, effects = step(ended, filled(OF, fill(1, 3)))
    assert (after.status, after.filled_lots) == (S.CANCELLED, 3)
    assert alarms(effects) == [Alarm.FILL_AFTER_CANCEL]


def test_a_crash_after_the_intent_leaves_nothing_and_after_the_sending_a_question_O1() -> None:
    assert told(OF, K.WITHDRAW).status == S.CANCELLED
    assert told(OF, K.SEND, K.WITHDRAW, K.TIME_OUT).status == S.UNKNOWN


def test_a_cancel_races_a_fill_and_loses_O2() -> None:
    asked = told(OF, K.SEND, K.ACK, K.CANCEL)
    after = told(asked, filled(OF, fill(1, 10)), word(K.CANCEL_REFUSED, OF, 10, number=1))
    assert (after.status, after.filled_lots) == (S.FILLED, 10)


def test_a_cancel_without_an_answer_stays_reserved_and_is_asked_again_O3() -> None:
    asked = told(OF, K.SEND, K.ACK, K.CANCEL)
    after, effects = step(asked, word(K.CANCEL_TIME_OUT, OF))
    assert (after.status, after.reserved_lots) == (S.CANCEL_REQUESTED, 10)
    assert kinds(effects) == [EffectKind.CANCEL, EffectKind.LOOK_UP]


def test_a_late_acknowledgement_revives_nothing_O4() -> None:
    for end in (K.CANCEL_DONE, K.EXPIRE):
        after, effects = step(told(OF, K.SEND, end), word(K.ACK, OF))
        assert (after.status in {S.CANCELLED, S.EXPIRED}, effects) == (True, ())


def test_a_fill_without_our_id_comes_before_the_acknowledgement_O5() -> None:
    register, _ = Register().intend(OF)
    register, _ = register.take(word(K.SEND, OF))
    stray = Event(K.FILL, None, f"v-{OF.id}", 4, fill(1, 4))
    register, effects = register.take(stray)
    assert (alarms(effects), register.parked) == ([Alarm.UNKNOWN_ORDER], (stray,))
    register, effects = register.take(word(K.ACK, OF))
    assert (register.parked, register.orders[OF.id].filled_lots) == ((), 4)
    assert EffectKind.BOOK in kinds(effects)


def test_a_word_about_an_intent_not_read_back_yet_waits_for_it_O5() -> None:
    register, effects = Register().take(filled(OF, fill(1, 4)))
    assert alarms(effects) == [Alarm.UNKNOWN_ORDER]
    register, effects = register.intend(OF)
    assert (register.orders[OF.id].filled_lots, register.parked) == (4, ())
    assert Alarm.VENUE_KNEW_UNSENT in alarms(effects)  # the copy of our records is older than the order (D3)


def test_a_fill_told_by_stream_and_poll_moves_the_position_once_O6() -> None:
    once = told(OF, K.SEND, filled(OF, fill(1, 4)))
    assert step(once, filled(OF, fill(1, 4))) == (once, ())
    changed, effects = step(once, filled(OF, fill(1, 5)))
    assert (changed.filled_lots, alarms(effects)) == (4, [Alarm.FILL_CHANGED])


def test_the_end_is_told_before_the_fills_it_counts_O7() -> None:
    ended, effects = step(told(OF, K.SEND, K.ACK), word(K.CANCEL_DONE, OF, lots=6))
    assert (ended.status, ended.reserved_lots, ended.is_over) == (S.CANCELLED, 6, False)
    assert kinds(effects) == [EffectKind.FETCH_FILLS]
    after, effects = step(ended, filled(OF, fill(1, 6), 6))
    assert (after.is_over, alarms(effects)) == (True, [])


def test_an_overfill_is_booked_and_halts_O8() -> None:
    after, effects = step(told(OF, K.SEND, filled(OF, fill(1, 8))), filled(OF, fill(2, 5)))
    assert (after.status, after.filled_lots, alarms(effects)) == (S.FILLED, 13, [Alarm.OVERFILL])
    assert kinds(effects) == [EffectKind.BOOK, EffectKind.HALT]


def test_the_rest_of_a_partly_filled_order_is_cancelled_and_the_part_is_kept_O9() -> None:
    after = told(OF, K.SEND, K.ACK, filled(OF, fill(1, 4), 4), K.CANCEL, word(K.CANCEL_DONE, OF, 4))
    assert (after.status, after.filled_lots, after.is_over) == (S.CANCELLED, 4, True)
    assert (after.average_price, after.fees) == (100, {"USDT": fill(1, 4).fee})


def test_a_restart_intends_the_same_order_again_and_gets_no_second_one_D7() -> None:
    register, _ = Register().intend(OF)
    assert register.intend(OF) == (register, ())
    assert alarms(register.intend(replace(OF, lots=20))[1]) == [Alarm.ID_REUSED]
    assert alarms(register.intend(order(attempt=1))[1]) == [Alarm.SECOND_ORDER_FOR_INTENT]
    register, _ = register.take(word(K.SEND, OF))
    register, _ = register.take(word(K.REJECT, OF))
    assert register.intend(order(attempt=1))[1] == ()


def ended(*events: Event) -> Register:
    register, _ = Register().intend(OF)
    for event in (word(K.SEND, OF), word(K.ACK, OF), *events):
        register, _ = register.take(event)
    return register


def test_the_next_attempt_waits_for_the_fills_of_the_one_before_O7() -> None:
    counted = ended(word(K.CANCEL_DONE, OF, lots=6))
    assert alarms(counted.intend(order(4, attempt=1))[1]) == [Alarm.SECOND_ORDER_FOR_INTENT]
    booked, _ = counted.take(filled(OF, fill(1, 6), 6))
    assert booked.intend(order(4, attempt=1))[1] == ()


def test_the_next_attempt_asks_for_no_more_than_was_left_S2() -> None:
    partly = ended(filled(OF, fill(1, 6), 6), word(K.CANCEL_DONE, OF, lots=6))
    assert alarms(partly.intend(order(5, attempt=1))[1]) == [Alarm.SECOND_ORDER_FOR_INTENT]
    assert alarms(partly.intend(order(4, attempt=2))[1]) == [Alarm.SECOND_ORDER_FOR_INTENT]
    assert partly.intend(order(4, attempt=1))[1] == ()


def test_a_fill_of_an_order_retired_long_ago_is_not_lost_O17() -> None:
    register = ended(filled(OF, fill(1, 6), 6), word(K.CANCEL_DONE, OF, lots=6))
    kept = register.orders[OF.id]
    small = register.retire([OF.id])
    assert (small.orders, small.by_venue_id) == ({}, {})
    told_late, effects = small.take(Event(K.FILL, None, kept.venue_id, 6, fill(2, 1)))
    assert alarms(effects) == [Alarm.UNKNOWN_ORDER]
    back, effects = told_late.intend(kept)
    assert (back.orders[OF.id].filled_lots, back.parked) == (7, ())
    assert alarms(effects) == [Alarm.FILL_AFTER_CANCEL]


def test_an_order_that_may_still_do_something_is_not_retired() -> None:
    counted = ended(word(K.CANCEL_DONE, OF, lots=6))
    assert counted.retire([OF.id]) == counted
