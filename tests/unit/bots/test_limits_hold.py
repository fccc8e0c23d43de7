"""Whatever several bots ask for, and in whatever order, what was let through never adds up to more than a limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.bots.fleet import POLICY, demo

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.gates import Answer, Gate
from karat.bots.desk.orders import Wish
from karat.bots.desk.recovery import recovered_book
from karat.bots.history import History
from karat.core.ids import BotId
from karat.core.model.reasons import Reason
from karat.feeds.demo.symbols import demo_instrument
from karat.journal import open_journal
from karat.oms.client_ids import Part
from karat.oms.records import Event, EventKind
from karat.ports.cockpit import Mode
from karat.ports.feed import Past
from karat.ports.journal import BotRecord, LimitedBy
from karat.ports.trading import Opening
from karat.ports.venue import Quoted, Timing
from karat.risk import with_limit
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

BARS = 200
CANDLES, FUNDING = demo(BARS)
INSTRUMENT = demo_instrument(CANDLES.market)
TS, PRICE = int(CANDLES.ts[-1]), float(CANDLES.close[-1])
CLOSE = TS + CANDLES.timeframe_ms
PER_LOT = INSTRUMENT.lot * INSTRUMENT.contract_size
STRATEGIES = ("bollinger_mean_reversion", "rsi_macd_momentum")
OPEN = {
    "filter.volume_ratio": 0, "filter.confidence_trending": 0, "filter.confidence_ranging": 0,
    "filter.confidence_high_volatility": 0, "breakers.trade_volume": 1, "breakers.leverage_over_depth": 100,
}  # fmt: skip


@cache
def bot_record(number: int) -> BotRecord:
    strategy = find_strategy(STRATEGIES[number % 2])
    return new_bot(
        f"bot{number}", strategy, {}, POLICY, INSTRUMENT, CANDLES, FUNDING, Mode.SIMULATED, 0, limits=LimitedBy.FLEET
    )


class House:
    """Four bots of two strategies on one market, all of them at the close of the same bar."""

    def __init__(self, home: Path, limits: dict[str, float]) -> None:
        self.journal = open_journal(home)
        self.desk = Desk(self.journal, PaperVenue(), self.journal.take_lease("one", 0, 1_000), lambda: CLOSE)
        for name, value in {**OPEN, **limits}.items():
            self.desk.limits.in_force, _ = with_limit(self.desk.limits.in_force, name, value)
        self.history = History(CANDLES.market, CANDLES.timeframe_ms, has_funding=True)
        self.history.begin(Past(CANDLES, FUNDING))
        self.desk.quotes[CANDLES.market] = Quoted(
            CANDLES.market, CLOSE, PRICE * 0.9999, PRICE * 1.0001, PRICE, 5e6, modelled=True
        )
        self.bots = [self._join(number) for number in range(4)]

    def _join(self, number: int) -> tuple[Book, Gate]:
        record = bot_record(number)
        self.journal.create_bot(record)
        book = recovered_book(self.desk, self.journal.bot(BotId(record.id)), (), None, {})
        self.desk.join(book)
        gate = gate_of(self.desk, book, self.history, {})
        gate.closed(book, BARS - 1, TS, book.kernel, None)
        return book, gate

    def ask(self, number: int, side: int, lots: int, stop: float, at: int) -> Answer:
        """Ask for an entry; what is let through is written down as an order."""
        book, gate = self.bots[number]
        opening = Opening(PRICE * stop, None, 3.0, 1.0)
        wish = Wish(Part.ENTRY, side, lots, BARS, Reason.ENTRY, Timing(BARS), opening=opening)
        gate.closed(book, BARS - 1, TS, book.kernel, None)
        answer = gate.ask(book, wish, TS + at, CLOSE)
        if answer.lots:
            order = book.intend(
                Part.ENTRY, side, answer.lots, "test", decision_bar=BARS - 1, decision_ts=TS + at,
                reason=Reason.ENTRY, opening=opening,
            )  # fmt: skip
            if at % 3 == 1:
                book.take(Event(EventKind.TIME_OUT, order.order.id), "clock")  # nobody knows whether it arrived
        return answer


@contextmanager
def house(limits: dict[str, float]) -> Iterator[House]:
    with TemporaryDirectory() as folder:
        made = House(Path(folder), limits)
        try:
            yield made
        finally:
            made.journal.close()


asks = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from((1, -1)), st.integers(1, 900), st.floats(0.005, 0.1)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(asks, st.floats(0.1, 1.0), st.floats(0.2, 2.0), st.floats(0.001, 0.02))
def test_what_may_still_fill_keeps_every_limit(
    wanted: list[tuple[int, int, int, float]], symbol: float, gross: float, risk: float
) -> None:
    limits = {"limits.symbol_exposure": symbol, "limits.gross_exposure": gross, "limits.risk_at_stop": risk}
    with house(limits) as made:
        for at, (number, side, lots, stop) in enumerate(wanted):
            answer = made.ask(number, side, lots, stop, at)
            assert 0 <= answer.lots <= lots
        capital = POLICY.capital
        flying = {n: list(book.live_of(Part.ENTRY)) for n, (book, _) in enumerate(made.bots)}
        lots = sum(order.reserved_lots for orders in flying.values() for order in orders)
        notional = lots * PER_LOT * PRICE  # even at the price as it is, not at the worst
        assert notional <= 4 * capital * min(symbol, gross)
        for number, orders in flying.items():
            book = made.bots[number][0]
            lost = sum(
                order.reserved_lots * PER_LOT * (book.notes[order.id].opening.stop_distance or 0.0)  # type: ignore[union-attr]
                for order in orders
            )
            assert lost <= risk * capital
            assert len({order.side for order in orders}) <= 1
        sides = {made.bots[n][0].record.strategy: {o.side for m in (n, n + 2) for o in flying[m]} for n in (0, 1)}
        assert all(len(found) <= 1 for found in sides.values())
        told = [one for one in made.desk.gathered.events if one.happening.kind.value == "risk"]
        assert all(one.happening.payload["lots"] <= one.happening.payload["asked_lots"] for one in told)


def test_one_bot_may_not_follow_what_nobody_knows_the_end_of() -> None:
    with house({}) as made:
        assert made.ask(0, 1, 10, 0.02, at=1).lots == 10  # and then the answer does not come
        refused = made.ask(0, 1, 10, 0.02, at=2)
        assert (refused.lots, refused.first) == (0, "risk.duplicate")
        assert "may have arrived or not" in refused.reason
        assert made.ask(1, 1, 10, 0.02, at=3).lots == 10


def test_the_fleet_may_hold_no_more_positions_than_it_may() -> None:
    with house({"filter.positions_fleet": 2}) as made:
        answers = [made.ask(number, 1, 10, 0.02, at=3 * number) for number in range(4)]
    assert [one.lots for one in answers] == [10, 10, 0, 0]
    assert answers[2].first == "filter.positions_fleet"


def test_the_same_decision_is_let_through_once() -> None:
    with house({}) as made:
        assert made.ask(0, 1, 10, 0.02, at=0).lots == 10
        again = made.ask(0, 1, 10, 0.02, at=0)
    assert (again.first, again.lots) == ("risk.duplicate", 0)


def test_without_a_quote_nothing_is_let_through() -> None:
    with house({}) as made:
        quote = made.desk.quotes[CANDLES.market]
        made.desk.quotes[CANDLES.market] = replace(quote, bid=None, ask=None, mark=None, depth=None)
        assert made.ask(0, 1, 10, 0.02, at=0).first == "filter.spread"
        made.desk.quotes[CANDLES.market] = replace(quote, ts=CLOSE - 60_000)
        assert made.ask(0, 1, 10, 0.02, at=0).first == "filter.data_age"
