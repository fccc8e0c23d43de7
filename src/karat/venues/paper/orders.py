"""The paper venue at order level: orders come in, words go out, closed bars fill them with the kernel's functions.

1. One sub-account per bot (`accounts`), found by the bot's number in the order's name. Its position, money and orders
   are what the desk says at `enrol`, and from then on what the fills make of them.
2. `post` answers at once, as a venue would (`admission` says no), over a line that a script can spoil (`wire`).
3. `walk` is steps 1 to 8 of a bar (`matching`). A walk that was broken off by an error of the listener leaves the
   account where it was broken off: enrol the bot again with what its journal holds, and walk the bar once more. Only
   these are then said again: `Charged` of this bar under its old id (not where `Standing.charged` names it), and fills
   that were never booked by the desk, under their old ids.
4. What ended before this process began is not known here: a look-up says that it is absent.
"""

from __future__ import annotations

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
    Sink,
    Standing,
    Submit,
    Traits,
)
from karat.venues.paper.accounts import Resting, SubAccount
from karat.venues.paper.admission import Rulebook, Situation, refusal
from karat.venues.paper.matching import BarWalk
from karat.venues.paper.moments import after_close, never_due, opening_of
from karat.venues.paper.prices import Book, quote_of
from karat.venues.paper.script import Script
from karat.venues.paper.wire import Now, Schedule, Wire

ARRIVAL_MS_MAX = 1_000
ANSWER_MS_MAX = 5_000


class OrderPaperVenue:
    """Satisfies `karat.ports.venue.SimulatedVenue`. Nothing is written anywhere; one thread at a time.

    `now_ms` is wanted by scripts with times and by the age of quotes; `schedule` is told when `wake` has to be called
    for words that are late.
    """

    def __init__(
        self, *, script: Script | None = None, rulebook: Rulebook | None = None, now_ms: Now | None = None,
        schedule: Schedule | None = None,
    ) -> None:  # fmt: skip
        script, rulebook = script or Script(), rulebook or Rulebook()
        if rulebook.quote_age_ms_max is not None and now_ms is None:
            raise InputError("rule_needs_clock", "The age of a quote needs a clock.", "Give the venue now_ms.")
        slow = script.latency_ms + script.delay_ms
        self._traits = Traits("paper", ARRIVAL_MS_MAX + slow, ANSWER_MS_MAX + slow, id_is_unique=True, simulates=True)
        self._wire = Wire(script, now_ms, schedule)
        self._rulebook = rulebook
        self._accounts: dict[int, SubAccount] = {}
        self._books: dict[MarketId, Book] = {}
        self._quotes: dict[MarketId, tuple[Inputs, int]] = {}
        self._quoted_ts: dict[MarketId, int] = {}
        self._walking: BarWalk | None = None

    @property
    def traits(self) -> Traits:
        return self._traits

    def listen(self, sink: Sink) -> None:
        self._wire.listen(sink)

    def enrol(self, bot: int, standing: Standing) -> None:
        """Keep an account for `bot`, as it stands."""
        self._accounts[bot] = SubAccount.of(bot, standing)

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
        account.learn(inputs)
        if bar <= account.walked:  # done before this process began: only its price is news
            self._say_quote(account.market, inputs, bar)
            return
        if not never_due(account, bar):
            book = self._books.get(account.market)
            self._walking = BarWalk(account, inputs, opening_of(inputs, bar), self._wire, book)
            try:
                self._walking.whole()
            finally:
                self._walking = None
        account.walked = bar
        self._say_quote(account.market, inputs, bar)

    def post(self, request: Request) -> None:
        self._wire.carry(request, self._arrive)

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
        if account is None:
            self._word(EventKind.REJECT, submit.id, None, reason="unknown account", number=submit.number)
            return
        if account.knows(submit.id):
            self._word(EventKind.DUPLICATE_ID, submit.id, None, reason="the id is known", number=submit.number)
            return
        reason = self._wire.refusal(submit)
        reason = reason or refusal(submit, Situation(account, self._books, self._wire.now_ms()), self._rulebook)
        order = Resting(submit, f"paper-{submit.id}", end=EventKind.REJECT if reason else None, reason=reason)
        if reason:
            account.put_aside(order)
            self._word(EventKind.REJECT, submit.id, None, reason=reason, number=submit.number)
            return
        account.take_in(order)
        self._word(EventKind.ACK, submit.id, order.venue_id, number=submit.number)
        if order.alive and order.is_market and submit.timing is None:
            self._fill_now(account, order)

    def _fill_now(self, account: SubAccount, order: Resting) -> None:
        """A market order for which nobody named a bar fills at the last price met, in a bar that is being walked or at
        the last close; before the first bar it waits for it."""
        if self._walking is not None and self._walking.account is account:
            self._walking.at_once(order)
            return
        inputs, bar = account.inputs, account.walked
        if inputs is None or bar < 0:
            return
        now = self._wire.now_ms()
        ts = now if now is not None else int(inputs.bars.ts[bar]) + inputs.bars.timeframe_ms
        book = self._books.get(account.market)
        BarWalk(account, inputs, after_close(inputs, bar, ts), self._wire, book).at_once(order)

    def _cancel(self, cancel: CancelOrder) -> None:
        account = self._account_of(cancel.id)
        order = account.find(cancel.id) if account is not None else None
        if account is None or order is None or not order.alive:
            reason = "unknown order" if order is None else "the order has ended"
            lots = order.filled if order is not None else 0
            self._word(EventKind.CANCEL_REFUSED, cancel.id, None, reason=reason, number=cancel.number, lots=lots)
            return
        order.end = EventKind.CANCEL_DONE
        account.put_aside(order)
        self._word(EventKind.CANCEL_DONE, cancel.id, order.venue_id, number=cancel.number, lots=order.filled)

    def _look_up(self, asked: LookUp) -> None:
        account = self._account_of(asked.id)
        order = account.find(asked.id) if account is not None else None
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
        event = Event(EventKind.ABSENT, asked.id, number=asked.sending, after_ms=asked.after_ms)
        self._wire.answer(OrderSaid(event))

    def _fetch(self, asked: FetchFills) -> None:
        accounts = self._accounts.values()
        orders = [one for there in accounts for one in (*there.ended.values(), *there.orders.values())]
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


__all__ = ["Book", "OrderPaperVenue", "Rulebook", "Script"]
