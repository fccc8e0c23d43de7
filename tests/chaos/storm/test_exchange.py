"""The storm's exchange, by hand-made histories whose numbers can be checked on paper."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Terms
from tests.chaos.storm.gatekeeper import Gatekeeper

from karat.core.ids import ClientOrderId, MarketId
from karat.oms.records import EventKind
from karat.ports.venue import CancelOrder, FetchFills, Look, LookUp, OrderSaid, Said, Seized, Submit

M = MarketId("storm:AAA")


class Bench:
    """An exchange of one market, a price that the test sets, and what was said."""

    def __init__(self, ticks: int = 1_000, opening: str = "100000", **changed: object) -> None:
        sizes, fees = map(Decimal, ("0.1", "0.01", "1")), map(Decimal, ("0.0002", "0.0005", "0.05"))
        terms = Terms(*sizes, *fees, "USDT", 1)
        self.ticks, self.now_ms, self.said, self.count = ticks, 1_000, [], 0
        self.exchange = Exchange(
            {M: terms}, {"USDT": Decimal(opening)}, lambda _: self.ticks, lambda: self.now_ms, **changed
        )
        self.exchange.say = self.said.append

    def send(self, side: int, lots: int, **more: object) -> OrderSaid:
        self.count += 1
        return self.exchange.submit(Submit(ClientOrderId(f"c{self.count}"), M, side, lots, **more))

    def to(self, *ticks: int) -> None:
        for self.ticks in ticks:
            self.now_ms += 1_000
            self.exchange.tick()

    @property
    def lots(self) -> int:
        return self.exchange.held[M].lots

    def kinds(self) -> list[EventKind]:
        return [said.event.kind for said in self.said if isinstance(said, OrderSaid)]


def test_a_market_order_takes_half_the_spread_away_and_pays_the_taker_fee() -> None:
    bench = Bench()
    assert bench.send(1, 10).event.kind == EventKind.ACK
    trade = bench.exchange.trades[0]
    assert (trade.lots, trade.price, bench.lots) == (10, Decimal("100.1"), 10)
    assert trade.fee == Decimal("100.1") * Decimal("0.1") * Decimal("0.0005")
    assert bench.kinds() == [EventKind.ACK, EventKind.FILL]


def test_a_limit_rests_until_the_price_is_through_it_and_pays_the_maker_fee() -> None:
    bench = Bench()
    bench.send(1, 10, limit_ticks=990)
    bench.to(995, 990)
    assert bench.lots == 0
    bench.to(989)
    assert bench.exchange.trades[0].ticks == 990
    assert bench.exchange.trades[0].fee == Decimal("99") * Decimal("0.1") * Decimal("0.0002")


def test_a_post_only_order_that_would_take_is_refused() -> None:
    bench = Bench()
    assert bench.send(1, 10, limit_ticks=1_001, post_only=True).reason == "would_take"
    assert bench.send(1, 10, limit_ticks=1_000, post_only=True).event.kind == EventKind.ACK


def test_a_stop_sells_what_is_there_and_its_twin_finds_nothing_left() -> None:
    bench = Bench()
    bench.send(1, 10)
    for _ in range(2):
        assert bench.send(-1, 10, trigger_ticks=950, reduce_only=True).event.kind == EventKind.ACK
    bench.to(951)
    assert bench.lots == 10
    bench.to(950)
    assert bench.lots == 0
    assert [order.state for order in bench.exchange.orders.values()] == ["filled", "filled", "expired"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"side": 1, "lots": 0}, "quantity"),
        ({"side": -1, "lots": 5, "reduce_only": True}, "reduce_only"),
        ({"side": 1, "lots": 5, "limit_ticks": 700}, "price_band"),
        ({"side": -1, "lots": 5, "trigger_ticks": 1_000}, "would_trigger"),
        ({"side": 1, "lots": 999_999}, "margin"),
    ],
)
def test_an_order_that_is_wrong_is_refused_with_its_code(order: dict, code: str) -> None:
    bench = Bench(opening="90000")
    said = bench.send(**order)
    assert (said.event.kind, said.reason) == (EventKind.REJECT, code)
    assert not bench.exchange.orders


def test_a_client_id_serves_once_where_ids_are_unique_and_twice_where_not() -> None:
    for unique, expected in ((True, EventKind.DUPLICATE_ID), (False, EventKind.ACK)):
        bench = Bench(id_is_unique=unique)
        bench.send(1, 10)
        bench.count = 0
        assert bench.send(1, 10).event.kind == expected
        assert bench.lots == (10 if unique else 20)


def test_slices_fill_second_by_second_and_the_rest_may_go() -> None:
    bench = Bench()
    bench.exchange.tricks.slices = 3
    bench.send(1, 10)
    assert bench.lots == 4
    bench.to(1_000)
    bench.to(1_000)
    assert [trade.lots for trade in bench.exchange.trades] == [4, 3, 3]
    bench.exchange.tricks.drop_rest = True
    bench.send(1, 9)
    assert bench.lots == 13
    assert bench.kinds()[-1] == EventKind.EXPIRE


def test_a_cancel_ends_a_resting_order_once() -> None:
    bench = Bench()
    bench.send(1, 10, limit_ticks=950)
    assert bench.exchange.cancel(CancelOrder(ClientOrderId("c1"), M, None, 1)).event.kind == EventKind.CANCEL_DONE
    again = bench.exchange.cancel(CancelOrder(ClientOrderId("c1"), M, None, 2))
    assert (again.event.kind, again.event.number) == (EventKind.CANCEL_REFUSED, 2)


def test_look_up_tells_the_fills_and_the_standing_or_an_absence() -> None:
    bench = Bench()
    bench.send(1, 10)
    told = bench.exchange.look_up(LookUp(ClientOrderId("c1"), M, 1))
    assert [said.event.kind for said in told] == [EventKind.FILL, EventKind.ACK]
    assert told[-1].event.lots == 10
    absent = bench.exchange.look_up(LookUp(ClientOrderId("c9"), M, 2, 7_000))[0].event
    assert (absent.kind, absent.number, absent.after_ms) == (EventKind.ABSENT, 2, 7_000)


def test_a_hand_moves_the_position_and_shows_in_the_market_s_trades() -> None:
    bench = Bench()
    bench.exchange.trade_by_hand(M, -1, 7)
    view = bench.exchange.look(Look("l1")).view
    assert view.positions == {M: -7}
    word = bench.exchange.fills(FetchFills(M, None))[0].event
    assert (word.order, word.lots) == (None, 7)


def test_funding_is_taken_from_longs_and_given_to_shorts() -> None:
    bench = Bench()
    bench.send(-1, 10)
    before = bench.exchange.money["USDT"].wallet
    bench.exchange.fund(M, Decimal("0.001"))
    assert bench.exchange.money["USDT"].wallet - before == Decimal("0.01")  # 0.1 units at 100.0, a thousandth


def test_a_position_that_its_margin_no_longer_carries_is_seized_with_all_orders() -> None:
    bench = Bench(opening="15")
    bench.send(1, 100)  # 1 unit at 100.1, leverage 10
    bench.send(-1, 100, trigger_ticks=850, reduce_only=True)
    bench.to(910)  # equity about 15 - 9.1 - fee = 5.8, maintenance 4.55
    assert bench.lots == 100
    bench.to(895)
    assert bench.lots == 0
    assert isinstance(bench.said[-1], Seized)
    assert not bench.exchange.live


Step = tuple[int, int, int]


@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 50), st.integers(-30, 30)), max_size=30))
def test_wallet_and_cost_are_what_the_trades_say_to_the_last_digit(steps: list[Step]) -> None:
    bench = Bench()
    for side, lots, move in steps:
        bench.send(side, lots)
        bench.to(bench.ticks + move)
    money, held = bench.exchange.money["USDT"], bench.exchange.held[M]
    assert money.wallet - held.cost == money.opening + money.flow - money.fees - money.funding
    assert held.lots == sum(trade.side * trade.lots for trade in bench.exchange.trades)
    assert held.lots != 0 or held.cost == 0


@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 50), st.booleans()), max_size=30))
def test_a_reduce_only_trade_never_grows_or_turns_the_position(steps: list[tuple[int, int, bool]]) -> None:
    bench = Bench()
    for side, lots, reduce_only in steps:
        bench.send(side, lots, reduce_only=reduce_only)
        bench.to(bench.ticks)
    for trade in bench.exchange.trades:
        if bench.exchange.orders[trade.venue_id].reduce_only:
            after = trade.before + trade.side * trade.lots
            assert abs(after) < abs(trade.before)
            assert after * trade.before >= 0


def test_over_the_budget_comes_a_ban_and_going_on_makes_it_longer() -> None:
    keeper = Gatekeeper(budget=12)
    look, submit = Look("l"), Submit(ClientOrderId("c"), M, 1, 1)
    assert [keeper.lets(look, 0), keeper.lets(submit, 1), keeper.lets(look, 2)] == ["", "", "429"]
    assert keeper.lets(submit, 5_000) == "418"
    assert keeper.banned_until_ms == 65_000
    assert keeper.lets(look, 65_000) == ""


def test_words_are_heard_by_one_listener() -> None:
    bench = Bench()
    heard: list[Said] = []
    bench.exchange.say = heard.append
    bench.send(1, 1)
    assert len(heard) == 2 and not bench.said
