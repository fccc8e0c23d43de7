"""Remains of two bots that stand against each other: settled between their books, so that nothing is left of either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.bots.fleet import POLICY
from tests.unit.bots.slow_venue import CANDLES, FUNDING, INSTRUMENT, PRICE, TS, SlowVenue

from karat.app.asking import ask_desk
from karat.bots.creation import new_bot
from karat.bots.desk.beside import is_marked, may_close
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.killing import KillSwitch
from karat.bots.desk.protecting import leaves_alone
from karat.bots.desk.reconciling import Reconciler
from karat.bots.desk.recovery import recovered_book
from karat.bots.desk.replay import folded, stored
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.journal import open_journal
from karat.oms.client_ids import Part
from karat.oms.reconcile import VenueView
from karat.oms.records import EventKind, Fill
from karat.ports.cockpit import Mode
from karat.ports.journal import Intent
from karat.ports.journal import Part as Decided
from karat.ports.trading import Opening
from karat.ports.venue import Look, Looked, Quoted
from karat.strategies import find_strategy

ADA, EVA, IDA = BotId("ada"), BotId("eva"), BotId("ida")
MARKET = CANDLES.market
COARSE = replace(INSTRUMENT, min_notional=5.5 * INSTRUMENT.lot * INSTRUMENT.contract_size * PRICE)
LEAST_LOTS = 6
"""So many make an order that the venue takes; one fewer does not."""


@dataclass
class Fleet:
    """Three bots on one market of one account; `begin` is the start of a process. What the venue holds is `net`."""

    home: Path
    ms: int = TS
    net: int = 0
    venue: SlowVenue = field(default_factory=SlowVenue)

    def __post_init__(self) -> None:
        self.journal = open_journal(self.home)
        found = find_strategy("bollinger_mean_reversion")
        for name in (ADA, EVA, IDA):
            record = new_bot(name, found, {}, POLICY, INSTRUMENT, CANDLES, FUNDING, Mode.PAPER, 0)
            self.journal.create_bot(replace(record, id=name, instrument=COARSE))
        self.begin()

    def begin(self) -> None:
        journal, self.venue = self.journal, SlowVenue()
        self.desk = Desk(journal, self.venue, journal.take_lease("one", 0, 1), lambda: self.ms, facts=journal.facts())
        self.desk.condition.reconciled = True
        accounts = {one.bot: one for one in journal.accounts()}
        self.books: dict[BotId, Book] = {}
        for name in (ADA, EVA, IDA):
            orders = tuple(one for one in journal.open_orders() if one.bot == name)
            book = recovered_book(self.desk, journal.bot(name), orders, accounts.get(name), journal.facts())
            self.books[name] = book
            self.desk.join(book)
        self.kill = KillSwitch(self.desk)
        self.kill.restore(journal.facts())
        self.reconciler = Reconciler(self.desk, self.kill.saw_view)
        self.reconciler.restore()
        self.quote()

    def end(self) -> None:
        """The process is gone, and its lease with it."""
        self.journal.release_lease(self.desk.token)

    def quote(self) -> None:
        fresh = self.desk.condition.freshness
        assert fresh is not None
        fresh.due_ms[MARKET] = self.ms
        self.desk.told(Quoted(MARKET, self.ms, PRICE, PRICE, PRICE, None))

    def trades(self, name: BotId, side: int, lots: int, stop: float | None = None) -> None:
        """An entry of a bot, filled at the price; its stop so far away."""
        book = self.books[name]
        meant = book.intend(
            Part.ENTRY, side, lots, "test", decision_bar=0, decision_ts=TS, reason=Reason.ENTRY,
            opening=Opening(stop, None, 3.0, 1.0),
        )  # fmt: skip
        order = ClientOrderId(meant.order.id)
        self.desk.gathered.intents.append(Intent(order, name, 0, TS, Decided.ENTRY, 1, side, lots, None, Reason.ENTRY))
        assert self.desk.flush()
        self.ms += 1
        fill = Fill(f"T-{order}", self.ms, 0, lots, Decimal(repr(PRICE)), Decimal("0.01"), INSTRUMENT.settle)
        self.venue.says(EventKind.FILL, order, fill)
        self.net += side * lots
        assert self.desk.flush()

    def looks(self, net: int | None = None) -> None:
        """A comparison with the venue, which has no orders and holds `net`, by default what was traded."""
        self.ms += 120_000
        self.quote()
        self.reconciler.tick(self.ms)
        look = [one for one in self.venue.posted if isinstance(one, Look)][-1]
        held = {MARKET: self.net if net is None else net}
        self.desk.told(Looked(VenueView(look.id, (), held, {INSTRUMENT.settle: Decimal(1_000)})))
        self.reconciler.tick(self.ms)

    def lots(self) -> list[int]:
        """By the exact books, which the kernel's records agree with."""
        held = {name: book.kernel.holding.side * book.kernel.holding.lots for name, book in self.books.items()}
        assert held == {name: book.account.holding.lots for name, book in self.books.items()}
        return list(held.values())

    def left(self) -> int:
        """How many orders to close have left."""
        return sum(one.id.endswith(("f00", "x00")) for one in self.venue.submits())


