"""Steps 1 to 8 of one bar (simulation.md) for the orders of one bot, in the kernel's order and with its prices.

1. Each fill is booked and said before the next thing happens. Whoever hears it may post and cancel at once, so every
   step looks at the orders anew.
2. Several stops: the one that is met first goes first, of those at one price the largest. Those at one price share the
   slippage of what they close together, so splitting a stop makes it no cheaper. A reduce-only order never closes more
   than there is; what is left of a market order then expires, what is left of a stop or a take rests on.
3. A take that is posted while takes are being filled waits for the next bar: where the price was before is unknown.
4. A bar that was walked in part before (`SubAccount.resumed`): a position entered in it has steps 1 to 3 behind it, one
   entered by a limit step 5 as well, and its take is not live in that bar. Finer bars before the last fill are done.
"""

from __future__ import annotations

from collections.abc import Iterable

from karat.core.calc.funding import borrow_payment
from karat.kernel.engine import Inputs
from karat.kernel.entering import affordable_lots
from karat.kernel.trading import beyond, take_touched
from karat.kernel.views import Opening
from karat.oms.records import Event, EventKind, Fill
from karat.ports.venue import Charged, OrderSaid, Priced, Seized
from karat.venues.paper.accounts import Resting, SubAccount, decimal_of
from karat.venues.paper.moments import AT_ONCE, Voice, first_bar
from karat.venues.paper.prices import Book, fee_of, taker

NOW, GAP_LIQUIDATION, GAP_TAKE, EXIT, ENTRY, STOP, TAKE, LIMIT, AFTER_LIMIT = range(9)
STAGE = 1000  # fills of one stage are numbered from stage * STAGE on


