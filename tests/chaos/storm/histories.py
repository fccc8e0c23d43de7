"""Histories made by hand, for trying one invariant at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Received, Terms
from tests.chaos.storm.invariants.base import Check, Known
from tests.chaos.storm.setting import START_MS, Setting
from tests.chaos.storm.tape import Arrived, Began, Committed, Entry, Heard, Leased, Posted
from tests.chaos.storm.world import World

from karat.core.ids import BotId, ClientOrderId, MarketId, StrategyName
from karat.core.model.policy import Policy
from karat.core.model.reasons import Reason
from karat.oms.client_ids import OrderKey, Part, client_order_id
from karat.oms.netting import Book
from karat.oms.records import Event, EventKind, Fill, Order, Status
from karat.oms.register import Register
from karat.ports.cockpit import EventKind as Told
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, Happening
from karat.ports.trading import NewEvent, OrderRecord, Transaction
from karat.ports.venue import OrderSaid, Request, Said, Submit

M = MarketId("storm:AAA")
BOT, OTHER = BotId("ada"), BotId("eva")


@dataclass
class Memory:
    """`parts.Watched` that a test sets."""

    register: Register = field(default_factory=Register)
    books: Mapping[MarketId, Book] = field(default_factory=dict[MarketId, Book])
    token: int | None = 1
    is_reconciled: bool = True
    kill_latched: bool = False
    age_ms: int | None = None
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    wrong: tuple[str, ...] = ()

    def blocks(self, market: MarketId) -> tuple[str, ...]:
        return ()

    def price_age_ms(self, market: MarketId) -> int | None:
        return self.age_ms

    def queue_sizes(self) -> Mapping[str, int]:
        return self.sizes

    def problems(self) -> tuple[str, ...]:
        return self.wrong


class History:
    """One check, and what it found: `names` are the invariants."""

    def __init__(
        self, *checks: Check, setting: Setting | None = None, ticks: int = 30_000, unique: bool = True
    ) -> None:
        self.checks, self.setting, self.ticks = checks, setting or Setting(), ticks
        self.world, self.memory, self.found = World(START_MS), Memory(), []
        one = self.setting.instruments[0]
        bot = BotRecord(
            BOT, "ada", StrategyName("s"), "c0de", {}, Policy(), one, M, 20_000, Mode.PAPER, "USDT", START_MS, START_MS
        )
        terms = {one.market: Terms.of(one) for one in self.setting.instruments}
        self.exchange = Exchange(
            terms, {"USDT": Decimal(100_000)}, lambda _: self.ticks, lambda: self.world.now_ms, id_is_unique=unique
        )
        self.known = Known(self.setting, self.exchange, self.world, (bot,))
        self.known.origin = 7
        self.known.watch = lambda: self.memory
        self.sequence, self.requests = 0, 0
        self.play(Began(1, self.world.now_ms), Leased(1, self.world.now_ms, 1))
        self.known.has_looked = True

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.found]

    def play(self, *entries: Entry) -> None:
        for entry in entries:
            self.known.take(entry)
            for check in self.checks:
                self.found += check.on(entry, self.known) if type(entry) in check.hears else ()

    def commit(self, *orders: Order, events: Iterable[NewEvent] | None = None, token: int = 1, **more: Any) -> None:
        """A transaction with one event, unless others are given."""
        told = list(events) if events is not None else [an_event()]
        self.sequence += len(told)
        at, records = self.world.now_ms, [recorded(order) for order in orders]
        transaction = Transaction(token, at, orders=records, events=told, **more)
        self.play(Committed(1, at, transaction, self.sequence))

    def commit_of(self, bot: BotId, *orders: Order) -> None:
        """Of another bot."""
        self.commit_records(*(replace(recorded(order), bot=bot) for order in orders))

    def commit_records(self, *records: OrderRecord) -> None:
        """Orders as they were decided."""
        self.sequence += 1
        at = self.world.now_ms
        self.play(Committed(1, at, Transaction(1, at, orders=records, events=[an_event()]), self.sequence))

    def post(self, request: Request, *, life: int = 1, blocked: tuple[str, ...] = ()) -> None:
        self.play(Posted(life, self.world.now_ms, request, blocked))

    def arrive(self, request: Request, outcome: str = "ok") -> None:
        self.requests += 1
        self.play(Arrived(Received(self.requests, self.world.now_ms, request, outcome, 1)))

    def trade(self, order: Order) -> Order:
        """It goes to the exchange; the order with what was filled of it."""
        self.exchange.submit(submitted(order))
        trades = self.exchange.trades_of[self.exchange.by_client_id[order.id][-1].venue_id]
        fills = tuple(Fill(one.id, one.ts, one.number, one.lots, one.price, one.fee, one.currency) for one in trades)
        return replace(order, status=Status.FILLED, fills=fills)

    def hear(self, said: Said) -> None:
        self.play(Heard(1, self.world.now_ms, said))

    def word(self, kind: EventKind, order: Order, **more: Any) -> None:
        self.hear(OrderSaid(Event(kind, order.id, **more)))

    def wait(self, ms: int, *, good: bool = True) -> None:
        """Time passes, a second at a time."""
        while ms > 0:
            step = min(ms, 1_000)
            self.world.now_us += step * 1_000
            self.known.good_ms += step if good else 0
            self.known.writable_ms = self.known.good_ms
            for check in self.checks:
                self.found += check.on_time(self.known)
            ms -= step


def an_order(part: Part = Part.ENTRY, side: int = 1, lots: int = 10, intent: int = 0, **more: Any) -> Order:
    """Of bot number 1, SENT once."""
    attempt = more.pop("attempt", 0)
    name = client_order_id(OrderKey(7, more.pop("bot", 1), intent, part, attempt))
    made = Order(name, M, side, lots, 5_000, True, status=Status.SENT, sends=1, reduce_only=part not in _RISKY)
    return replace(made, **more)


def recorded(order: Order, ts: int = START_MS) -> OrderRecord:
    return OrderRecord(order, BOT, 0, ts, Reason.ENTRY)


def submitted(order: Order, **more: Any) -> Submit:
    levels = (order.limit_ticks, order.trigger_ticks, order.reduce_only)
    return replace(Submit(order.id, order.market, order.side, order.lots, *levels, number=max(order.sends, 1)), **more)


def an_event(cause: str = "clock", text: str = "something", kind: Told = Told.WARNING) -> NewEvent:
    return NewEvent(BOT, None, Happening(kind, text), cause)


def named(text: str) -> ClientOrderId:
    return ClientOrderId(text)


_RISKY = (Part.ENTRY, Part.LIMIT)
