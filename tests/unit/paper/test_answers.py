"""What the paper venue answers to whom: as a venue would, with reasons."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.simulation.compiled import inputs_of
from tests.simulation.decimal_examples import FLAT, FREE
from tests.simulation.worlds import seeded_world
from tests.unit.paper.counter import COSTLY, Counter, WallClock, held_long, market
from tests.unit.paper.stand_in import BOT, MARKET, StandIn

from karat.core.errors import InputError
from karat.core.ids import ClientOrderId, MarketId
from karat.kernel.state import fresh_state
from karat.oms.accounts import Account, Terms
from karat.oms.client_ids import Part
from karat.oms.ledger import Entry, EntryKind, Ledger
from karat.oms.records import EventKind
from karat.ports.venue import Look, Looked, OrderSaid, Quoted, Said, Standing, Submit
from karat.venues.paper.orders import Book, OrderPaperVenue, Rulebook

ACK, FILL, EXPIRE = EventKind.ACK, EventKind.FILL, EventKind.EXPIRE


def test_an_order_is_acknowledged_filled_and_fetched_again() -> None:
    counter = Counter(market([FLAT, FLAT]))
    name = counter.enter(1, 10)
    assert counter.of(name) == [(ACK, 0)]
    counter.walk()
    assert counter.of(name) == [(ACK, 0), (FILL, 10)]
    said = counter.fills(name)
    counter.fetch(name)
    counter.fetch(None)
    assert counter.fills(name) == said * 3


def test_the_same_name_again_is_a_duplicate_also_after_its_end() -> None:
    counter = Counter(market([FLAT, FLAT]))
    name = counter.enter(1, 10)
    again = Submit(name, MARKET, 1, 10, number=2)
    counter.venue.post(again)
    counter.walk()
    counter.venue.post(again)
    assert [kind for kind, _ in counter.of(name)] == [ACK, EventKind.DUPLICATE_ID, FILL, EventKind.DUPLICATE_ID]


def test_a_cancel_is_done_once_and_then_refused_by_its_number() -> None:
    counter = held_long([FLAT])
    name = counter.stop(-1, 10, 90)
    counter.cancel(name)
    counter.cancel(name, 2)
    assert counter.of(name) == [(ACK, 0), (EventKind.CANCEL_DONE, 0), (EventKind.CANCEL_REFUSED, 0)]
    last = counter.words[-1]
    assert isinstance(last, OrderSaid) and last.event.number == 2 and last.reason == "the order has ended"


def test_a_look_up_says_all_that_is_known() -> None:
    counter = held_long([FLAT, (100, 100, 80, 80)])
    name = counter.stop(-1, 4, 90)
    counter.look_up(name)
    counter.walk(2)
    counter.look_up(name)
    assert counter.of(name) == [(ACK, 0), (ACK, 0), (FILL, 4), (ACK, 4), (FILL, 4)]
    late = counter.enter(1, 5)
    counter.cancel(late)
    counter.look_up(late)
    assert counter.of(late)[-2:] == [(ACK, 0), (EventKind.CANCEL_DONE, 0)]


def test_what_never_came_is_absent_by_each_look_with_its_own_age() -> None:
    counter = Counter(market([FLAT]))
    name = ClientOrderId("k00001000700000009e00")
    counter.look_up(name, sending=3, after_ms=900)
    counter.look_up(name, sending=3, after_ms=1_900)
    events = [said.event for said in counter.words if isinstance(said, OrderSaid)]
    assert [(event.kind, event.number, event.after_ms) for event in events] == [
        (EventKind.ABSENT, 3, 900),
        (EventKind.ABSENT, 3, 1_900),
    ]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"lots": 0}, "off the grid"),
        ({"lots": 5, "limit_ticks": 0, "post_only": True}, "off the grid"),
        ({"lots": 5, "market": MarketId("test:OTHER")}, "unknown market"),
        ({"lots": 5, "reduce_only": True}, "reduce-only without a position"),
        ({"lots": 5, "limit_ticks": 99}, "not simulated: a limit that opens is post-only"),
        ({"lots": 5, "trigger_ticks": 110}, "not simulated: a stop is reduce-only"),
        ({"lots": 5, "limit_ticks": 100, "post_only": True}, "post-only would take"),
        ({"lots": 5, "limit_ticks": 40, "post_only": True}, "outside the price band"),
        ({"lots": 2}, "below the minimum quantity or notional"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(order: dict[str, object], reason: str) -> None:
    grid = Counter(market([FLAT, FLAT])).inputs.rules._replace(min_quantity=0.3)
    inputs = replace(market([FLAT, FLAT]), rules=grid)
    counter = Counter(inputs, OrderPaperVenue(rulebook=Rulebook(price_band=0.5)))
    counter.walk()
    name = counter.submit(Part.ENTRY, 1, **order)  # type: ignore[arg-type]
    assert counter.of(name) == [(EventKind.REJECT, 0)]
    assert counter.reason(name).startswith(reason)


def test_a_stranger_is_refused() -> None:
    counter = Counter(market([FLAT]))
    for name in (ClientOrderId("somebody"), ClientOrderId("k00001000800000000e00")):
        counter.venue.post(Submit(name, MARKET, 1, 1))
        assert counter.of(name) == [(EventKind.REJECT, 0)] and counter.reason(name) == "unknown account"
    with pytest.raises(InputError, match="no account for bot 8"):
        counter.venue.walk(8, counter.inputs, 0)


def test_a_stale_quote_refuses_new_risk_and_lets_a_position_go() -> None:
    clock = WallClock()
    venue = OrderPaperVenue(rulebook=Rulebook(quote_age_ms_max=5_000), now_ms=clock.now_ms)
    counter = Counter(market([FLAT, FLAT]), venue)
    assert counter.reason(counter.enter(1, 5)) == "stale quote: none is known"
    venue.book(MARKET, Book(clock.ms, ((99.0, 10.0),), ((101.0, 10.0),)))
    entered = counter.enter(1, 5)
    counter.walk()
    clock.ms += 6_000
    refused, left = counter.enter(1, 5, is_add=True), counter.leave(-1, 5)
    assert counter.of(entered)[-1] == (FILL, 5)
    assert counter.reason(refused) == "stale quote: 6000 ms old"
    assert counter.of(left) == [(ACK, 0)]
    with pytest.raises(InputError, match="needs a clock"):
        OrderPaperVenue(rulebook=Rulebook(quote_age_ms_max=5_000))


def test_a_market_order_without_a_bar_fills_at_the_last_close() -> None:
    counter = held_long([(100, 120, 100, 110)], policy=COSTLY)
    counter.walk()
    name = counter.submit(Part.FLATTEN, -1, 10, reduce_only=True)
    assert counter.of(name) == [(ACK, 0), (FILL, 10)]
    assert counter.price(name) == 110.0 * (1.0 - (0.001 + 0.001))
    assert counter.look().view.positions == {MARKET: 0}


def test_a_flattening_within_a_bar_fills_where_the_bar_has_come_to() -> None:
    counter = held_long([(100, 100, 80, 85)])
    stop, flattened = counter.stop(-1, 4, 90), []

    def hear(said: Said) -> None:
        counter.words.append(said)
        if isinstance(said, OrderSaid) and said.event.order == stop and said.event.kind == FILL:
            flattened.append(counter.submit(Part.FLATTEN, -1, 6, reduce_only=True))

    counter.venue.listen(hear)
    counter.walk()
    assert counter.of(flattened[0]) == [(ACK, 0), (FILL, 6)] and counter.price(flattened[0]) == 90.0


def test_a_look_shows_orders_the_sum_of_the_bots_and_money_to_the_last_digit() -> None:
    counter = held_long([(110, 110, 110, 110), FLAT], policy=replace(FREE, taker_fee=0.0005))
    counter.leave(-1, 4)
    counter.walk()
    stop = counter.stop(-1, 6, 90)
    view = counter.look().view
    shown = view.orders[0]
    assert (shown.id, shown.side, shown.lots, shown.trigger_ticks, shown.reduce_only) == (stop, -1, 6, 90, True)
    assert view.positions == {MARKET: 6}
    # bought 1.0 at 100, sold 0.4 at 110: 4 won, 0.0005 of 100 and of 44 paid
    assert view.balances == {"B": Decimal("1000") + Decimal("4") - Decimal("0.05") - Decimal("0.022")}


def test_balances_are_what_exact_books_make_of_the_same_words() -> None:
    compared = 0
    for seed in range(60):
        inputs = inputs_of(seeded_world(seed))
        desk = StandIn(inputs, OrderPaperVenue()).run()
        rules, words = inputs.rules, list[Said]()
        account = Account(Terms(written(rules.lot), written(rules.contract_size), rules.inverse != 0, "B"))
        ledger = Ledger().enter(Entry("start", EntryKind.OPENING, "B", written(rules.capital)))
        for side, fill in desk.fills:
            account = account.book(side, fill)
        for one in desk.charges:
            ledger = ledger.enter(Entry(one.id, EntryKind.FUNDING, "B", -one.funding - one.borrow))
        desk.venue.listen(words.append)
        desk.venue.post(Look("look"))
        assert isinstance(words[0], Looked)
        assert words[0].view.balances == ledger.balances([("B", account.holding)]), f"seeded_world({seed})"
        assert words[0].view.positions == {MARKET: account.holding.lots}
        compared += len(desk.fills) > 0
    assert compared > 30


def written(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def test_a_quote_is_said_once_per_close_and_is_modelled() -> None:
    counter = Counter(market([FLAT, (100, 110, 100, 110)], policy=COSTLY))
    assert counter.venue.quote(MARKET) == Quoted(MARKET, 0, None, None, None, None, modelled=True)
    counter.walk(2)
    quotes = [said for said in counter.words if isinstance(said, Quoted)]
    assert [quote.ts for quote in quotes] == [3_600_000, 7_200_000]
    # the bar turned over 100 units at 110; a hundredth of it is supposed to stand on each side
    last = Quoted(MARKET, 7_200_000, 110.0 * (1 - 0.001), 110.0 * (1 + 0.001), 110.0, 110.0, modelled=True)
    assert quotes[-1] == last == counter.venue.quote(MARKET)


def test_an_account_that_is_enrolled_again_stands_where_the_desk_says() -> None:
    counter = held_long([FLAT])
    gone, kept = counter.stop(-1, 10, 90), Submit(ClientOrderId("k00001000700000055s00"), MARKET, -1, 9, None, 80, True)
    standing = Standing(MARKET, "B", fresh_state(counter.inputs.rules)._replace(bar=1), ((kept, "paper-5", 2),))
    counter.venue.enrol(BOT, standing)
    shown = counter.look().view
    assert [(order.id, order.venue_id, order.filled_lots) for order in shown.orders] == [(kept.id, "paper-5", 2)]
    assert shown.positions == {MARKET: 0} and "B" not in shown.balances  # without its rules nobody knows the capital
    counter.look_up(gone)
    assert counter.of(gone)[-1][0] == EventKind.ABSENT
