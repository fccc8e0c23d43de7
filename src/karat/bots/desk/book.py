"""The book of one bot: its orders, its fills, its money, and what follows from what the venue says of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from karat.bots.desk.beside import Beside
from karat.bots.desk.codec import event_plain, intent_plain
from karat.bots.desk.fill_records import book_fill
from karat.bots.desk.filling import Kind
from karat.bots.desk.gathered import Gathered
from karat.bots.desk.guarding import Planner
from karat.bots.desk.orders import NOTHING_DECIDED, submit_of
from karat.bots.desk.waiting import OPENING, Waiting, has_to_wait, let_go
from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Reason
from karat.kernel.state import State, state_bytes
from karat.kernel.trading import no_limit
from karat.oms.accounts import Account
from karat.oms.client_ids import OrderKey, Part, client_order_id, part_of
from karat.oms.protection import Plan
from karat.oms.records import TERMINAL, Alarm, Effect, EffectKind, Event, Order, Status
from karat.oms.records import EventKind as Word
from karat.oms.register import Register
from karat.ports.cockpit import EventKind
from karat.ports.journal import BotRecord, FillRecord
from karat.ports.trading import AccountRecord, Booked, OrderRecord
from karat.ports.venue import SHADOW_MARK, CancelOrder, FetchFills, LookUp, Priced, Traits

DECIDED = frozenset({Part.ENTRY, Part.EXIT})
KEPT_MAX = 16  # orders that are over and still remembered, so that late words about them find them
NOTHING_THERE = "reduce_only"  # the venue's word for an order that may only close and finds nothing to
_TOLD = {
    Status.SENT: EventKind.SENT, Status.ACKNOWLEDGED: EventKind.ACKNOWLEDGED,
    Status.PARTLY_FILLED: EventKind.FILLED, Status.FILLED: EventKind.FILLED,
}  # fmt: skip


class Onlooker(Protocol):
    """Told of what becomes of a bot's entries and trades."""

    def trade_closed(self, pnl: float) -> None: ...

    def order_answered(self, *, rejected: bool) -> None: ...