class BarWalk:
    """One bar of one bot."""

    __slots__ = (
        "_resumes",
        "account",
        "book",
        "features",
        "inputs",
        "last_number",
        "now",
        "price",
        "rules",
        "ts",
        "voice",
    )

    def __init__(self, account: SubAccount, inputs: Inputs, now: Opening, voice: Voice, book: Book | None) -> None:
        self.account, self.inputs, self.now, self.voice, self.book = account, inputs, now, voice, book
        self.rules, self.features = inputs.rules, inputs.features
        self.last_number = -1
        self.ts, self.price = now.ts, now.open  # where the market is, as far as anything has been said of it
        self._resumes = account.resumed == now.bar

    def whole(self) -> None:
        """Steps 1 to 8."""
        account, now, detail = self.account, self.now, self.inputs.detail
        for order in list(account.orders.values()):
            if order.filled > 0 and not order.submit.reduce_only:
                self.end(order, "afford")  # an order that opens acts once: it was cut before the walk broke off
        self._at_open()
        first, last = (detail.first[now.bar], detail.first[now.bar + 1]) if detail is not None else (0, 0)
        if detail is None or first == last:
            self._rest(now.ts, now.open, now.high, now.low, -1)
        else:
            for finer in range(first, last):
                prices = float(detail.open[finer]), float(detail.high[finer]), float(detail.low[finer])
                self._rest(int(detail.ts[finer]), *prices, int(finer - first))
        for order in list(account.orders.values()):
            timing = order.submit.timing
            if not order.is_market and timing is not None and timing.to_bar is not None and now.bar >= timing.to_bar:
                self.end(order, "its time is over")

    def at_once(self, order: Resting) -> None:
        """A market order for which nobody named a bar: at the last price that was met."""
        if order.submit.reduce_only:
            self._exit(order, self.ts, self.price, NOW)
        else:
            self._entry(order, self.ts, self.price, NOW)

    def end(self, order: Resting, reason: str) -> None:
        """The venue's clock or its rules end what is left of an order."""
        if not order.alive:
            return
        order.end, order.reason = EventKind.EXPIRE, reason
        self.account.put_aside(order)
        event = Event(EventKind.EXPIRE, order.submit.id, order.venue_id, order.filled)
        self.voice.say(OrderSaid(event, reason))

    def _at_open(self) -> None:
        """Steps 1 to 5."""
        account, now, rules = self.account, self.now, self.rules
        if account.holding.side != 0 and not (self._resumes and account.trade.entry_bar == now.bar):
            self._pay_funding()
            holding = account.holding
            if self.features.margin is not None and beyond(holding.side, now.open, holding.liquidation, rules.tick):
                self._liquidate(now.ts, GAP_LIQUIDATION)
            else:
                self._takes(now.ts, now.open, GAP_TAKE)
        due = [one for one in account.orders.values() if one.is_market and first_bar(one) <= now.bar]
        for order in due:
            if order.submit.reduce_only and order.alive:
                self._exit(order, now.ts, now.open, EXIT)
        for order in due:
            if not order.submit.reduce_only and order.alive:
                self._entry(order, now.ts, now.open, ENTRY)
        holding = account.holding
        opened_later = self._resumes and account.trade.limit_bar == now.bar
        if self.features.borrow is not None and holding.side < 0 and rules.spot != 0 and not opened_later:
            quantity = holding.lots * rules.lot * rules.contract_size
            self._charge("borrow", borrow_payment(quantity, now.open, rules.borrow_rate, now.timeframe_ms))

    def _rest(self, ts: int, open_: float, high: float, low: float, walked: int) -> None:
        """Steps 6 to 8 on the finest bar, after step 3 at its own open where it is a finer one (`walked` >= 0)."""
        account, progress = self.account, self.account.standing
        if self._resumes and walked >= 0 and progress.last_ts is not None and ts < progress.last_ts:
            return
        by_limit = self._resumes and account.trade.limit_bar == self.now.bar
        takes_live = not by_limit or (walked >= 0 and ts != progress.last_ts)
        side = account.holding.side
        if side != 0 and walked >= 0 and takes_live:
            self._takes(ts, open_, GAP_TAKE)
        if account.holding.side != 0:
            self._losing(ts, open_, high, low, STOP)
        if account.holding.side != 0 and takes_live:
            self._takes(ts, high if account.holding.side > 0 else low, TAKE)
        for order in list(account.orders.values()):
            submit = order.submit
            if submit.limit_ticks is None or submit.reduce_only or not order.alive or first_bar(order) > self.now.bar:
                continue
            if account.holding.side == 0:
                self._limit(order, ts, open_, high, low, walked)

    def _limit(self, order: Resting, ts: int, open_: float, high: float, low: float, walked: int) -> None:
        """Step 8."""
        submit, rules, account = order.submit, self.rules, self.account
        assert submit.limit_ticks is not None, "only limits come here"
        side, price = submit.side, float(submit.limit_ticks * rules.tick)
        first = order.fresh or first_bar(order) == self.now.bar
        order.fresh = False
        if first and walked <= 0 and side * (open_ - price) < 1e-6 * rules.tick:
            self.end(order, "post-only would take")
            return
        if not take_touched(rules, -side, submit.limit_ticks, low if side > 0 else high):
            return
        leverage, rate = (submit.timing or AT_ONCE).leverage, float(rules.maker_fee)
        lots = self._affordable(order.open_lots, price, leverage, rate)
        if lots == 0:
            self.end(order, "afford")
            return
        self._fill(order, lots, price, rate, Priced(price, 0.0, 0.0), ts, LIMIT, leverage)
        self.end(order, "afford") if order.open_lots > 0 else None
        if account.holding.side != 0:
            self._losing(ts, open_, high, low, AFTER_LIMIT)

    def _exit(self, order: Resting, ts: int, raw: float, stage: int) -> None:
        """Step 4, a reduce-only market order."""
        holding, submit = self.account.holding, order.submit
        if holding.side != -submit.side:
            self.end(order, "nothing to close")
            return
        lots = min(order.open_lots, holding.lots)
        slip_lots = (submit.timing or AT_ONCE).slip_lots
        self._take_out(order, lots, raw, slip_lots if slip_lots > 0 else lots, ts, stage)
        self.end(order, "no more to close") if order.open_lots > 0 else None

    def _entry(self, order: Resting, ts: int, raw: float, stage: int) -> None:
        """Step 4, a market order that opens or grows, cut to what is affordable (rule 28)."""
        holding, submit, rules = self.account.holding, order.submit, self.rules
        timing = submit.timing or AT_ONCE
        if holding.side != (submit.side if timing.is_add else 0):
            self.end(order, "no position to add to" if timing.is_add else "a position is open")
            return
        slip_lots = timing.slip_lots if timing.slip_lots > 0 else submit.lots
        made = taker(rules, self.now, submit.side, raw, slip_lots, self.book)
        leverage = holding.leverage if holding.side != 0 else timing.leverage
        rate = float(rules.taker_fee)
        lots = self._affordable(order.open_lots, made.price, leverage, rate)
        if lots > 0:
            self._fill(order, lots, made.price, rate, made.priced, ts, stage, leverage)
        self.end(order, "afford") if order.open_lots > 0 else None

    def _takes(self, ts: int, price: float, stage: int) -> None:
        """Steps 3 and 7: every reduce-only limit that `price` touches, the nearest first."""
        account = self.account
        side = account.holding.side
        resting = [
            (side * one.submit.limit_ticks, one)
            for one in account.orders.values()
            if one.submit.limit_ticks is not None and one.submit.reduce_only and one.submit.side == -side
        ]
        for _, order in sorted(resting, key=lambda one: one[0]):
            ticks = order.submit.limit_ticks
            if ticks is None or not order.alive or account.holding.side != side:
                continue
            if take_touched(self.rules, side, ticks, price):
                at, lots = float(ticks * self.rules.tick), min(order.open_lots, account.holding.lots)
                self._fill(order, lots, at, float(self.rules.maker_fee), Priced(at, 0.0, 0.0), ts, stage)

    def _losing(self, ts: int, open_: float, high: float, low: float, stage: int) -> None:
        """Step 6: stops and the liquidation, each time the one met first, until none is met."""
        account, rules = self.account, self.rules
        side, near = account.holding.side, -1e-6 * rules.tick
        worst, together = low if side > 0 else high, dict[int, int]()
        while account.holding.side == side:
            liquidation = account.holding.liquidation
            order = self._next_stop(side)
            ticks = order.submit.trigger_ticks if order is not None else None
            stop = float(ticks * rules.tick) if ticks is not None else 0.0
            can_be_liquidated = self.features.margin is not None and liquidation == liquidation
            if can_be_liquidated and (ticks is None or not side * (stop - liquidation) > near):
                if beyond(side, worst, liquidation, rules.tick):
                    self._liquidate(ts, stage)
                return
            if order is None or ticks is None or not beyond(side, worst, stop, rules.tick):
                return
            raw = min(open_, stop) if side > 0 else max(open_, stop)
            held = account.holding.lots
            resting = sum(one.open_lots for one in self._stops(side) if one.submit.trigger_ticks == ticks)
            slip_lots = together.setdefault(ticks, min(resting, held))
            self._take_out(order, min(order.open_lots, held), raw, slip_lots, ts, stage)

    def _next_stop(self, side: int) -> Resting | None:
        """For a long the highest, of equal ones the largest, of those the oldest."""
        stops = list(self._stops(side))
        return max(stops, key=lambda one: (side * (one.submit.trigger_ticks or 0), one.open_lots)) if stops else None

    def _stops(self, side: int) -> Iterable[Resting]:
        orders = self.account.orders.values()
        return (one for one in orders if one.submit.trigger_ticks is not None and one.submit.side == -side)

    def _take_out(self, order: Resting, lots: int, raw: float, slip_lots: int, ts: int, stage: int) -> None:
        made = taker(self.rules, self.now, order.submit.side, raw, slip_lots, self.book)
        self._fill(order, lots, made.price, float(self.rules.taker_fee), made.priced, ts, stage)

    def _fill(
        self, order: Resting, lots: int, price: float, rate: float, priced: Priced, ts: int, stage: int,
        leverage: float = 1.0,
    ) -> None:  # fmt: skip
        """Book and say a fill, in the slices that a script asks for; what is cancelled between two is not filled."""
        account, submit, grows = self.account, order.submit, self.account.holding.side == order.submit.side
        for index, share in enumerate(self.voice.slices(order, lots)):
            if not order.alive or (submit.reduce_only and account.holding.side != -submit.side):
                return
            part = min(share, account.holding.lots) if submit.reduce_only else share
            self.ts, self.price = ts, priced.raw_price
            fee = fee_of(self.inputs, rate, part, price)
            name = f"{submit.id}.{order.filled}"
            fill = Fill(
                name, ts, self._number(stage), part, decimal_of(price), decimal_of(fee), account.currency
            )  # fmt: skip
            adds = 1 if grows and index == 0 else 0
            limit_bar = self.now.bar if stage == LIMIT else -1
            account.book(self.inputs, self.now.bar, submit.side, fill, leverage, limit_bar, adds)
            order.filled += part
            if order.filled >= submit.lots:
                order.end = EventKind.FILL
                account.put_aside(order)
            said = OrderSaid(Event(EventKind.FILL, submit.id, order.venue_id, order.filled, fill), priced=priced)
            order.fills.append(said)
            self.voice.say(said)

    def _liquidate(self, ts: int, stage: int) -> None:
        """The position goes at the bankruptcy price, without a fee."""
        account = self.account
        side, lots = account.holding.side, account.holding.lots
        price = decimal_of(account.holding.bankruptcy)
        name = f"liquidation:{account.bot}:{account.market}:{ts}:{stage}"
        fill = Fill(name, ts, self._number(stage), lots, price, decimal_of(0.0), account.currency)
        account.book(self.inputs, self.now.bar, -side, fill, 1.0, -1, 0)
        self.voice.say(Seized(fill, account.market, -side, account.bot))

    def _pay_funding(self) -> None:
        holding, now, rules = self.account.holding, self.now, self.rules
        if self.features.funding is not None and now.funding_unit != 0.0:
            quantity = holding.lots * rules.lot * rules.contract_size
            self._charge("funding", holding.side * quantity * now.funding_unit)

    def _charge(self, kind: str, amount: float) -> None:
        """Take a payment, once per bot, market, bar and kind for ever."""
        account, ts = self.account, self.now.ts
        name = f"{kind}:{account.bot}:{account.market}:{ts}"
        if amount == 0.0 or (self._resumes and name in account.standing.charged):
            return
        funding, borrow = (amount, 0.0) if kind == "funding" else (0.0, amount)
        account.pay(funding, borrow)
        paid = decimal_of(funding), decimal_of(borrow)
        self.voice.say(Charged(name, account.market, account.bot, ts, *paid, account.currency))

    def _affordable(self, lots: int, price: float, leverage: float, rate: float) -> int:
        account = self.account
        return affordable_lots(self.rules, self.features, account.money, account.holding, lots, price, leverage, rate)

    def _number(self, stage: int) -> int:
        """Later stages above earlier ones, also when the bar was broken off between them."""
        self.last_number = max(stage * STAGE, self.last_number + 1)
        return self.last_number
