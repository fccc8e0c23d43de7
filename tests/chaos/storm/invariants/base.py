"""What all invariants read: the journal as it was committed, the exchange's truth, the memory of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.parts import Watched
from tests.chaos.storm.setting import Setting
from tests.chaos.storm.tape import Began, Commanded, Committed, Ended, Entry, Heard, Kept, Leased, Posted, has_done
from tests.chaos.storm.world import World

from karat.bots.desk.codec import fill_of
from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import OrderKey, Part, order_key
from karat.oms.records import Event, Fill
from karat.ports.journal import BotRecord
from karat.ports.trading import NewEvent, OrderRecord
from karat.ports.venue import Looked, OrderSaid, Submit

Found = Iterator[tuple[str, str]]  # the invariant's name, and what is wrong
EXITS = frozenset({Part.EXIT, Part.STOP, Part.TAKE, Part.FLATTEN})


class Check:
    """One or several invariants, fed as things happen. Each method gives what it found broken. `hears`: the kinds of
    entries that `on` is told of."""

    hears: ClassVar[tuple[type[Entry], ...]] = ()

    def on(self, entry: Entry, known: Known) -> Found:
        """Something is on the tape; `known` has taken it in already."""
        return iter(())

    def on_time(self, known: Known) -> Found:
        """True time has moved on, and everything of the moment before has been seen."""
        return iter(())


@dataclass(slots=True)
class Sum:
    """Fills of one bot in one market: signed lots, money that came in for them, fees by currency."""

    lots: int = 0
    flow: Decimal = Decimal(0)
    fees: dict[str, Decimal] = field(default_factory=dict[str, Decimal])


@dataclass(frozen=True, slots=True)
class Change:
    """An order in a transaction: as it was, as it is, the fills that came, the bot's lots before them."""

    old: OrderRecord | None
    new: OrderRecord
    fills: tuple[Fill, ...]
    lots_before: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a bot closed against another of its market, by their books alone; the bot's lots before it."""

    bot: BotId
    market: MarketId
    side: int
    fill: Fill
    lots_before: int


