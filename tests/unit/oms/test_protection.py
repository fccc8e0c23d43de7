"""Stops that are replaced, lost and left over: told by hand, and against an adversary."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oms.orders import K, S, fill, filled, order, told, word

from karat.core.ids import ClientOrderId
from karat.oms.client_ids import Part
from karat.oms.order import step
from karat.oms.protection import UNHEARD_MAX, Action, Cancel, Flatten, Place, Plan, Protected, plan_protection
from karat.oms.records import TERMINAL, EffectKind, Order

LONG = Protected(10, 95)


def stop(intent: int, lots: int = 10, ticks: int = 95, side: int = -1) -> Order:
    return order(lots, side, intent, part=Part.STOP, trigger=ticks)


def take(intent: int, lots: int, ticks: int = 120) -> Order:
    return order(lots, -1, intent, part=Part.TAKE, limit=ticks)


def live(of: Order) -> Order:
    return told(of, K.SEND, K.ACK)


def test_a_new_position_gets_its_stop_and_then_rests() -> None:
    assert plan_protection(LONG, []) == Plan((Place(Part.STOP, -1, 10, 95),), 0)
    assert plan_protection(LONG, [told(stop(0), K.SEND)]) == Plan((), 0)
    assert plan_protection(LONG, [live(stop(0))]) == Plan((), 10)


def test_the_first_partial_fill_is_protected_and_the_second_with_it_by_one_stop_O9() -> None:
    assert plan_protection(Protected(4, 95), []).actions == (Place(Part.STOP, -1, 4, 95),)
    assert plan_protection(LONG, [live(stop(0, 4))]) == Plan((Place(Part.STOP, -1, 10, 95),), 4)
    assert plan_protection(LONG, [live(stop(0, 4)), live(stop(1))]) == Plan((Cancel(stop(0).id),), 10)


def test_without_a_stop_to_want_there_is_none() -> None:
    assert plan_protection(Protected(10, None), []) == Plan((), 0)
    assert plan_protection(Protected(10, None), [live(stop(0))]).actions == (Cancel(stop(0).id),)


def test_the_old_stop_goes_only_when_its_successor_is_acknowledged_O11() -> None:
    old, new, trailed = live(stop(0, ticks=95)), stop(1, ticks=97), Protected(10, 97)
    assert plan_protection(trailed, [old]) == Plan((Place(Part.STOP, -1, 10, 97),), 10)
    assert plan_protection(trailed, [old, told(new, K.SEND)]) == Plan((), 10)
    assert plan_protection(trailed, [old, live(new)]) == Plan((Cancel(old.id),), 10)
    assert plan_protection(trailed, [told(old, K.CANCEL), live(new)]) == Plan((), 10)


def test_one_successor_is_under_way_at_a_time() -> None:
    old, coming = live(stop(0, ticks=95)), told(stop(1, ticks=97), K.SEND)
    assert plan_protection(Protected(10, 98), [old, coming]) == Plan((), 10)
    assert plan_protection(Protected(10, 98), [old, live(stop(1, ticks=97))]).actions == (Place(Part.STOP, -1, 10, 98),)
    assert plan_protection(Protected(14, 98), [old, coming]).actions == (Place(Part.STOP, -1, 14, 98),)  # too small
    lost = told(stop(1, ticks=97), K.SEND, K.TIME_OUT)
    assert plan_protection(Protected(10, 98), [old, lost]).actions == (Place(Part.STOP, -1, 10, 98),)


def test_another_stop_is_placed_beside_one_of_which_nothing_is_known_O12() -> None:
    lost = told(stop(0), K.SEND, K.TIME_OUT)
    assert plan_protection(LONG, [lost]) == Plan((Place(Part.STOP, -1, 10, 95),), 0)
    assert plan_protection(LONG, [lost, live(stop(1))]).actions == (Cancel(lost.id),)


def test_a_stop_that_cannot_be_placed_ends_in_closing_the_position_O10() -> None:
    lost = [told(stop(number), K.SEND, K.TIME_OUT) for number in range(UNHEARD_MAX)]
    assert plan_protection(LONG, lost).actions == (Flatten(-1, 10),)
    assert plan_protection(replace(LONG, stop_ticks=97), [*lost, live(stop(9))]).actions == ()  # the old one covers


def test_what_another_life_sent_in_vain_is_no_reason_to_send_none_in_this_one_O12() -> None:
    lost = [told(stop(number), K.SEND, K.TIME_OUT) for number in range(2 * UNHEARD_MAX)]
    older = {one.id for one in lost[:UNHEARD_MAX]}
    assert plan_protection(LONG, lost[:-1], older).actions == (Place(Part.STOP, -1, 10, 95),)
    assert plan_protection(LONG, lost, older).actions == (Flatten(-1, 10),)
    assert plan_protection(LONG, [*lost, live(stop(9))], older).actions == tuple(Cancel(one.id) for one in lost)


def test_nothing_is_left_over_a_flat_position_O13() -> None:
    left = live(stop(0))
    assert plan_protection(Protected(0, 95), [left, live(take(1, 5))]).actions == (
        Cancel(left.id),
        Cancel(take(1, 5).id),
    )
    assert plan_protection(Protected(-10, 105), [left]).actions == (Cancel(left.id), Place(Part.STOP, 1, 10, 105))


def test_a_stop_or_take_that_was_asked_to_go_is_no_longer_there() -> None:
    leaving, resting = told(stop(0), K.SEND, K.ACK, K.CANCEL), told(take(1, 4), K.SEND, K.ACK, K.CANCEL)
    assert plan_protection(LONG, [leaving]) == Plan((Place(Part.STOP, -1, 10, 95),), 0)
    # The take may still fill, so its successor waits for its end.
    assert plan_protection(Protected(10, 95, 120, 4), [live(stop(2)), resting]).actions == ()
    both = [live(stop(2)), resting, live(take(3, 4))]
    assert plan_protection(Protected(10, 95, 120, 4), both).actions == ()  # the later one stays
    gone = told(resting, K.CANCEL_DONE)
    assert plan_protection(Protected(10, 95, 120, 4), [live(stop(2)), gone]).actions == (Place(Part.TAKE, -1, 4, 120),)


def test_the_take_reduces_the_stop_of_the_same_position() -> None:
    position = Protected(10, 95, 120, 4)
    whole, resting = live(stop(0)), live(take(1, 4))
    assert plan_protection(position, [whole]).actions == (Place(Part.TAKE, -1, 4, 120),)
    assert plan_protection(position, [whole, resting]).actions == ()
    done = told(resting, filled(resting, fill(1, 4), 4))
    rest = Protected(6, 95)
    assert plan_protection(rest, [whole, done]) == Plan((Place(Part.STOP, -1, 6, 95),), 6)
    assert plan_protection(rest, [whole, done, live(stop(2, 6))]).actions == (Cancel(whole.id),)


def test_a_take_is_moved_by_cancelling_first_and_an_unknown_one_counts_as_there() -> None:
    moved, resting = Protected(10, 95, 125, 4), live(take(1, 4))
    assert plan_protection(moved, [live(stop(0)), resting]).actions == (Cancel(resting.id),)
    assert plan_protection(moved, [live(stop(0)), told(resting, K.CANCEL)]).actions == ()
    gone = told(resting, K.CANCEL, K.CANCEL_DONE)
    assert plan_protection(moved, [live(stop(0)), gone]).actions == (Place(Part.TAKE, -1, 4, 125),)
    unknown = told(take(2, 4, 125), K.SEND, K.TIME_OUT)
    assert plan_protection(moved, [live(stop(0)), unknown]).actions == ()


def test_a_take_of_which_a_fill_is_counted_and_not_told_yet_stays_alone() -> None:
    counted = told(take(1, 4), K.SEND, word(K.ACK, take(1, 4), 3))
    assert plan_protection(Protected(10, 95, 120, 4), [live(stop(0)), counted]).actions == ()
    booked = told(counted, filled(counted, fill(1, 3)))
    assert plan_protection(Protected(7, 95, 120, 1), [live(stop(2, 7)), booked]).actions == ()


def test_a_stop_that_is_said_to_have_traded_covers_only_its_rest() -> None:
    hit = told(stop(0), K.SEND, word(K.ACK, stop(0), 7))
    assert plan_protection(LONG, [hit]) == Plan((Place(Part.STOP, -1, 10, 95),), 3)


LOST, DONE, TOLD, LOST_AWAITED, DONE_AWAITED = range(5)
ARRIVES = {DONE, TOLD, DONE_AWAITED}


class Venue:
    """Holds what arrived. Fates of a message: LOST or DONE and timed out, TOLD, LOST or DONE and awaited."""

    def __init__(self) -> None:
        self.stops: dict[ClientOrderId, Order] = {}
        self.known: dict[ClientOrderId, Order] = {}

    def cover(self) -> int:
        return sum(one.lots for one in self.stops.values())

    def do(self, action: Action, fate: int) -> None:
        if isinstance(action, Place):
            new = order(action.lots, action.side, len(self.known), part=action.part, trigger=action.ticks)
            if fate in ARRIVES:
                self.stops[new.id] = new
            answers = {TOLD: [K.ACK], LOST: [K.TIME_OUT], DONE: [K.TIME_OUT]}.get(fate, [])
            self.known[new.id] = told(new, K.SEND, *answers)
        elif isinstance(action, Cancel):
            of, effects = step(self.known[action.order], word(K.CANCEL, self.known[action.order]))
            if fate in ARRIVES and EffectKind.CANCEL in [effect.kind for effect in effects]:
                self.stops.pop(of.id, None)
            self.known[of.id] = told(of, K.CANCEL_DONE) if fate == TOLD else of

    def tell(self) -> None:
        """What is true of every order that is not over: what reconciliation brings."""
        for name, of in self.known.items():
            if of.status in {S.SENT, S.UNKNOWN} or (of.status not in TERMINAL and name not in self.stops):
                self.known[name] = told(of, K.ACK if name in self.stops else K.CANCEL_DONE)
            elif of.status == S.CANCEL_REQUESTED:
                self.known[name] = told(of, word(K.CANCEL_REFUSED, of, number=of.cancels))


MOVES = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(90, 99), st.lists(st.integers(0, 4), min_size=4, max_size=4), st.booleans()
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 12), MOVES)
def test_whatever_is_lost_a_covered_position_stays_covered(
    lots: int, moves: list[tuple[int, int, list[int], bool]]
) -> None:
    venue, position = Venue(), Protected(lots, 95)
    venue.do(Place(Part.STOP, -1, lots, 95), TOLD)
    for less, ticks, fates, tells in moves:
        position = Protected(max(position.lots - less, 1), ticks)
        plan = plan_protection(position, venue.known.values())
        assert plan.covered_lots == position.lots  # what we believe is no more than what is true
        for action, fate in zip(plan.actions, fates, strict=False):
            assert not isinstance(action, Flatten)
            assert not isinstance(action, Place) or action.lots <= position.lots
            venue.do(action, fate)
            assert venue.cover() >= position.lots
        if tells:
            venue.tell()
    for _ in range(8):
        venue.tell()
        for action in plan_protection(position, venue.known.values()).actions:
            venue.do(action, TOLD)
            assert venue.cover() >= position.lots
    assert plan_protection(position, venue.known.values()).actions == ()
    assert venue.cover() == position.lots
    assert {one.trigger_ticks for one in venue.stops.values()} == {position.stop_ticks}