@pytest.fixture
def fleet(home: Path) -> Iterator[Fleet]:
    made = Fleet(home)
    yield made
    made.journal.close()


def test_a_lot_against_a_lot_which_no_venue_would_take_is_settled_and_the_kill_switch_is_released(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 1)
    fleet.trades(EVA, -1, 1)
    fleet.kill.pull("enough", "test")
    fleet.looks()
    assert fleet.lots() == [0, 0, 0] and fleet.left() == 0
    fills = [fleet.journal.fills(name)[-1] for name in (ADA, EVA)]
    assert [(one.side, one.lots, one.price, one.fee) for one in fills] == [(-1, 1, PRICE, 0.0), (1, 1, PRICE, 0.0)]
    assert {one.reason for one in fills} == {Reason.KILL}
    told = [one.payload["settled"] for one in fleet.journal.log(0, 999) if "settled" in one.payload]
    assert [one["with"] for one in told] == [EVA, ADA]
    fleet.kill.release("grace")
    assert not fleet.kill.state.latched


def test_without_settling_no_release_would_be_given_where_no_bots_run(fleet: Fleet) -> None:
    """Who asks then looks at the books, since nobody looks at the venue."""
    fleet.trades(ADA, 1, 1)
    fleet.trades(EVA, -1, 1)
    fleet.kill.pull("enough", "test")
    fleet.end()
    early = ask_desk(fleet.journal, "kill.release", {}, "grace")
    assert early is not None and not early.done and "not seen flat" in early.answer
    fleet.begin()
    fleet.looks()
    fleet.end()
    done = ask_desk(fleet.journal, "kill.release", {}, "grace")
    assert done is not None and done.done and "kill" not in fleet.journal.facts()


def test_what_was_settled_is_what_the_log_says_and_what_a_restart_finds(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 1)
    fleet.trades(EVA, -1, 1)
    fleet.looks()
    bots = {name: fleet.journal.bot(name) for name in (ADA, EVA, IDA)}
    assert folded(fleet.journal.log(0, 9_999), bots) == stored(fleet.journal)
    assert {one.bot: one.lots for one in fleet.journal.accounts()} == {ADA: 0, EVA: 0}
    paid = sum(sum(one.fees.values()) for one in fleet.journal.accounts())
    gained = sum(one.realised for one in fleet.journal.accounts())
    assert (gained, paid) == (0, Decimal("0.02"))  # both at one price: what was paid is what the venue took
    fleet.begin()
    fleet.looks()
    assert fleet.lots() == [0, 0, 0]


def test_several_are_settled_as_far_as_they_go_and_the_sum_stays(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 3)
    fleet.trades(EVA, -1, 1)
    fleet.trades(IDA, -1, 2)
    assert fleet.net == 0
    fleet.looks()
    assert fleet.lots() == [0, 0, 0]


def test_what_the_venue_holds_or_would_take_is_left_to_it(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, LEAST_LOTS)
    fleet.trades(EVA, -1, LEAST_LOTS)
    fleet.looks()
    assert fleet.lots() == [LEAST_LOTS, -LEAST_LOTS, 0]  # each may leave by itself
    fleet.kill.pull("enough", "test")
    assert fleet.left() == 2


