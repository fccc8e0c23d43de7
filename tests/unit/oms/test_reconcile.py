"""Our records against the venue's, after a restart, a lost stream, a trade by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oms.orders import MARKET, K, S, alarms, fill, filled, name, order, told

from karat.oms.accounts import Terms
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.netting import Book
from karat.oms.reconcile import Drift, DriftKind, Ours, Reconciled, VenueOrder, VenueView, confirmed, reconcile
from karat.oms.records import Effect, EffectKind, Event, Order
from karat.oms.register import Register

TERMS = Terms(Decimal("0.1"), Decimal(1), False, "USDT")


def ours(*orders: Order, starting: bool = False) -> Ours:
    book = Book(TERMS)
    for one in orders:
        book = book.book(one)
    return Ours(Register({one.id: one for one in orders}), {MARKET: book}, {}, starting)


def shown(of: Order, filled_lots: int = 0) -> VenueOrder:
    levels = of.limit_ticks, of.trigger_ticks, of.reduce_only
    return VenueOrder(of.id, f"v-{of.id}", of.market, of.side, of.lots, filled_lots, *levels)


def look(*orders: VenueOrder, lots: int = 0, at: str = "look-1") -> VenueView:
    return VenueView(at, orders, {MARKET: lots}, {})


def names(result: Reconciled) -> list[DriftKind]:
    return [drift.kind for drift in result.drifts]


def mended(before: Ours, result: Reconciled) -> Ours:
    register = before.register
    for event in result.events:
        register, _ = register.take(event)
    return replace(before, register=register, starting=False)


def test_agreement_is_empty_and_lets_entries() -> None:
    working = told(order(), K.SEND, K.ACK)
    assert reconcile(ours(working), look(shown(working))) == Reconciled((), (), (), ())
    assert reconcile(ours(working), look(shown(working))).lets_entries


def test_a_start_after_a_crash_asks_about_what_was_sent_and_forgets_what_was_not_O1() -> None:
    unsent, unheard, found = order(), told(order(intent=1), K.SEND), told(order(intent=2), K.SEND)
    before = ours(unsent, unheard, found, starting=True)
    result = reconcile(before, look(shown(found)))
    assert names(result) == [DriftKind.UNSENT, DriftKind.UNHEARD, DriftKind.FOUND]
    assert not result.lets_entries
    after = mended(before, result).register.orders
    assert [after[name(intent)].status for intent in range(3)] == [S.CANCELLED, S.UNKNOWN, S.ACKNOWLEDGED]


def test_an_order_that_the_list_does_not_show_is_looked_up_and_not_ended_V2() -> None:
    for known in (told(order(), K.SEND, K.ACK), told(order(), K.SEND, K.TIME_OUT)):
        result = reconcile(ours(known), look())
        assert (names(result), result.events) == ([DriftKind.NOT_SHOWN], ())
        assert result.effects == (Effect(EffectKind.LOOK_UP, known.id),)


def test_a_fill_lost_on_the_stream_is_fetched_and_the_position_waits_for_it_V8() -> None:
    working = told(order(), K.SEND, K.ACK)
    result = reconcile(ours(working), look(shown(working, 4), lots=4))
    assert names(result) == [DriftKind.FILLS_MISSING, DriftKind.POSITION_UNSETTLED]
    register, effects = Register({working.id: working}).take(result.events[0])
    assert effects == (Effect(EffectKind.FETCH_FILLS, working.id),)
    booked = told(register.orders[working.id], filled(working, fill(1, 4), 4))
    assert reconcile(ours(booked), look(shown(booked, 4), lots=4)) == Reconciled((), (), (), ())


def test_an_order_we_gave_up_is_found_alive_and_cancelled_V2() -> None:
    gone = replace(order(), status=S.EXPIRED, sends=1, given_up=True)
    result = reconcile(ours(gone), look(shown(gone)))
    assert names(result) == [DriftKind.ALIVE_AFTER_END]
    _, effects = Register({gone.id: gone}).take(result.events[0])
    assert EffectKind.CANCEL in [effect.kind for effect in effects]
    ended = told(order(), K.SEND, K.CANCEL_DONE)
    assert reconcile(ours(ended), look(shown(ended))).effects == (Effect(EffectKind.CANCEL, ended.id),)


def test_a_stop_of_ours_that_nobody_remembers_is_cancelled_and_a_persons_order_is_not_H1() -> None:
    mine = told(order(), K.SEND, K.ACK)
    orphan = replace(shown(order(intent=9, part=Part.STOP)), venue_id="v9")
    by_hand = replace(orphan, id=None, venue_id="v8")
    of_another = replace(orphan, id=client_order_id(OrderKey(7, 1, 9, Part.STOP)), venue_id="v7")
    result = reconcile(ours(mine), look(shown(mine), orphan, by_hand, of_another))
    assert names(result) == [DriftKind.ORPHAN, DriftKind.FOREIGN_ORDER, DriftKind.FOREIGN_ORDER]
    assert result.effects == (Effect(EffectKind.CANCEL, name(9, Part.STOP)),)


def test_an_order_ten_times_as_large_as_meant_halts_its_market_V16() -> None:
    meant = told(order(10), K.SEND, K.ACK)
    result = reconcile(ours(meant), look(replace(shown(meant), lots=100)))
    assert names(result) == [DriftKind.CONTENT_DIFFERS]
    assert result.effects == (Effect(EffectKind.HALT, meant.id),)


def test_a_liquidation_that_nobody_told_is_declared_when_two_looks_agree_O18() -> None:
    whole = told(order(10), K.SEND, filled(order(10), fill(1, 10), 10))
    first, second = (reconcile(ours(whole), look(lots=0, at=at)) for at in ("look-1", "look-2"))
    assert first.drifts == (Drift(DriftKind.POSITION_DIFFERS, MARKET, Decimal(-10)),)
    agreed = confirmed(first, second)
    assert [(one.id, one.lots) for one in agreed] == [(f"look-2:{MARKET}", -10)]
    book = ours(whole).books[MARKET].declare(agreed[0].id, agreed[0].lots)
    assert book.net_lots == 0
    assert book.holding(1).lots == 10  # the bot's own book is not rewritten: it has to be told and halted
    assert confirmed(reconcile(ours(whole), look(lots=10)), second) == ()


def test_what_was_not_read_is_a_drift_and_no_entry() -> None:
    result = reconcile(replace(ours(), balances={"USDT": Decimal(5)}), VenueView("look-1", (), {}, {}))
    assert names(result) == [DriftKind.POSITION_NOT_READ, DriftKind.BALANCE_NOT_READ]
    assert not result.lets_entries


def test_balances_differ_to_the_last_digit_and_are_only_told() -> None:
    mine = replace(ours(), balances={"USDT": Decimal("5.00")})
    theirs = replace(look(), balances={"USDT": Decimal("5.000000000001"), "BNB": Decimal(1)})
    result = reconcile(mine, theirs)
    assert [(drift.subject, drift.amount) for drift in result.drifts] == [
        ("BNB", Decimal(1)),
        ("USDT", Decimal("0.000000000001")),
    ]
    assert (result.events, result.effects) == ((), ())


STEPS = st.sampled_from(
    ([], [K.SEND], [K.SEND, K.TIME_OUT], [K.SEND, K.ACK], [K.SEND, K.ACK, K.CANCEL], [K.SEND, K.REJECT])
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(STEPS, st.booleans(), st.integers(0, 10)), max_size=5))
def test_mending_twice_is_mending_once_and_nothing_is_sent_D6(worlds: list[tuple[list[Event], bool, int]]) -> None:
    orders = [told(order(intent=at), *steps) for at, (steps, _, _) in enumerate(worlds)]
    view = look(*(shown(of, lots) for of, (_, there, lots) in zip(orders, worlds, strict=True) if there))
    before = ours(*orders, starting=True)
    first = reconcile(before, view)
    after = mended(before, first)
    second = reconcile(after, view)
    assert {DriftKind.UNSENT, DriftKind.UNHEARD, DriftKind.FOUND}.isdisjoint(names(second))
    assert mended(after, second) == mended(mended(after, second), reconcile(mended(after, second), view))
    allowed = {EffectKind.LOOK_UP, EffectKind.CANCEL, EffectKind.FETCH_FILLS, EffectKind.HALT}
    assert {effect.kind for effect in (*first.effects, *second.effects)} <= allowed
    assert all(one.sends == was.sends for one, was in zip(after.register.orders.values(), orders, strict=True))
    assert alarms(first.effects) == []
