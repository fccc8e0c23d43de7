"""What a script takes away or delays is gone or late for the desk, and can be asked for; the account knows it all."""

from __future__ import annotations

import pytest
from tests.simulation.decimal_examples import FLAT
from tests.unit.paper.counter import Counter, WallClock, market
from tests.unit.paper.stand_in import MARKET

from karat.core.errors import InputError
from karat.oms.records import EventKind
from karat.ports.venue import Linked, OrderSaid
from karat.venues.paper.orders import OrderPaperVenue
from karat.venues.paper.script import Script, cut

ACK, FILL = EventKind.ACK, EventKind.FILL


def counter_of(text: str, clock: WallClock | None = None, bars: int = 4) -> Counter:
    venue = OrderPaperVenue(script=Script.parse(text), now_ms=clock.now_ms if clock else None)
    return Counter(market([FLAT] * bars), venue)


def test_steps_are_read() -> None:
    script = Script.parse(
        "lose_ack:3, reject:5:insufficient margin, down:60s, down:7:5m, slices:2:0.5/0.5, delay:200ms"
    )
    assert script.lose_ack == {3} and script.rejects == {5: "insufficient margin"}
    assert script.downs_ms == {1: 60_000, 7: 300_000} and script.slices == {2: (0.5, 0.5)} and script.delay_ms == 200
    assert Script.parse("") == Script()


@pytest.mark.parametrize(
    "text", ["lose_ack", "lose_ack:0", "lose_ack:x", "reject:1:", "down:60", "delay:5h", "slices:1:0.5/0.4", "burn:1"]
)
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Script.parse(text)
    assert refused.value.code == "bad_script"


def test_times_need_a_clock() -> None:
    with pytest.raises(InputError, match="needs a clock"):
        OrderPaperVenue(script=Script.parse("delay:1s"))


def test_a_lost_acknowledgement_leaves_an_order_that_can_be_looked_up() -> None:
    counter = counter_of("lose_ack:1")
    name = counter.enter(1, 10)
    assert counter.of(name) == []
    counter.look_up(name)
    assert counter.of(name) == [(ACK, 0)]


def test_a_lost_request_is_proved_absent_and_may_be_sent_again() -> None:
    clock = WallClock()
    counter = counter_of("lose_request:1", clock)
    name = counter.enter(1, 10)
    clock.ms += 1_500
    counter.look_up(name, after_ms=1_500)
    (said,) = [said for said in counter.words if isinstance(said, OrderSaid)]
    assert (said.event.kind, said.event.after_ms) == (EventKind.ABSENT, 1_500)


def test_a_lost_fill_is_fetched() -> None:
    counter = counter_of("lose_fill:1")
    name = counter.enter(1, 10)
    counter.walk()
    assert counter.of(name) == [(ACK, 0)] and counter.look().view.positions == {MARKET: 10}
    counter.fetch(name)
    assert counter.of(name) == [(ACK, 0), (FILL, 10)]


def test_words_come_twice_and_an_order_is_refused_by_its_number() -> None:
    counter = counter_of("twice:1,reject:2:insufficient margin")
    first, second = counter.enter(1, 10), counter.enter(1, 10)
    assert counter.of(first) == [(ACK, 0)] * 2
    assert counter.of(second) == [(EventKind.REJECT, 0)] and counter.reason(second) == "insufficient margin"


def test_a_fill_comes_in_slices_of_one_price() -> None:
    counter = counter_of("slices:1:0.5/0.3/0.2")
    name = counter.enter(1, 11)
    counter.walk()
    assert counter.of(name) == [(ACK, 0), (FILL, 5), (FILL, 3), (FILL, 3)]
    ids = [said.event.fill.id for said in counter.fills(name) if said.event.fill]
    assert ids == [f"{name}.0", f"{name}.5", f"{name}.8"]
    assert cut(1, (0.5, 0.5)) == [1]


def test_late_requests_and_late_words_come_when_their_time_has_come() -> None:
    clock, asked = WallClock(), list[int]()
    script = Script.parse("latency:100ms,delay:200ms")
    venue = OrderPaperVenue(script=script, now_ms=clock.now_ms, schedule=asked.append)
    counter = Counter(market([FLAT]), venue)
    name = counter.enter(1, 10)
    assert asked == [clock.ms + 100] and counter.venue.wake() == clock.ms + 100
    clock.ms += 100
    assert counter.venue.wake() == clock.ms + 200 and counter.of(name) == []
    clock.ms += 200
    assert counter.venue.wake() is None and counter.of(name) == [(ACK, 0)]
    assert counter.venue.traits.arrival_ms_max == 1_300


def test_a_connection_that_is_down_loses_orders_and_words_until_it_is_up() -> None:
    clock = WallClock()
    counter = counter_of("down:2:60s", clock)
    held = counter.enter(1, 10)
    lost = counter.enter(1, 10)
    counter.walk()
    assert counter.of(held) == [(ACK, 0)] and counter.of(lost) == []
    clock.ms += 60_000
    counter.venue.wake()
    linked = [(said.up, said.part) for said in counter.words if isinstance(said, Linked)]
    assert linked == [(False, "orders"), (False, "events"), (True, "orders"), (True, "events")]
    counter.look_up(held)
    counter.look_up(lost)
    assert counter.of(held)[1:] == [(ACK, 10), (FILL, 10)]
    assert counter.of(lost)[0][0] == EventKind.ABSENT
