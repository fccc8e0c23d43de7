"""Orders that one can follow with pencil and paper: which stop goes first, what reduce-only cuts, what ends how."""

from __future__ import annotations

from dataclasses import replace

from tests.simulation.decimal_examples import FLAT, FREE, PERPETUAL
from tests.unit.paper.counter import COSTLY, Counter, held_long, market
from tests.unit.paper.stand_in import MARKET

from karat.oms.client_ids import Part
from karat.oms.records import EventKind
from karat.ports.venue import Charged, OrderSaid, Said, Timing

ACK, FILL, EXPIRE = EventKind.ACK, EventKind.FILL, EventKind.EXPIRE


def test_the_nearer_stop_goes_first_and_the_open_is_the_best_it_gets() -> None:
    counter = held_long([(93, 93, 80, 80)])
    far, near = counter.stop(-1, 6, 90), counter.stop(-1, 4, 95)
    counter.walk()
    fills = [said for said in counter.words if isinstance(said, OrderSaid) and said.event.kind == FILL]
    assert [said.event.order for said in fills] == [near, far]
    assert (counter.price(near), counter.price(far)) == (93.0, 90.0)


def test_stops_larger_than_the_position_close_no_more_than_there_is() -> None:
    counter = held_long([(100, 100, 80, 80)])
    small, large = counter.stop(-1, 7, 90), counter.stop(-1, 25, 90)
    counter.walk()
    assert counter.of(large) == [(ACK, 0), (FILL, 10)]
    assert counter.of(small) == [(ACK, 0)]
    assert counter.look().view.positions == {MARKET: 0}


def test_a_position_that_shrank_is_left_by_what_remains() -> None:
    counter = held_long([FLAT, (100, 100, 80, 80)])
    stop = counter.stop(-1, 10, 90)
    counter.leave(-1, 6)
    counter.walk(2)
    assert counter.of(stop) == [(ACK, 0), (FILL, 4)]


def test_stop_before_take_in_a_bar_that_meets_both_and_the_take_rests_on() -> None:
    counter = held_long([(100, 120, 80, 100)])
    stop, take = counter.stop(-1, 10, 90), counter.take(-1, 10, 110)
    counter.walk()
    assert counter.of(stop)[-1] == (FILL, 10) and counter.of(take) == [(ACK, 0)]


def test_a_take_needs_a_tick_beyond_it_and_fills_at_its_price_also_over_a_gap() -> None:
    counter = held_long([(100, 110, 100, 100), (130, 130, 130, 130)])
    take = counter.take(-1, 5, 110)
    counter.walk()
    assert counter.of(take) == [(ACK, 0)]
    counter.walk()
    assert counter.of(take)[-1] == (FILL, 5) and counter.price(take) == 110.0


def test_a_stop_posted_in_answer_to_the_entry_acts_in_the_same_bar() -> None:
    counter = Counter(market([FLAT, (100, 100, 80, 85)]))
    counter.walk()
    entry, stops = counter.enter(1, 10), []

    def hear(said: Said) -> None:
        counter.words.append(said)
        if isinstance(said, OrderSaid) and said.event.order == entry and said.event.kind == FILL:
            stops.append(counter.stop(-1, 10, 90))

    counter.venue.listen(hear)
    counter.walk()
    assert counter.of(stops[0]) == [(ACK, 0), (FILL, 10)]


def test_an_entry_that_finds_a_position_and_an_add_that_finds_none_are_void() -> None:
    counter = held_long([FLAT, FLAT])
    entry = counter.enter(1, 10)
    counter.walk()
    assert counter.of(entry)[-1] == (EXPIRE, 0) and counter.reason(entry) == "a position is open"
    counter.leave(-1, 10)
    add = counter.enter(1, 10, is_add=True)
    counter.walk()
    assert counter.of(add)[-1] == (EXPIRE, 0) and counter.reason(add) == "no position to add to"