def test_nothing_is_settled_while_the_venue_holds_something_or_says_otherwise(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 2)
    fleet.trades(EVA, -1, 1)
    fleet.looks()
    assert fleet.lots() == [2, -1, 0]  # one of the two lots can be sold
    fleet.looks(net=0)  # books and venue differ
    assert fleet.lots() == [2, -1, 0]


def test_an_exit_leaves_without_a_mark_only_where_nothing_else_would_close_the_position(fleet: Fleet) -> None:
    fleet.trades(EVA, 1, 1)
    fleet.trades(ADA, -1, 20)  # the account is short by 19: the twentieth lot alone could never leave
    ada = fleet.books[ADA]
    assert not is_marked(ada, 20, PRICE)
    ada.intend(Part.STOP, 1, 20, "test", decision_bar=0, decision_ts=TS, reason=Reason.STOP, trigger_ticks=9_999_999,
               reduce_only=True)  # fmt: skip
    assert is_marked(ada, 20, PRICE)  # the stop may have filled unheard: both would


def test_what_is_worth_an_order_leaves_even_where_others_outweigh_it(fleet: Fleet) -> None:
    fleet.trades(IDA, -1, 20)
    fleet.trades(ADA, 1, LEAST_LOTS)
    ada = fleet.books[ADA]
    assert may_close(ada, LEAST_LOTS, PRICE) and not is_marked(ada, LEAST_LOTS, PRICE)
    assert not may_close(ada, LEAST_LOTS - 1, PRICE) and is_marked(ada, LEAST_LOTS - 1, PRICE)


def test_a_fill_that_is_told_after_a_later_one_has_closed_all_is_the_same_in_log_and_tables(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 10, stop=0.02 * PRICE)
    (stop,) = (one for one in fleet.venue.submits() if one.trigger_ticks is not None)
    leaving = fleet.books[ADA].intend(
        Part.FLATTEN, -1, 10, "test", decision_bar=0, decision_ts=TS, reason=Reason.KILL, reduce_only=True,
        parent=fleet.desk.parent_of(fleet.books[ADA]),
    ).order.id  # fmt: skip
    assert fleet.desk.flush()
    prices = {leaving: Decimal(repr(PRICE)) - 7, stop.id: Decimal(repr(PRICE)) - 90}
    late, early = (
        Fill(f"T-{one}", fleet.ms + at, at, 10, prices[one], Decimal("0.01"), INSTRUMENT.settle)
        for one, at in ((leaving, 1), (stop.id, 2))
    )
    fleet.ms += 3
    fleet.venue.says(EventKind.FILL, stop.id, early)
    assert fleet.desk.flush() and fleet.lots() == [0, 0, 0]
    fleet.venue.says(EventKind.FILL, leaving, late)
    assert fleet.desk.flush() and fleet.lots() == [-10, 0, 0]
    bots = {name: fleet.journal.bot(name) for name in (ADA, EVA, IDA)}
    assert folded(fleet.journal.log(0, 9_999), bots) == stored(fleet.journal)


def test_a_stop_is_not_asked_to_go_while_what_outweighs_its_bot_may_be_gone(fleet: Fleet) -> None:
    fleet.trades(ADA, 1, 10, stop=0.02 * PRICE)
    (stop,) = (one for one in fleet.venue.submits() if one.trigger_ticks is not None)
    fleet.venue.says(EventKind.ACK, stop.id)
    fleet.trades(EVA, -1, 12)
    ada, eva = fleet.books[ADA], fleet.books[EVA]
    leaving = eva.intend(Part.FLATTEN, 1, 12, "test", decision_bar=0, decision_ts=TS, reason=Reason.KILL).order.id
    assert fleet.desk.flush()
    assert not leaves_alone(fleet.desk, ada, 10, "test")  # she is outweighed by lots that may be gone
    assert not ada.register.orders[stop.id].cancel_is_open
    fleet.venue.says(EventKind.REJECT, leaving)  # they are not
    assert not leaves_alone(fleet.desk, ada, 10, "test") and ada.register.orders[stop.id].cancel_is_open