@dataclass(slots=True)
class Book:
    """`origin` and `number` are this journal's and this bot's in the names of orders. `bars`: bars done, so the number
    of the bar in which a fill falls. `halt` is called with a reason when no new risk may be taken."""

    record: BotRecord
    origin: int
    number: int
    kind: Kind
    traits: Traits
    gathered: Gathered
    kernel: State
    now_ms: Callable[[], int]
    halt: Callable[[str, str], None]
    account: Account
    register: Register = field(default_factory=Register)
    notes: dict[ClientOrderId, OrderRecord] = field(default_factory=dict[ClientOrderId, OrderRecord])
    next_intent: int = 0
    fills: int = 0
    trades: int = 0
    last_fill: FillRecord | None = None
    open_fills: list[FillRecord] = field(default_factory=list[FillRecord])
    unaffordable: list[int] = field(default_factory=list[int])
    external_lots: int = 0  # of this market, at the venue, nobody's
    beside: Beside | None = None  # where a venue has one position for all bots of a market
    failed_exit: OrderRecord | None = None  # ended with a position left, not tried again yet
    failed_ms: int = 0
    refused_ms: int | None = None  # when a protective order was sent that the venue refused
    doubted_ms: int | None = None  # since when the venue says that nothing is there to close
    beyond_stop: bool = False  # the refused stop would have triggered at once: the price is past it
    looked_ms: dict[ClientOrderId, int] = field(default_factory=dict[ClientOrderId, int])
    waiting: tuple[Waiting, ...] = ()
    planner: Planner = field(default_factory=Planner)
    touched: set[int] = field(default_factory=set[int])  # of the desk: bots whose book has changed
    onlooker: Onlooker | None = None
    paid: dict[str, Decimal] = field(default_factory=dict[str, Decimal])  # funding and borrow, per currency
    began_ms: int = 0  # when this life of the book began
    _live: tuple[Register | None, tuple[Order, ...]] = (None, ())  # the register, and those of it that are not over
    charges: deque[str] = field(default_factory=lambda: deque[str](maxlen=8))  # ids of charges booked lately

    @property
    def is_closing(self) -> bool:
        """Whether the position is being closed by the desk, not by a decision."""
        return any(self.live_of(Part.FLATTEN))

    @property
    def last_fill_ts(self) -> int | None:
        """Time of the newest fill in the bar that is not done yet; None without one."""
        last = self.last_fill
        return last.ts if last is not None and last.bar == self.kernel.bar else None

    def live_orders(self) -> tuple[Order, ...]:
        """Those that are not over."""
        if self._live[0] is not self.register:  # one of these never changes
            self._live = self.register, tuple(one for one in self.register.orders.values() if not one.is_over)
        return self._live[1]

    def live_of(self, *parts: Part) -> Iterator[Order]:
        """Those of some parts that are not over."""
        return (order for order in self.live_orders() if part_of(order.id) in parts)

    def intend(self, part: Part, side: int, lots: int, cause: str, **given: Any) -> OrderRecord:
        """Write a new order down and let it leave after the next write, or once an earlier order is over. `given` are
        fields of `OrderRecord`, and ticks and `reduce_only` of its order."""
        name = client_order_id(OrderKey(self.origin, self.number, self.next_intent, part))
        self.next_intent += 1
        ticks = {key: given.pop(key) for key in ("limit_ticks", "trigger_ticks", "reduce_only") if key in given}
        traits = self.traits
        order = Order(name, self.record.market, side, lots, traits.arrival_ms_max, traits.id_is_unique, **ticks)
        record = OrderRecord(order, self.record.id, **given)
        waits = has_to_wait(self, record)
        self.register, effects = self.register.intend(order)
        assert not effects, f"{name} was refused by the register: {effects}"
        self.notes[name] = record
        self.gathered.tell(self.record.id, EventKind.INTENT, "", intent_plain(record), cause)
        if waits:
            self.waiting = (*self.waiting, Waiting(name, self.now_ms()))
            self._keep(order)
        else:
            self.take(Event(Word.SEND, name), cause)
        return self.notes[name]

    def take(self, event: Event, cause: str, priced: Priced | None = None, reason: str = "") -> None:
        """Tell an event to its order, and do what follows."""
        name = event.order or self.register.by_venue_id.get(event.venue_id or "")
        before = self.register.orders.get(name) if name is not None else None
        register, effects = self.register.take(event)
        after = register.orders.get(name) if name is not None else None
        unchanged = before == after and not effects and register.parked == self.register.parked
        self.register = register
        if unchanged:
            return
        self._tell(event, before, after, cause, reason)
        for effect in effects:
            self._follow(effect, cause, priced)
        if after is not None:
            self._keep(after)
            self._answered(event, before, after)
            if after.status in TERMINAL and (before is None or before.status not in TERMINAL):
                self._ended(after, reason)
        self.end_decision()
        let_go(self, cause)

    def cancel(self, name: ClientOrderId, cause: str) -> None:
        """Ask the venue to let an order go."""
        self.take(Event(Word.CANCEL, name), cause)

    def look_up(self, order: Order) -> None:
        """Ask the venue what it has under the id of `order`."""
        now, sent_ms = self.now_ms(), self.notes[order.id].sent_ms
        self.looked_ms[order.id] = now
        after_ms = 0 if sent_ms is None else max(now - sent_ms, 0)
        self.gathered.posts.append(LookUp(order.id, order.market, order.sends, after_ms))

    def fetch_fills(self, order: Order) -> None:
        """Ask the venue for all fills of `order`."""
        self.looked_ms[order.id] = self.now_ms()
        self.gathered.posts.append(FetchFills(order.market, order.id))

    def leaves(self, name: ClientOrderId) -> None:
        """A new order leaves now, which may be later than it was meant to."""
        self.notes[name] = replace(self.notes[name], sent_ms=self.now_ms())

    @property
    def there_lots(self) -> int:
        """How much of the position is at the venue: lots of the other side that are nobody's have taken the rest."""
        return self.kernel.holding.lots - (0 if self.beside is None else self.beside.taken_lots())

    def protection(self) -> Plan:
        """What the protection of the position wants next."""
        taken = self.kernel.holding.lots - self.there_lots
        took = sum(fill.lots for fill in self.open_fills if fill.reason is Reason.TAKE)
        return self.planner.plan(self.kind, self.kernel, self.register, taken, took)

    def keep_kernel(self, state: State) -> None:
        """The state from now on, to be written with whatever else is."""
        self.kernel = state
        self.touched.add(self.number)
        self.gathered.kernels[self.record.id] = state_bytes(state)

    def shift(self, ms: int, wrong_now_ms: int) -> None:
        """The clock of this life was set right by `ms`: times that it gave move with it."""
        began = self.began_ms
        self.began_ms += ms
        self.failed_ms += ms
        self.refused_ms = None if self.refused_ms is None else self.refused_ms + ms
        self.looked_ms = {name: at_ms + ms for name, at_ms in self.looked_ms.items()}
        for name, note in self.notes.items():
            times = {"sent_ms": note.sent_ms, "cancel_ms": note.cancel_ms}
            mine = {one: at + ms for one, at in times.items() if at is not None and began <= at <= wrong_now_ms}
            self.notes[name] = replace(note, **mine) if mine else note

    def forget(self) -> None:
        """Let go of orders that have long been over."""
        if len(self.register.orders) <= KEPT_MAX:
            return
        over = [name for name, order in self.register.orders.items() if order.is_over]
        if len(over) > KEPT_MAX:
            gone = over[: len(over) - KEPT_MAX // 2]
            self.register = self.register.retire(gone)
            for name in gone:
                self.notes.pop(name, None)
                self.looked_ms.pop(name, None)

    def nothing_booked(self) -> Booked:
        """The kernel state moved without a fill."""
        return Booked(self.record.id, self.gathered.kernels[self.record.id])

    def account_record(self) -> AccountRecord:
        held = self.account.holding
        return AccountRecord(self.record.id, self.record.market, held.lots, held.cost, held.realised, held.fees)

    def _tell(self, event: Event, before: Order | None, after: Order | None, cause: str, reason: str) -> None:
        kind = EventKind.ORDER
        if event.kind is Word.FILL:
            kind = EventKind.FILLED
        elif after is not None and before is not None and before.status != after.status:
            kind = _TOLD.get(after.status, EventKind.ORDER)
        payload: dict[str, Any] = {"event": event_plain(event)}
        if after is not None:
            payload["status"] = after.status.name.lower()
        if reason:
            payload["reason"] = reason
        self.gathered.tell(self.record.id, kind, reason, payload, cause)

    def _answered(self, event: Event, before: Order | None, after: Order) -> None:
        """Tell whoever looks on that the venue took an entry, or refused it."""
        if self.onlooker is None or before is None or part_of(after.id) not in OPENING:
            return
        heard = before.status in (Status.SENT, Status.UNKNOWN) and after.status is not before.status
        rejected = event.kind is Word.REJECT and after.status is Status.REJECTED
        if heard and (rejected or event.kind in (Word.ACK, Word.FILL)):
            self.onlooker.order_answered(rejected=rejected)

    def _keep(self, order: Order) -> None:
        self.touched.add(self.number)
        record = replace(self.notes[order.id], order=order)
        self.notes[order.id] = self.gathered.orders[order.id] = record

    def _ended(self, order: Order, reason: str) -> None:
        """An order has come to its end."""
        part = part_of(order.id)
        if order.filled_lots >= order.lots:
            return
        if reason.removesuffix(SHADOW_MARK) == "afford" and not order.filled_lots:
            self.unaffordable.append(self.notes[order.id].decision_bar)
        if part in (Part.EXIT, Part.FLATTEN) and self.kernel.holding.side == -order.side:
            self.failed_exit, self.failed_ms = self.notes[order.id], self.now_ms()
        if reason == NOTHING_THERE and self.kernel.holding.side == -order.side:
            self.doubted_ms = self.now_ms()
        if part in (Part.STOP, Part.TAKE) and order.status in (Status.REJECTED, Status.EXPIRED):
            self.refused_ms = self.notes[order.id].sent_ms  # one that stood for long was not refused
            self.beyond_stop = part is Part.STOP and reason == "would_trigger"

    def _follow(self, effect: Effect, cause: str, priced: Priced | None) -> None:
        """Do one of the effects of an event."""
        name, posts, market = effect.order, self.gathered.posts, self.record.market
        if effect.kind is EffectKind.RAISE:
            self._raise(effect.alarm, name, cause)
            return
        if name is None:
            return
        order = self.register.orders[name]
        if effect.kind is EffectKind.BOOK and effect.fill is not None:
            book_fill(self, order, effect.fill, priced)
        elif effect.kind is EffectKind.SUBMIT:
            record = self.notes[name] = replace(self.notes[name], order=order, sent_ms=self.now_ms())
            posts.append(submit_of(record))
        elif effect.kind is EffectKind.LOOK_UP:
            self.look_up(order)
        elif effect.kind is EffectKind.CANCEL:
            self.notes[name] = replace(self.notes[name], cancel_ms=self.now_ms())
            posts.append(CancelOrder(name, market, order.venue_id, order.cancels))
        elif effect.kind is EffectKind.FETCH_FILLS:
            self.fetch_fills(order)
        elif effect.kind is EffectKind.HALT:
            self.halt("halted_by_order", f"{name}: the venue did what was not asked of it")

    def _raise(self, alarm: Alarm | None, name: ClientOrderId | None, cause: str) -> None:
        word = "" if alarm is None else alarm.value
        text = f"Order {name or '?'}: {word.replace('_', ' ')}."
        self.gathered.tell(self.record.id, EventKind.ALARM, text, {"alarm": word, "order": name}, cause)

    def end_decision(self) -> None:
        """A decision whose orders are over is no longer on its way."""
        kernel = self.kernel
        if kernel.order.due >= 0 and not any(self.live_of(*DECIDED)):
            self.keep_kernel(kernel._replace(order=NOTHING_DECIDED))
        if kernel.limit.side and not any(self.live_of(Part.LIMIT)):
            self.keep_kernel(self.kernel._replace(limit=no_limit()))
