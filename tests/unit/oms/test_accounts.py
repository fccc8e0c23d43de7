"""Positions and money as sums of fills: by hand, and as laws."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oms.orders import fill, filled, order, told

from karat.core.model.instrument import Kind
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.oms.accounts import Account, Holding, SidedFill, Terms, folded
from karat.oms.ledger import Entry, EntryKind, Ledger
from karat.oms.netting import Book, difference, reducing_lots
from karat.oms.records import EventKind

LINEAR = Terms(Decimal("0.1"), Decimal(1), False, "USDT")
INVERSE = Terms(Decimal(1), Decimal(100), True, "BTC")
PRICES = st.decimals("0.01", "99999", places=2)
FILLS = st.lists(st.tuples(st.sampled_from((-1, 1)), st.integers(1, 50), PRICES), max_size=12)


def sided(rows: list[tuple[int, int, Decimal]]) -> list[SidedFill]:
    return [SidedFill(side, replace(fill(at, lots), price=price)) for at, (side, lots, price) in enumerate(rows)]


def test_average_cost_by_hand() -> None:
    # 10 lots of 0.1 at 100, 20 at 130: 3 units cost 100 + 260 = 360, 120 each. Half of them sold at 150: 225 - 180.
    rows = [(1, 10, Decimal(100)), (1, 20, Decimal(130)), (-1, 15, Decimal(150))]
    holding = folded(sided(rows), LINEAR)
    assert (holding.lots, holding.cost, holding.realised) == (15, Decimal(180), Decimal(45))
    assert holding.average_price(LINEAR) == Decimal(120)
    assert holding.fees == {"USDT": Decimal("0.3")}


def test_a_fill_through_zero_closes_and_opens() -> None:
    holding = folded(sided([(1, 10, Decimal(100)), (-1, 30, Decimal(90))]), LINEAR)
    assert (holding.lots, holding.cost, holding.realised) == (-20, Decimal(180), Decimal(-10))


def test_inverse_gains_in_coin() -> None:
    # 10 contracts of 100 at 20,000 are 0.05 coin, at 25,000 they are 0.04: the long gains 0.01.
    holding = folded(sided([(1, 10, Decimal(20_000)), (-1, 10, Decimal(25_000))]), INVERSE)
    assert (holding.lots, holding.realised) == (0, Decimal("0.01"))


def test_terms_are_the_numbers_as_written() -> None:
    instrument = replace(demo_instrument(DEMO_SYMBOLS[0]), lot=0.1, contract_size=0.001, kind=Kind.INVERSE)
    assert Terms.of(instrument) == Terms(Decimal("0.1"), Decimal("0.001"), True, instrument.settle)


@given(FILLS)
def test_realised_less_cost_is_what_went_over_the_counter_to_the_last_digit(
    rows: list[tuple[int, int, Decimal]],
) -> None:
    for terms in (LINEAR, INVERSE):
        holding = folded(sided(rows), terms)
        sign = -1 if terms.inverse else 1
        flow = sum((Fraction(terms.value(lots, price)) * -side * sign for side, lots, price in rows), Fraction())
        cost = Fraction(holding.cost) * sign * (1 if holding.lots > 0 else -1)
        assert Fraction(holding.realised) - cost == flow
        assert holding.lots == sum(side * lots for side, lots, _ in rows)


@settings(max_examples=60)
@given(FILLS, st.randoms(use_true_random=False))
def test_the_order_and_number_of_tellings_change_nothing(rows: list[tuple[int, int, Decimal]], chance: object) -> None:
    truth = sided(rows)
    heard = [*truth, *truth[::2]]
    chance.shuffle(heard)  # pyright: ignore
    account = Account(LINEAR)
    for one in heard:
        account = account.book(one.side, one.fill)
    assert account.fills == tuple(truth)
    assert account.holding == folded(truth, LINEAR)


def test_two_bots_net_into_one_position_and_each_keeps_its_own() -> None:
    long = told(order(5, 1, bot=1), EventKind.SEND, filled(order(5, 1, bot=1), fill(1, 5)))
    short = told(order(3, -1, bot=2), EventKind.SEND, filled(order(3, -1, bot=2), fill(2, 3)))
    book = Book(LINEAR).book(long).book(short).book(long)
    assert (book.holding(1).lots, book.holding(2).lots, book.net_lots) == (5, -3, 2)
    assert (difference(book, 2), difference(book, 4)) == (0, 2)
    # The short's exit of 3 may not be marked reduce-only: the venue holds 2 long, and buying would add to it.
    assert reducing_lots(book.net_lots, 1, 3) == 0
    assert (reducing_lots(book.net_lots, -1, 5), reducing_lots(book.net_lots, -1, 5, working_lots=1)) == (2, 1)


def test_a_trade_by_hand_is_nobodys_and_declared_once() -> None:
    book = Book(LINEAR).declare("hand-1", 4).declare("hand-1", 4)
    assert (book.net_lots, difference(book, 4), book.accounts) == (4, 0, {})


def test_funding_told_twice_is_paid_once_and_fees_stay_in_their_currency() -> None:
    paid = Entry("funding-17", EntryKind.FUNDING, "USDT", Decimal("-0.25"))
    ledger = Ledger().enter(Entry("start", EntryKind.OPENING, "USDT", Decimal(1000))).enter(paid).enter(paid)
    assert not ledger.conflicts
    assert ledger.enter(replace(paid, amount=Decimal(-1))).conflicts == {"funding-17"}
    holding = Holding(0, Decimal(), Decimal(12), {"BNB": Decimal("0.001")})
    assert ledger.balances([("USDT", holding)]) == {"USDT": Decimal("1011.75"), "BNB": Decimal("-0.001")}
