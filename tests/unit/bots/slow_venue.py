"""A venue with its own prices, which is told what to say: nothing that is posted is answered by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from tests.unit.bots.fleet import POLICY, demo

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.recovery import recovered_book
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.feeds.demo.symbols import demo_instrument
from karat.journal import open_journal
from karat.oms.client_ids import Part
from karat.oms.records import Event, EventKind, Fill
from karat.ports.cockpit import Mode
from karat.ports.emergency import EmergencyJournal
from karat.ports.journal import Intent
from karat.ports.journal import Part as Decided
from karat.ports.trading import Opening, TradingJournal
from karat.ports.venue import OrderSaid, Quoted, Request, Sink, Submit, Traits
from karat.strategies import find_strategy

CANDLES, FUNDING = demo(200)
INSTRUMENT = demo_instrument(CANDLES.market)
TS, PRICE = int(CANDLES.ts[-1]), float(CANDLES.close[-1])
BOT = BotId("ada")
SLOW = Traits("slow", 1_000, 1_000, id_is_unique=True, simulates=False)


@dataclass
class SlowVenue:
    traits: Traits = SLOW
    posted: list[Request] = field(default_factory=list[Request])
    sink: Sink | None = None

    def listen(self, sink: Sink) -> None:
        self.sink = sink

    def post(self, request: Request) -> None:
        self.posted.append(request)

    def says(self, kind: EventKind, order: ClientOrderId, fill: Fill | None = None) -> None:
        assert self.sink is not None
        lots = 0 if fill is None else fill.lots
        self.sink(OrderSaid(Event(kind, order, f"v-{order}", lots, fill)))

    def submits(self) -> list[Submit]:
        return [one for one in self.posted if isinstance(one, Submit)]


@dataclass
class House:
    """One bot at the slow venue; `begin` is the start of a process on what the journal knows. `ms` is the time."""

    home: Path
    ms: int = TS
    venue: SlowVenue = field(default_factory=SlowVenue)
    emergency: EmergencyJournal | None = None
    venue_traits: Traits = SLOW

    def __post_init__(self) -> None:
        self.journal = open_journal(self.home)
        found = find_strategy("bollinger_mean_reversion")
        record = new_bot("ada", found, {}, POLICY, INSTRUMENT, CANDLES, FUNDING, Mode.PAPER, 0)
        self.journal.create_bot(replace(record, id=BOT))
        self.begin()

    def begin(self, journal: TradingJournal | None = None) -> None:
        store = journal or self.journal
        self.venue = SlowVenue(self.venue_traits)
        token = store.take_lease("one", 0, 1)
        self.desk = Desk(store, self.venue, token, lambda: self.ms, facts=store.facts(), emergency=self.emergency)
        self.desk.outbox.take_over()
        self.desk.condition.reconciled = True
        orders = tuple(one for one in store.open_orders() if one.bot == BOT)
        accounts = {one.bot: one for one in store.accounts()}
        self.book: Book = recovered_book(self.desk, store.bot(BOT), orders, accounts.get(BOT), store.facts())
        self.desk.join(self.book)

    def buys(self, lots: int = 10) -> Submit:
        """The bot holds `lots`, bought at the newest close; the stop that is placed for it."""
        fresh = self.desk.condition.freshness
        assert fresh is not None
        fresh.due_ms[CANDLES.market] = self.ms
        self.quotes()
        meant = self.book.intend(
            Part.ENTRY, 1, lots, "test", decision_bar=0, decision_ts=TS, reason=Reason.ENTRY,
            opening=Opening(0.02 * PRICE, None, 3.0, 1.0),
        )  # fmt: skip
        name = ClientOrderId(meant.order.id)
        self.desk.gathered.intents.append(Intent(name, BOT, 0, TS, Decided.ENTRY, 1, 1, lots, None, Reason.ENTRY))
        assert self.desk.flush()
        (entry,) = self.venue.submits()
        self.venue.says(EventKind.ACK, entry.id)
        self.venue.says(EventKind.FILL, entry.id, self.fill("entry", lots))
        (stop,) = (one for one in self.venue.submits() if one.trigger_ticks is not None)
        return stop

    def stands(self) -> Submit:
        """The bot holds 10 lots; its stop, which the venue has taken. What was posted until then is forgotten."""
        stop = self.buys()
        self.venue.says(EventKind.ACK, stop.id)
        self.desk.flush()
        self.venue.posted.clear()
        return stop

    def quotes(self) -> None:
        """The price is what it was."""
        self.desk.told(Quoted(CANDLES.market, self.ms, PRICE, PRICE, PRICE, None))

    def fill(self, name: str, lots: int) -> Fill:
        return Fill(name, self.ms, 0, lots, Decimal(str(PRICE)), Decimal(0), INSTRUMENT.settle)
