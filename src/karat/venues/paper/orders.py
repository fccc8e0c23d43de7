"""The paper venue at order level: orders come in, words go out, closed bars fill them with the kernel's functions.

1. One sub-account per bot (`accounts`), found by the bot's number in the order's name. Its position, money and orders
   are what the desk says at `enrol`, and from then on what the fills make of them.
2. `post` answers at once, as a venue would (`admission` says no), over a line that a script can spoil (`wire`).
3. `walk` is steps 1 to 8 of a bar (`matching`). A walk that was broken off by an error of the listener leaves the
   account where it was broken off: enrol the bot again with what its journal holds, and walk the bar once more. Only
   these are then said again: `Charged` of this bar under its old id (not where `Progress.charged` names it), and fills
   that were never booked by the desk, under their old ids.
4. What ended before this process began is not known here: a look-up says that it is absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from karat.core.errors import InputError
from karat.core.ids import ClientOrderId, MarketId
from karat.kernel.engine import Inputs
from karat.oms.accounts import EXACT
from karat.oms.client_ids import order_key
from karat.oms.reconcile import VenueOrder, VenueView
from karat.oms.records import Event, EventKind
from karat.ports.venue import (
    CancelOrder,
    FetchFills,
    Look,
    Looked,
    LookUp,
    OrderSaid,
    Quoted,
    Request,
    Said,
    Sink,
    Standing,
    Submit,
    Traits,
)
from karat.venues.paper.accounts import ExactBook, Progress, Resting, SubAccount
from karat.venues.paper.admission import Rulebook, Situation, refusal
from karat.venues.paper.matching import BarWalk, after_close, never_due, opening_of
from karat.venues.paper.prices import Book, quote_of
from karat.venues.paper.script import Script
from karat.venues.paper.wire import Now, Schedule, Wire

ARRIVAL_MS_MAX = 1_000
ANSWER_MS_MAX = 5_000
ENDED_KEPT = 10_000  # of these fills and last words can be asked for; of older ones only the name is kept


@dataclass(frozen=True, slots=True)
class _Hearing:
    """What matching says, brought over the line; ended orders are put aside."""

    venue: OrderPaperVenue
    wire: Wire

    def say(self, said: Said) -> None:
        self.wire.say(said)

    def slices(self, order: Resting, lots: int) -> list[int]:
        return self.wire.slices(order, lots)

    def over(self, account: SubAccount, order: Resting) -> None:
        self.venue.put_aside(account, order)


class OrderPaperVenue:
    """Satisfies `karat.ports.venue.SimulatedVenue`. Nothing is written anywhere; one thread at a time.

    `now_ms` is wanted by scripts with times, by the age of quotes and by looks that prove absence; `schedule` is told
    when `wake` has to be called for words that are late.
    """

    def __init__(
        self, *, script: Script | None = None, rulebook: Rulebook | None = None, now_ms: Now | None = None,
        schedule: Schedule | None = None,
    ) -> None:  # fmt: skip
        script = script or Script()
        slow = script.latency_ms + script.delay_ms
        self._traits = Traits("paper", ARRIVAL_MS_MAX + slow, ANSWER_MS_MAX + slow, id_is_unique=True, simulates=True)
        self._wire = Wire(script, now_ms, schedule)
        self._hearing = _Hearing(self, self._wire)
        self._rulebook = rulebook or Rulebook()
        self._accounts: dict[int, SubAccount] = {}
        self._ended: dict[ClientOrderId, Resting] = {}
        self._forgotten: set[ClientOrderId] = set()
        self._sent_ms: dict[ClientOrderId, int] = {}
        self._looks: dict[ClientOrderId, int] = {}
        self._books: dict[MarketId, Book] = {}
        self._quotes: dict[MarketId, tuple[Inputs, int]] = {}
        self._quoted_ts: dict[MarketId, int] = {}
        self._walking: int | None = None

    @property
    def traits(self) -> Traits:
        return self._traits

    def listen(self, sink: Sink) -> None:
        self._wire.listen(sink)

    def enrol(
        self, bot: int, standing: Standing, *, progress: Progress | None = None, exact: ExactBook | None = None
    ) -> None:
        """Keep an account for `bot`. `progress`: what is booked of bar `standing.state.bar` already; `exact`: the exact
        book, without which the balance is the kernel's to its last digit only."""
        self._accounts[bot] = SubAccount.of(bot, standing, progress or Progress(), exact)

    def book(self, market: MarketId, book: Book | None) -> None:
        """A snapshot of the order book, by which market orders get worse; None: it is not known any more."""
        if book is None:
            self._books.pop(market, None)
        else:
            self._books[market] = book

    def quote(self, market: MarketId) -> Quoted:
        """Best prices as the last walked bar and the policy's costs suppose them; all None before the first bar."""
        if market not in self._quotes:
            return Quoted(market, 0, None, None, None, None, modelled=True)
        inputs, bar = self._quotes[market]
        return quote_of(inputs, market, bar)

    def wake(self) -> int | None:
        """Say what is due by the clock; when to call again, None where nothing waits."""
        return self._wire.wake()

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        account = self._accounts.get(bot)
        if account is None:
            raise InputError("unknown_bot", f"The paper venue keeps no account for bot {bot}.", "Enrol it first.")
        if bar <= account.walked:
            return
        account.learn(inputs)
        if not never_due(account, bar):
            self._walking = bot
            try:
                book = self._books.get(account.market)
                BarWalk(account, inputs, opening_of(inputs, bar), self._hearing, book).whole()
            finally:
                self._walking = None
        account.walked = bar
        self._say_quote(account.market, inputs, bar)

    def post(self, request: Request) -> None:
        now = self._wire.now_ms()
        if isinstance(request, Submit) and now is not None:
            self._sent_ms[request.id] = now
        self._wire.carry(request, self._arrive)

    def put_aside(self, account: SubAccount, order: Resting) -> None:
        """An order has ended: it is kept for those who ask, the oldest of many as a name only."""
        account.orders.pop(order.submit.id, None)
        account.dirty = True
        self._ended[order.submit.id] = order
        if len(self._ended) > ENDED_KEPT:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._sent_ms.pop(oldest, None)
            self._forgotten.add(oldest)

    def _arrive(self, request: Request) -> None:
        match request:
            case Submit():
                self._submit(request)
            case CancelOrder():
                self._cancel(request)
            case LookUp():
                self._look_up(request)
            case FetchFills():
                self._fetch(request)
            case Look():
                self._wire.answer(Looked(self._view(request.id)))

    def _submit(self, submit: Submit) -> None:
        account = self._account_of(submit.id)
        if self._found(submit.id) is not None or submit.id in self._forgotten:
            self._word(EventKind.DUPLICATE_ID, submit.id, None, reason="the id is known", number=submit.number)
            return
        reason = self._wire.refusal(submit)
        if not reason and account is None:
            reason = "unknown account"
        if not reason and account is not None:
            reason = refusal(submit, Situation(account, self._books, self._wire.now_ms()), self._rulebook)
        if reason or account is None:
            refused = Resting(submit, f"paper-{submit.id}", end=EventKind.REJECT, reason=reason)
            self._ended[submit.id] = refused
            self._word(EventKind.REJECT, submit.id, None, reason=reason, number=submit.number)
            return
        order = Resting(submit, f"paper-{submit.id}")
        account.orders[submit.id] = order
        account.dirty = True
        self._word(EventKind.ACK, submit.id, order.venue_id, number=submit.number)
        if order.alive and order.is_market and submit.timing is None and self._walking != account.bot:
            self._fill_now(account, order)

    def _fill_now(self, account: SubAccount, order: Resting) -> None:
        """A market order for which nobody named a bar fills at the last close; before the first bar it waits for it."""
        inputs, bar = account.inputs, account.walked
        if inputs is None or bar < 0:
            return
        now = self._wire.now_ms()
        ts = now if now is not None else int(inputs.bars.ts[bar]) + inputs.bars.timeframe_ms
        book = self._books.get(account.market)
        BarWalk(account, inputs, after_close(inputs, bar, ts), self._hearing, book).at_once(order)

    def _cancel(self, cancel: CancelOrder) -> None:
        account, order = self._account_of(cancel.id), self._found(cancel.id)
        if account is None or order is None or not order.alive:
            reason = "unknown order" if order is None else "the order has ended"
            lots = order.filled if order is not None else 0
            self._word(EventKind.CANCEL_REFUSED, cancel.id, None, reason=reason, number=cancel.number, lots=lots)
            return
        order.end = EventKind.CANCEL_DONE
        self.put_aside(account, order)
        self._word(EventKind.CANCEL_DONE, cancel.id, order.venue_id, number=cancel.number, lots=order.filled)

    def _look_up(self, asked: LookUp) -> None:
        order = self._found(asked.id)
        if order is None:
            self._absent(asked)
            return
        if order.end == EventKind.REJECT:
            self._word(EventKind.REJECT, asked.id, None, reason=order.reason, asked=True)
            return
        self._word(EventKind.ACK, asked.id, order.venue_id, lots=order.filled, asked=True)
        for said in list(order.fills):
            self._wire.answer(said)
        if order.end not in (None, EventKind.FILL):
            end = order.end
            self._word(end, asked.id, order.venue_id, reason=order.reason, lots=order.filled, asked=True)

    def _absent(self, asked: LookUp) -> None:
        """How long ago it was sent; by nobody in this process: longer than anything is under way."""
        now, sent = self._wire.now_ms(), self._sent_ms.get(asked.id)
        if now is not None and sent is not None:
            after = now - sent
        else:
            self._looks[asked.id] = self._looks.get(asked.id, 0) + 1
            after = self._traits.arrival_ms_max + self._looks[asked.id]
        event = Event(EventKind.ABSENT, asked.id, number=asked.sending, after_ms=after)
        self._wire.answer(OrderSaid(event))

    def _fetch(self, asked: FetchFills) -> None:
        orders = [*self._ended.values(), *(one for there in self._accounts.values() for one in there.orders.values())]
        for order in orders:
            if order.submit.market != asked.market or asked.order not in (None, order.submit.id):
                continue
            for said in list(order.fills):
                fill = said.event.fill
                if asked.order is not None or (fill is not None and fill.ts >= asked.since_ms):
                    self._wire.answer(said)

    def _view(self, name: str) -> VenueView:
        """Positions as sums over bots; a currency of which one account is not known yet is left out."""
        positions: dict[MarketId, int] = {}
        balances: dict[str, Decimal] = {}
        unknown: set[str] = set()
        orders: list[VenueOrder] = []
        for account in self._accounts.values():
            positions[account.market] = positions.get(account.market, 0) + account.lots
            if account.exact is None:
                unknown.add(account.currency)
            else:
                before = balances.get(account.currency, Decimal())
                balances[account.currency] = EXACT.add(before, account.exact.balance)
            orders.extend(_shown(order) for order in account.orders.values())
        known = {currency: amount for currency, amount in balances.items() if currency not in unknown}
        return VenueView(name, tuple(orders), positions, known)

    def _word(
        self, kind: EventKind, order: ClientOrderId, venue_id: str | None, *, reason: str = "", number: int = 0,
        lots: int = 0, asked: bool = False,
    ) -> None:  # fmt: skip
        said = OrderSaid(Event(kind, order, venue_id, lots, number=number), reason)
        self._wire.answer(said) if asked else self._wire.say(said)

    def _account_of(self, name: ClientOrderId) -> SubAccount | None:
        key = order_key(name)
        return None if key is None else self._accounts.get(key.bot)

    def _found(self, name: ClientOrderId) -> Resting | None:
        account = self._account_of(name)
        there = account.orders.get(name) if account is not None else None
        return there if there is not None else self._ended.get(name)

    def _say_quote(self, market: MarketId, inputs: Inputs, bar: int) -> None:
        """Once per market and close, whoever walks it first."""
        ts = int(inputs.bars.ts[bar])
        if ts > self._quoted_ts.get(market, -1):
            self._quoted_ts[market] = ts
            self._quotes[market] = inputs, bar
            self._wire.say(quote_of(inputs, market, bar))


def _shown(order: Resting) -> VenueOrder:
    submit: Submit = order.submit
    return VenueOrder(
        submit.id, order.venue_id, submit.market, submit.side, submit.lots, order.filled, submit.limit_ticks,
        submit.trigger_ticks, submit.reduce_only,
    )  # fmt: skip


__all__ = ["Book", "ExactBook", "OrderPaperVenue", "Progress", "Rulebook", "Script"]