def test_an_exit_waits_for_its_bar_and_is_void_without_a_position() -> None:
    counter = held_long([(100, 100, 80, 100), FLAT])
    late = counter.submit(Part.EXIT, -1, 10, reduce_only=True, timing=Timing(2))
    counter.stop(-1, 10, 90)
    counter.walk()
    assert counter.of(late) == [(ACK, 0)]
    counter.walk()
    assert counter.of(late)[-1] == (EXPIRE, 0) and counter.reason(late) == "nothing to close"


def test_an_entry_is_cut_to_what_is_affordable_and_the_rest_expires() -> None:
    counter = Counter(market([FLAT, FLAT]))
    name = counter.enter(1, 130)  # 13 units at 100 with 1000 of cash: 10 units
    counter.walk()
    assert counter.of(name) == [(ACK, 0), (FILL, 100), (EXPIRE, 100)] and counter.reason(name) == "afford"


def test_an_entry_for_which_there_is_no_money_says_so() -> None:
    counter = Counter(market([FLAT, FLAT], replace(FREE, capital=5.0)))
    name = counter.enter(1, 10)
    counter.walk()
    assert counter.of(name) == [(ACK, 0), (EXPIRE, 0)] and counter.reason(name) == "afford"


def test_a_post_only_limit_lives_its_bars_and_is_void_where_it_would_take() -> None:
    bars = [FLAT, FLAT, (95, 96, 94, 95), FLAT]
    counter = Counter(market(bars))
    counter.walk()
    timing = Timing(from_bar=2, to_bar=3)
    over = counter.submit(Part.LIMIT, 1, 5, limit_ticks=95, post_only=True, timing=timing)
    under = counter.submit(Part.LIMIT, 1, 5, limit_ticks=90, post_only=True, timing=timing)
    counter.walk(2)
    assert counter.of(over)[-1] == (EXPIRE, 0) and counter.reason(over) == "post-only would take"
    assert counter.of(under) == [(ACK, 0)]
    counter.walk()
    assert counter.of(under)[-1] == (EXPIRE, 0) and counter.reason(under) == "its time is over"


def test_a_liquidation_is_seized_at_the_bankruptcy_price_without_a_fee() -> None:
    instrument = replace(PERPETUAL, maintenance_margin_rate=0.05)
    counter = Counter(market([FLAT, (100, 100, 70, 70)], instrument=instrument))
    counter.enter(1, 200, leverage=5.0)
    counter.walk(2)
    (seized,) = counter.seized()
    assert (seized.side, seized.fill.lots, float(seized.fill.price), float(seized.fill.fee)) == (-1, 200, 80.0, 0.0)
    assert float(counter.look().view.balances["B"]) == 1000.0 - 20.0 * (100.0 - 80.0)


def test_funding_is_charged_under_a_name_of_its_own() -> None:
    hour = 3_600_000
    counter = held_long([FLAT], funding=[(hour, 0.01, float("nan"))])
    counter.walk()
    (charged,) = [said for said in counter.words if isinstance(said, Charged)]
    assert (charged.id, float(charged.funding), charged.borrow) == (f"funding:7:{MARKET}:{hour}", 1.0, 0)


def test_a_bar_is_walked_once() -> None:
    counter = held_long([FLAT], funding=[(3_600_000, 0.01, float("nan"))])
    counter.walk()
    said = list(counter.words)
    counter.venue.walk(7, counter.inputs, 1)
    assert counter.words == said


def test_names_of_fills_follow_from_the_order_and_what_was_filled_before() -> None:
    counter = held_long([FLAT, FLAT], policy=COSTLY)
    name = counter.leave(-1, 10)
    counter.walk()
    fill = counter.fills(name)[0].event.fill
    assert fill is not None and fill.id == f"{name}.0"
    assert float(fill.price) == 100.0 * (1.0 - (0.001 + 0.001)) and float(fill.fee) == 0.0005 * (1.0 * 1.0 * 99.8)
