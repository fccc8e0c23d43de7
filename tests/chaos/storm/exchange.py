"""The venue's truth: one account, one net position per market, orders against prices of one second.

Written from what perpetual venues do, and from nothing in Karat that fills orders: where the two disagree, one of them
is wrong. Money is Decimal, sizes are whole lots, levels whole ticks.

1. What takes, takes half the spread away from the price: at once, or in slices of a second each.
2. A limit fills as a maker when the price is through it; one that would take at its arrival takes, or is void where it
   is post-only. A stop becomes a market order when the price is at it or past it.
3. Reduce-only is bounded by the net position at each fill; what is left over ends then. It is refused while flat.
4. Funding is taken of the net position. Where equity no longer carries the maintenance margin, all positions are closed
   at the price less a penalty, and all orders with them.
5. `say` hears what a user stream tells; answers to requests are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from tests.chaos.storm.exchange_records import QUANTUM, Held, Money, Resting, Terms, Trade, Tricks
from tests.chaos.storm.exchange_refusals import takes_now, wrong_with
from tests.chaos.storm.exchange_words import STANDING, fill_of, said

from karat.core.ids import ClientOrderId, MarketId
from karat.oms.reconcile import VenueOrder, VenueView
from karat.oms.records import Event, EventKind
from karat.ports.venue import CancelOrder, Charged, FetchFills, Look, Looked, LookUp, OrderSaid, Said, Seized, Submit

MarkTicks = Callable[[MarketId], int]
LIQUIDATION_PENALTY_TICKS = 5


class Exchange:
    """One account at one exchange."""

    def __init__(
        self, terms: Mapping[MarketId, Terms], opening: Mapping[str, Decimal], mark: MarkTicks,
        now_ms: Callable[[], int], *, id_is_unique: bool = True,
    ) -> None:  # fmt: skip
        self.terms = dict(terms)
        self.money = {currency: Money(amount) for currency, amount in opening.items()}
        self.held = {market: Held() for market in terms}
        self.orders: dict[str, Resting] = {}  # by venue id, in the order of arrival
        self.live: dict[str, Resting] = {}
        self.by_client_id: dict[str, list[Resting]] = {}
        self.trades: list[Trade] = []
        self.trades_of: dict[str, list[Trade]] = {}  # by venue id
        self.by_trade_id: dict[str, Trade] = {}
        self.charges: list[Charged] = []
        self.tricks = Tricks()
        self.id_is_unique = id_is_unique
        self.say: Callable[[Said], None] = lambda _: None
        self.mark, self._now_ms = mark, now_ms
        self._venue_ids = 0

    # Requests

    def submit(self, asked: Submit) -> OrderSaid:
        """A new order: taken, or refused with the code of the first thing that is wrong."""
        code = wrong_with(self, asked, self.by_client_id if self.id_is_unique else {})
        if code == "duplicate_id":
            return said(EventKind.DUPLICATE_ID, asked.id, None, number=asked.number, reason=code)
        if code:
            return said(EventKind.REJECT, asked.id, None, number=asked.number, reason=code)
        order = self._rest(
            asked.id, asked.market, asked.side, asked.lots, asked.limit_ticks, asked.trigger_ticks, asked.reduce_only
        )
        self.say(said(EventKind.ACK, asked.id, order.venue_id))
        self._meet(order, arrives=True)
        return said(EventKind.ACK, asked.id, order.venue_id, lots=order.filled, number=asked.number)

    def cancel(self, asked: CancelOrder) -> OrderSaid:
        """By client id, or by the venue's where that is all there is."""
        found = self.by_client_id.get(asked.id, [])
        order = next((one for one in found if one.state == "open"), None)
        if order is None:
            reason = found[-1].state if found else "unknown_order"
            return said(EventKind.CANCEL_REFUSED, asked.id, None, number=asked.number, reason=reason)
        if self.tricks.fills_before_cancel and order.limit_ticks is not None:
            lots = min(self.tricks.fills_before_cancel, max(order.left - 1, 0))
            self.tricks.fills_before_cancel = 0
            self._fill(order, lots, order.limit_ticks, maker=True, told=not self.tricks.hushes_before_cancel)
            if order.state != "open":
                return said(EventKind.CANCEL_REFUSED, asked.id, None, number=asked.number, reason=order.state)
        self._end(order, "cancelled", "asked", EventKind.CANCEL_DONE)
        return said(EventKind.CANCEL_DONE, asked.id, order.venue_id, lots=order.filled, number=asked.number)

    def look_up(self, asked: LookUp) -> list[OrderSaid]:
        """Its fills, then where it stands; or that there is none."""
        found = self.by_client_id.get(asked.id, [])
        if not found:
            return [OrderSaid(Event(EventKind.ABSENT, asked.id, number=asked.sending, after_ms=asked.after_ms))]
        told: list[OrderSaid] = []
        for order in found:
            told += [self._fill_word(order, trade) for trade in self.trades_of.get(order.venue_id, [])]
            told.append(said(STANDING[order.state], order.id, order.venue_id, lots=order.filled, reason=order.why))
        return told

    def fills(self, asked: FetchFills) -> list[OrderSaid]:
        """Of one order, or of a market since a moment."""
        if asked.order is not None:
            orders = self.by_client_id.get(asked.order, [])
        else:
            orders = [order for order in self.orders.values() if order.market == asked.market]
        trades = [(order, trade) for order in orders for trade in self.trades_of.get(order.venue_id, [])]
        found = [(order, trade) for order, trade in trades if trade.ts >= asked.since_ms]
        return [self._fill_word(order, trade) for order, trade in sorted(found, key=lambda one: one[1].number)]

    def look(self, asked: Look) -> Looked:
        """All of it at one moment."""
        orders = tuple(
            VenueOrder(
                order.id, order.venue_id, order.market, order.side, order.lots, order.filled, order.limit_ticks,
                order.trigger_ticks, order.reduce_only,
            ) for order in self.live.values()
        )  # fmt: skip
        positions = {market: held.lots for market, held in self.held.items()}
        balances = {currency: money.wallet for currency, money in self.money.items()}
        return Looked(VenueView(asked.id, orders, positions, balances))

    def read_back(self, market: MarketId) -> tuple[float, int, bool]:
        """What is set: leverage, largest order in lots, whether exits alone are taken."""
        terms = self.terms[market]
        return float(terms.set_leverage), terms.max_lots, not terms.open

    # Time

    def tick(self) -> None:
        """One second on: every order meets the new price, oldest first; then the margin is looked at."""
        for order in list(self.live.values()):
            if order.state == "open":
                self._meet(order, arrives=False)
        for currency in self.money:
            if any(held.lots for held in self.held.values()) and self.equity(currency) < self._maintenance(currency):
                self.liquidate(currency)

    def fund(self, market: MarketId, rate: Decimal) -> None:
        """Take funding of the position that is there: longs pay where the rate is above 0."""
        held, terms = self.held[market], self.terms[market]
        if held.lots == 0:
            return
        paid = (terms.value(held.lots, self.mark(market)) * rate).quantize(QUANTUM)
        self.money[terms.currency].funding += paid
        name = f"funding:{market}:{self._now_ms()}"
        charged = Charged(name, market, None, self._now_ms(), paid, Decimal(0), terms.currency)
        self.charges.append(charged)
        self.say(charged)

    def equity(self, currency: str) -> Decimal:
        """Wallet, and what the positions would bring at the mark."""
        open_result = sum((terms.value(held.lots, self.mark(market)) - held.cost
                           for market, terms, held in self._positions(currency)), Decimal(0))  # fmt: skip
        return self.money[currency].wallet + open_result

    # What happens at the venue by itself, or by another hand

    def end_by_venue(self, venue_id: str, why: str = "venue") -> None:
        self._end(self.orders[venue_id], "expired", why, EventKind.EXPIRE)

    def end_by_hand(self, venue_id: str) -> None:
        self._end(self.orders[venue_id], "cancelled", "by hand", EventKind.CANCEL_DONE)

    def trade_by_hand(self, market: MarketId, side: int, lots: int) -> Trade:
        """A market order from a person, with no client id."""
        order = self._rest(None, market, side, lots, None, None, False)
        self._execute(order, lots, self._take_ticks(order))
        return self.trades[-1]

    def liquidate(self, currency: str) -> None:
        for order in list(self.live.values()):
            self._end(order, "expired", "liquidation", EventKind.EXPIRE)
        for market, _, held in self._positions(currency):
            if held.lots:
                side, lots = (-1 if held.lots > 0 else 1), abs(held.lots)
                order = self._rest(None, market, side, lots, None, None, True)
                ticks = max(self.mark(market) + side * LIQUIDATION_PENALTY_TICKS, 1)
                trade = self._execute(order, lots, ticks, told=False)
                self.say(Seized(fill_of(trade), market, side, None))

    # Inside

    def _rest(
        self,
        name: str | None,
        market: MarketId,
        side: int,
        lots: int,
        limit: int | None,
        trigger: int | None,
        reduce: bool,
    ) -> Resting:
        self._venue_ids += 1
        order = Resting(f"V{self._venue_ids}", name, market, side, lots, limit, trigger, reduce, self._now_ms())
        order.slices, order.drop_rest = self.tricks.slices, self.tricks.drop_rest
        self.orders[order.venue_id] = self.live[order.venue_id] = order
        if name is not None:
            self.by_client_id.setdefault(name, []).append(order)
        return order

    def _meet(self, order: Resting, *, arrives: bool) -> None:
        """An order and the price of now."""
        mark = self.mark(order.market)
        if order.trigger_ticks is not None and not order.triggered:
            if (mark - order.trigger_ticks) * order.side < 0:
                return
            order.triggered = True
        if order.takes or (
            order.limit_ticks is not None
            and arrives
            and takes_now(self.terms[order.market], mark, order.side, order.limit_ticks)
        ):
            self._take(order)
        elif order.limit_ticks is not None and not arrives and (order.limit_ticks - mark) * order.side > 0:
            self._fill(order, self._slice(order), order.limit_ticks, maker=True)

    def _take(self, order: Resting) -> None:
        lots, drops = self._slice(order), order.drop_rest
        self._fill(order, lots, self._take_ticks(order))
        if drops and order.state == "open":
            self._end(order, "expired", "no_liquidity", EventKind.EXPIRE)

    def _slice(self, order: Resting) -> int:
        lots = -(-order.left // order.slices)
        order.slices = max(order.slices - 1, 1)
        return lots

    def _take_ticks(self, order: Resting) -> int:
        return max(self.mark(order.market) + order.side * self.terms[order.market].half_spread_ticks, 1)

    def _fill(self, order: Resting, lots: int, ticks: int, *, maker: bool = False, told: bool = True) -> None:
        if order.reduce_only:
            lots = max(min(lots, -self.held[order.market].lots * order.side), 0)
        elif self.tricks.overfill_next and lots == order.left:
            lots, self.tricks.overfill_next = lots + self.tricks.overfill_next, 0
        if lots:
            self._execute(order, lots, ticks, maker=maker, told=told)
        if order.state == "open" and order.reduce_only and self.held[order.market].lots * order.side >= 0:
            self._end(order, "expired", "reduce_only", EventKind.EXPIRE)

    def _execute(self, order: Resting, lots: int, ticks: int, *, maker: bool = False, told: bool = True) -> Trade:
        terms, held = self.terms[order.market], self.held[order.market]
        value = terms.value(lots, ticks)
        fee = (value * (terms.maker_fee if maker else terms.taker_fee)).quantize(QUANTUM)
        number = len(self.trades) + 1
        trade = Trade(
            f"T{number}", number, self._now_ms(), order.market, order.venue_id, order.id, order.side, lots, ticks,
            ticks * terms.tick, fee, terms.currency, held.lots,
        )  # fmt: skip
        self.trades.append(trade)
        self.trades_of.setdefault(order.venue_id, []).append(trade)
        self.by_trade_id[trade.id] = trade
        self._book(held, self.money[terms.currency], order.side, lots, value, fee)
        order.filled += lots
        if order.left <= 0:
            order.state = "filled"
            self.live.pop(order.venue_id, None)
        if told:
            self.say(self._fill_word(order, trade))
        return trade

    @staticmethod
    def _book(held: Held, money: Money, side: int, lots: int, value: Decimal, fee: Decimal) -> None:
        closing = min(lots, abs(held.lots)) if held.lots * side < 0 else 0
        if closing:
            part = held.cost if closing == abs(held.lots) else (held.cost * closing / abs(held.lots)).quantize(QUANTUM)
            left = value if closing == lots else value * closing / lots
            money.realised -= part + side * left
            held.cost += side * (value - left) - part
        else:
            held.cost += side * value
        held.lots += side * lots
        money.flow -= side * value
        money.fees += fee

    def _end(self, order: Resting, state: str, why: str, kind: EventKind) -> None:
        order.state, order.why = state, why
        self.live.pop(order.venue_id, None)
        self.say(said(kind, order.id, order.venue_id, lots=order.filled, reason=why))

    def _fill_word(self, order: Resting, trade: Trade) -> OrderSaid:
        name = None if order.id is None else ClientOrderId(order.id)
        counted = sum(one.lots for one in self.trades_of[order.venue_id] if one.number <= trade.number)
        return OrderSaid(Event(EventKind.FILL, name, order.venue_id, counted, fill_of(trade)))

    def _positions(self, currency: str) -> Iterable[tuple[MarketId, Terms, Held]]:
        return [
            (market, terms, self.held[market]) for market, terms in self.terms.items() if terms.currency == currency
        ]

    def _maintenance(self, currency: str) -> Decimal:
        needs = (abs(terms.value(held.lots, self.mark(market))) * terms.maintenance_rate
                 for market, terms, held in self._positions(currency))  # fmt: skip
        return sum(needs, Decimal(0))
