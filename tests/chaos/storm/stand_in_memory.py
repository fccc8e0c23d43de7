"""What the stand-in knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.chaos.storm.parts import Parts

from karat.core.ids import BotId, MarketId
from karat.oms.accounts import Terms
from karat.oms.netting import Book
from karat.oms.reconcile import Reconciled
from karat.oms.records import Effect, Order
from karat.oms.register import Register
from karat.ports.cockpit import EventKind as Told
from karat.ports.journal import BotRecord, Happening
from karat.ports.trading import AccountRecord, NewEvent, OrderRecord, TradeTrace

LOTS = 40
TIMEFRAME_MS = 20_000
LEASE_MS = 20_000
STOP_SHARE = 0.01


@dataclass
class StandInMemory:
    """`parts.Watched`, and how it comes back from the journal."""

    parts: Parts
    careless: bool = False
    register: Register = field(default_factory=Register)
    books: dict[MarketId, Book] = field(default_factory=dict[MarketId, Book])
    token: int | None = None
    is_reconciled: bool = False
    kill_latched: bool = False

    def __post_init__(self) -> None:
        self.bots = {bot.id: bot for bot in self.parts.journal.bots()}
        self._meta: dict[str, OrderRecord] = {}
        self._dirty: set[str] = set()
        self._effects: list[Effect] = []
        self._events: list[NewEvent] = []
        self._traces: list[TradeTrace] = []
        self._funding: dict[str, str] = {}
        self._closes: dict[BotId, tuple[int, float, int]] = {}  # (open time, close, true count)
        self._halted: set[str] = set()
        self._links: set[str] = set()
        self._looked: Reconciled | None = None
        self._looks, self._looked_ms, self._banned = 0, 0, False
        self._stop = asyncio.Event()

    # Watched

    def watched(self) -> StandInMemory:
        return self

    def blocks(self, market: MarketId) -> tuple[str, ...]:
        newest = max((ts for bot, (ts, _, _) in self._closes.items() if self.bots[bot].market == market), default=0)
        stale = self.parts.clock.now_ms() - newest > 3 * TIMEFRAME_MS
        named = {"kill": self.kill_latched, "not_reconciled": not self.is_reconciled, "stale_data": stale}
        named |= {"halted": market in self._halted, "unwritten": bool(self._dirty), "links": bool(self._links)}
        return tuple(name for name, is_so in named.items() if is_so)

    def price_age_ms(self, market: MarketId) -> int | None:
        return None

    def queue_sizes(self) -> Mapping[str, int]:
        return {"effects": len(self._effects)}

    def problems(self) -> tuple[str, ...]:
        return () if self.is_reconciled else ("not reconciled",)

    def _recover(self) -> None:
        journal = self.parts.journal
        self.kill_latched = bool(journal.facts().get("kill"))
        self._funding = dict(journal.facts().get("funding", {}))
        for bot in self.bots.values():
            terms = Terms.of(bot.instrument)
            book = Book(terms)
            for record in journal.orders_of(bot.id):
                book = book.book(record.order)
                self._meta[record.order.id] = record
                self.register, _ = self.register.intend(record.order)
            for identity, lots in journal.facts().get(f"external {bot.market}", {}).items():
                book = book.declare(identity, lots)
            self.books[bot.market] = book

    def _account(self, bot: BotRecord) -> AccountRecord | None:
        holding = self.books[bot.market].holding(self.parts.journal.number_of(bot.id))
        if not holding.fees:
            return None
        return AccountRecord(bot.id, bot.market, holding.lots, holding.cost, holding.realised, holding.fees)

    def _mine(self, bot: BotRecord) -> list[Order]:
        return [order for name, order in self.register.orders.items() if self._meta[name].bot == bot.id]

    def _tell(self, bot: BotId | None, text: str, cause: str, bar_ts: int | None = None) -> None:
        self._events.append(NewEvent(bot, bar_ts, Happening(Told.WARNING, text), cause))

    def _now(self) -> int:
        return self.parts.clock.now_ms()