class Known:
    """The witnesses, and what of them adds up. `good_ms`: time with the venue reachable, the process up and
    the disk without errors; `writable_ms`: of it, that in which the journal could be written."""

    def __init__(self, setting: Setting, exchange: Exchange, world: World, bots: tuple[BotRecord, ...] = ()) -> None:
        self.setting, self.exchange, self.world = setting, exchange, world
        self.bots = {bot.id: bot for bot in bots}
        self.numbers: dict[BotId, int] = {}  # of bots, in the names of orders
        self.origin: int | None = None
        self.quiet_from_ms = 0  # true time from which no fault is there
        self.records: dict[ClientOrderId, OrderRecord] = {}
        self.sums: dict[tuple[BotId, MarketId], Sum] = {}
        self.changes: tuple[Change, ...] = ()  # of the transaction on hand
        self.lots_before: dict[tuple[BotId, MarketId], int] = {}  # the transaction on hand
        self.settled: tuple[Settled, ...] = ()  # of the transaction on hand
        self.settled_lots: dict[tuple[BotId, MarketId], int] = {}  # in all
        self.heard: dict[ClientOrderId, list[Event]] = {}
        self.posted: set[ClientOrderId] = set()
        self.sent_ms: dict[ClientOrderId, int] = {}  # when the newest sending was committed
        self.last = 0  # number of the newest event
        self.token, self.token_life = 0, 0
        self.life = 0  # 0: the process is down
        self.has_looked = False  # in this life
        self.killed_good_ms: int | None = None
        self.released: set[str] = set()
        self.good_ms = 0
        self.writable_ms = 0
        self.keeps: Callable[[], bool] = lambda: True  # whether an exit can be remembered at all
        self.watch: Callable[[], Watched | None] = lambda: None
        self.clock_error_ms: Callable[[], int] = lambda: 0
        self.channel_is_up: Callable[[], bool] = lambda: True
        self.journal_is_up: Callable[[], bool] = lambda: True
        self.true_close: Callable[[MarketId, int, int], float | None] = lambda market, timeframe_ms, ts: None

    @property
    def now_ms(self) -> int:
        return self.world.now_ms

    @property
    def watched(self) -> Watched | None:
        return self.watch() if self.life else None

    def take(self, entry: Entry) -> None:
        """Before the checks see it."""
        if isinstance(entry, Committed):
            self.lots_before = {place: one.lots for place, one in self.sums.items()}
            self.changes = tuple(self._changed(record) for record in entry.transaction.orders)
            self.settled = tuple(self._settled(event) for event in entry.transaction.events if _settles(event))
            self.last = entry.sequence
            if has_done(entry, "kill.release"):
                self._release()
        elif isinstance(entry, Kept):
            for record in entry.orders:
                self._changed(record)
        elif isinstance(entry, Posted):
            if isinstance(entry.request, Submit):
                self.posted.add(entry.request.id)
        elif isinstance(entry, Heard):
            self._hear(entry)
        elif isinstance(entry, Leased):
            self.token, self.token_life = entry.token, entry.life
        elif isinstance(entry, Began):
            self.life, self.has_looked = entry.life, False
        elif isinstance(entry, Ended):
            self.life = 0
        elif isinstance(entry, Commanded) and entry.accepted:
            self._obey(entry)

    def net_lots(self, market: MarketId) -> int:
        """Of all bots, as booked."""
        return sum(one.lots for (_, where), one in self.sums.items() if where == market)

    def bot_lots(self, bot: BotId, market: MarketId) -> int:
        one = self.sums.get((bot, market))
        return 0 if one is None else one.lots

    def true_lots(self, bot: BotId, market: MarketId) -> int:
        """What the venue's trades of a bot's orders come to, booked or not, and what was settled with other bots."""
        orders = {name for name, record in self.records.items() if record.bot == bot}
        mine = (one for one in self.exchange.trades if one.market == market and one.order in orders)
        return sum(trade.side * trade.lots for trade in mine) + self.settled_lots.get((bot, market), 0)

    def is_truly_opposed(self, market: MarketId) -> bool:
        """Whether bots hold both sides of a market by the venue's trades."""
        return len({lots > 0 for bot in self.bots if (lots := self.true_lots(bot, market))}) == 2

    def by_hand_lots(self, market: MarketId, side: int) -> int:
        """What trades of nobody's orders have brought in on one side, in all."""
        mine = (one for one in self.exchange.trades if one.order is None and one.market == market)
        return sum(trade.lots for trade in mine if trade.side == side)

    def exposed_lots(self, market: MarketId) -> int:
        """Of what the bots hold by their books, what is there at the venue: the rest was taken away by others."""
        ours, held = self.net_lots(market), self.exchange.held[market].lots
        return min(abs(ours), abs(held)) if ours * held > 0 else 0

    def value(self, market: MarketId, lots: int, price: Decimal) -> Decimal:
        terms = self.exchange.terms[market]
        return lots * terms.lot * terms.contract_size * price

    def _changed(self, record: OrderRecord) -> Change:
        order, old = record.order, self.records.get(record.order.id)
        there = set() if old is None else {fill.id for fill in old.order.fills}
        new = tuple(fill for fill in order.fills if fill.id not in there)
        one = self.sums.setdefault((record.bot, order.market), Sum())
        before = one.lots
        for fill in new:
            one.lots += order.side * fill.lots
            one.flow -= order.side * self.value(order.market, fill.lots, fill.price)
            one.fees[fill.fee_currency] = one.fees.get(fill.fee_currency, Decimal(0)) + fill.fee
        if order.sends > (0 if old is None else old.order.sends):
            self.sent_ms[order.id] = self.now_ms
        self.records[order.id] = record
        return Change(old, record, new, before)

    def _settled(self, event: NewEvent) -> Settled:
        told, bot = event.happening.payload["settled"], event.bot
        assert bot is not None, "a settlement is a bot's"
        market, fill = self.bots[bot].market, fill_of(told["fill"])
        one = self.sums.setdefault((bot, market), Sum())
        before, moved = one.lots, told["side"] * fill.lots
        one.lots += moved
        self.settled_lots[bot, market] = self.settled_lots.get((bot, market), 0) + moved
        one.flow -= told["side"] * self.value(market, fill.lots, fill.price)
        return Settled(bot, market, told["side"], fill, before)

    def _hear(self, entry: Heard) -> None:
        if isinstance(entry.said, Looked):
            self.has_looked = True
        if isinstance(entry.said, OrderSaid):
            event = entry.said.event
            name = event.order
            if name is None and event.venue_id in self.exchange.orders:
                known = self.exchange.orders[event.venue_id].id
                name = None if known is None else ClientOrderId(known)
            if name is not None:
                self.heard.setdefault(name, []).append(event)

    def _obey(self, entry: Commanded) -> None:
        if entry.kind == "kill":
            self.killed_good_ms = self.good_ms if self.killed_good_ms is None else self.killed_good_ms
        if entry.kind == "release":
            self._release()

    def _release(self) -> None:
        self.killed_good_ms = None
        self.released.update(self.setting.markets)


def _settles(event: NewEvent) -> bool:
    return "settled" in event.happening.payload


def adds_risk(request: Submit) -> bool:
    """Whether an order may grow a position: every one that is not marked, and is not an exit by its name."""
    key = order_key(request.id)
    return not request.reduce_only and (key is None or key.part not in EXITS)


def opens(order: ClientOrderId) -> bool:
    """Whether an order is by its name one that opens or grows a position."""
    key = order_key(order)
    return key is not None and key.part in (Part.ENTRY, Part.LIMIT)


def intent_of(key: OrderKey) -> tuple[int, int, int, Part]:
    """The part of the intent, whatever the attempt."""
    return key.origin, key.bot, key.intent, key.part
