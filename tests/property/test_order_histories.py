"""A venue's true history of an order ends the same however it is told: twice, out of order, or late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oms.orders import ARRIVAL_MS_MAX, K, S, filled, name, order, word

from karat.oms.accounts import SidedFill, Terms, folded
from karat.oms.client_ids import Part
from karat.oms.edges import allowed
from karat.oms.netting import Book
from karat.oms.order import step
from karat.oms.records import TERMINAL, EffectKind, Event, EventKind, Fill, Order
from karat.oms.register import Register

TERMS = Terms(Decimal("0.001"), Decimal(1), False, "USDT")


@dataclass(frozen=True)
class History:
    """What the venue did with `order`, in its order; `asks` whether we wanted it cancelled."""

    order: Order
    words: tuple[Event, ...]
    asks: bool


@st.composite
def histories(draw: st.DrawFn, intent: int = 0) -> History:
    lots = draw(st.integers(1, 12))
    of = order(lots, draw(st.sampled_from((-1, 1))), intent)
    if draw(st.integers(0, 5)) == 0:
        return History(of, (word(K.REJECT, of),), False)
    words, done, asks = [word(K.ACK, of)], 0, False
    for number in range(draw(st.integers(0, 5))):
        size = draw(st.integers(1, max(lots - done, 1)))
        if done < lots:
            done += size
            price = Decimal(draw(st.integers(1, 500))) / 4
            one = Fill(
                f"t{intent}-{number}", 1_000 + draw(st.integers(0, 1)), number, size, price, Decimal("0.1"), "USDT"
            )
            words.append(filled(of, one, done))
    if done < lots:
        end = draw(st.sampled_from((None, K.CANCEL_DONE, K.EXPIRE)))
        asks = end == K.CANCEL_DONE or draw(st.booleans())
        words += [word(end, of, done)] if end else [word(K.CANCEL_REFUSED, of, done, number=1)] if asks else []
    return History(of, tuple(words), asks)


@st.composite
def tellings(draw: st.DrawFn, history: History) -> list[Event]:
    """Every word at least once, some several times, in any order; our own steps somewhere among them."""
    of = history.order
    again = draw(st.lists(st.sampled_from(history.words), max_size=6))
    heard = draw(st.permutations([*history.words, *again]))
    told = [word(K.SEND, of), *heard]
    if draw(st.booleans()):
        told.insert(draw(st.integers(1, len(told))), word(K.TIME_OUT, of))
    if history.asks:
        answers = [at for at, event in enumerate(told) if event.kind == K.CANCEL_REFUSED]
        told.insert(draw(st.integers(1, min(answers, default=len(told)))), word(K.CANCEL, of))
    if draw(st.booleans()):
        told.insert(draw(st.integers(1, len(told))), word(K.SEND, of))
    return told


def after(of: Order, events: list[Event]) -> Order:
    """Tells the events, and checks at every step what holds at every step."""
    submits = 0
    for event in events:
        before = of
        of, effects = step(of, event)
        submits += sum(effect.kind == EffectKind.SUBMIT for effect in effects)
        assert of.status in allowed(before.status, event.kind)
        assert of.filled_lots >= before.filled_lots
        assert before.status not in TERMINAL or of.status == before.status
        assert {fill.id for fill in before.fills} <= {fill.id for fill in of.fills}
    assert submits == 1
    return of


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_telling_of_a_history_ends_in_the_same_order(data: st.DataObject) -> None:
    history = data.draw(histories())
    plain = [word(K.SEND, history.order), *history.words]
    if history.asks:
        plain.insert(len(plain) - 1, word(K.CANCEL, history.order))
    truth = after(history.order, plain)
    heard = after(history.order, data.draw(tellings(history)))
    # How often we asked is our own story: a request after the end is not made.
    assert replace(heard, cancels=0, cancels_refused=0) == replace(truth, cancels=0, cancels_refused=0)
    assert truth.filled_lots == truth.reported_lots == sum(event.fill.lots for event in history.words if event.fill)
    assert truth.reserved_lots == (0 if truth.status in TERMINAL else truth.lots - truth.filled_lots)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_was_lost_for_a_while_is_reserved_until_it_is_told(data: st.DataObject) -> None:
    """Any part of the words may be missing: what is booked and reserved always covers what truly happened."""
    history = data.draw(histories())
    told = data.draw(tellings(history))
    first = data.draw(st.lists(st.booleans(), min_size=len(told), max_size=len(told)))
    early = [told[0], *(event for event, now in zip(told[1:], first[1:], strict=True) if now)]
    late = [event for event, now in zip(told[1:], first[1:], strict=True) if not now]
    half = after(history.order, early)
    happened = sum(event.fill.lots for event in history.words if event.fill)
    assert half.filled_lots + half.reserved_lots >= happened
    assert after_more(half, sorted(late, key=told.index)).fills == after(history.order, told).fills


def after_more(of: Order, events: list[Event]) -> Order:
    for event in events:
        of, _ = step(of, event)
    return of


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_position_is_the_sum_of_distinct_fills_whatever_order_they_came_in(data: st.DataObject) -> None:
    two = [data.draw(histories(intent)) for intent in range(2)]
    told = [event for history in two for event in data.draw(tellings(history))]
    sends = [event for event in told if event.kind == K.SEND]
    told = [*sends, *data.draw(st.permutations([event for event in told if event.kind >= K.ACK]))]
    register, book = Register(), Book(TERMS)
    for history in two:
        register, _ = register.intend(history.order)
    for event in told:
        register, _ = register.take(event)
        if event.order is not None:
            book = book.book(register.orders[event.order])
    truth = [SidedFill(history.order.side, event.fill) for history in two for event in history.words if event.fill]
    assert book.holding(1) == folded(truth, TERMS)
    assert book.net_lots == sum(one.side * one.fill.lots for one in truth)


KINDS = st.sampled_from([kind for kind in EventKind if kind != K.FILL])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(KINDS, st.integers(0, 2), st.integers(0, 2)), max_size=14), st.booleans())
def test_an_intent_never_has_two_orders_that_may_both_live(
    happenings: list[tuple[EventKind, int, int]], unique: bool
) -> None:
    """Whatever happens, and however often the next attempt is tried, one order at a time may still fill."""
    register = Register()
    for kind, attempt, number in [(K.SEND, 0, 0), *happenings]:
        for one in range(3):
            register, _ = register.intend(order(5, intent=7, attempt=one, unique=unique))
        of = register.orders.get(name(7, Part.ENTRY, attempt))
        if of is None:
            continue
        # What was given up stays given up here: a venue that breaks its own bound is a story of its own.
        if of.given_up and kind >= K.ACK:
            continue
        register, _ = register.take(word(kind, of, number=number, after_ms=ARRIVAL_MS_MAX + number))
        lives = [one for one in register.orders.values() if not one.is_over]
        assert len(lives) <= 1
        assert all(one.sends <= 1 or unique for one in register.orders.values())


def test_the_histories_reach_every_end() -> None:
    of = order(2)
    ends = {after(of, [word(K.SEND, of), word(kind, of)]).status for kind in (K.REJECT, K.CANCEL_DONE, K.EXPIRE, K.ACK)}
    assert ends == {S.REJECTED, S.CANCELLED, S.EXPIRED, S.ACKNOWLEDGED}
