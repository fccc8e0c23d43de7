"""A tiny actor in the place of the desk, only for trying the storm itself.

One bot per market buys every few bars, is protected by `oms.protection`, and sells a while later. It writes before it
sends, resolves what it does not hear, and looks at the venue at its start and every minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.chaos.storm.stand_in_memory import StandInMemory

from karat.core.errors import RetryLater
from karat.core.model.reasons import Reason
from karat.oms.accounts import Terms
from karat.oms.client_ids import OrderKey, Part, client_order_id, order_key
from karat.oms.protection import Place, Protected, plan_protection
from karat.oms.reconcile import Ours, confirmed, reconcile
from karat.oms.records import TERMINAL, Effect, EffectKind, Event, EventKind, Order, Status
from karat.ports.feed import Arrival, FeedKey
from karat.ports.journal import BotRecord
from karat.ports.trading import OrderRecord, TradeTrace, Transaction
from karat.ports.venue import (
    CancelOrder,
    Charged,
    FetchFills,
    Linked,
    Look,
    Looked,
    LookUp,
    OrderSaid,
    Request,
    Said,
    Submit,
)

LOTS = 40
LEASE_MS = 20_000
STOP_SHARE = 0.01


class StandIn(StandInMemory):
    """`parts.Process`."""

    def command(self, kind: str, identity: str, payload: Mapping[str, Any]) -> bool:
        """Taken once it is written."""
        if self.token is None:
            return False
        self._tell(None, kind, f"command:{identity}")
        self.kill_latched = {"kill": True, "release": False}.get(kind, self.kill_latched)
        self._commit()
        if self._events:
            return False
        if kind == "stop":
            self._stop.set()
        return True

    # The process

    async def run(self) -> None:
        self.token = await self._lease()
        self._recover()
        self.parts.venue.listen(self._hear)
        self._look()
        tasks = [asyncio.create_task(self._watch(bot)) for bot in self.bots.values()]
        tasks.append(asyncio.create_task(self._seconds()))
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.parts.journal.release_lease(self.token)

    async def _lease(self) -> int:
        while True:
            try:
                return self.parts.journal.take_lease("stand-in", self.parts.clock.now_ms(), LEASE_MS)
            except RetryLater:
                await self.parts.clock.sleep(1.0)

    async def _watch(self, bot: BotRecord) -> None:
        feed = self.parts.feed(FeedKey(bot.market, bot.timeframe_ms, bot.anchor_ts))
        now = self.parts.clock.now_ms()
        async for arrival in feed.arrivals(max((now - bot.anchor_ts) // bot.timeframe_ms - 1, 0)):
            if isinstance(arrival, Arrival):
                self._bar(bot, arrival)

    async def _seconds(self) -> None:
        while True:
            await self.parts.clock.sleep(1.0)
            now = self.parts.clock.now_ms()
            self.parts.journal.renew_lease(self.token or 0, now, LEASE_MS)
            if self._banned:
                continue
            for order in list(self.register.orders.values()):
                age = now - (self._meta[order.id].sent_ms or now)
                if order.status == Status.SENT and age > order.arrival_ms_max // 2:
                    self._take(Event(EventKind.TIME_OUT, order.id), "clock")
                elif order.status == Status.UNKNOWN and age // 1_000 % 4 == 0:
                    self._post(LookUp(order.id, order.market, order.sends, age))
                elif order.status == Status.CANCEL_REQUESTED and age // 1_000 % 5 == 0:
                    self._take(Event(EventKind.CANCEL_TIME_OUT, order.id), "clock")
            if now - self._looked_ms > (60_000 if self.is_reconciled else 5_000):
                self._look()
            self._commit()
            for bot in self.bots.values():
                self._protect(bot)

    def _bar(self, bot: BotRecord, arrival: Arrival) -> None:
        bar = arrival.bar
        closed = bar.ts + bot.timeframe_ms <= self.parts.clock.now_ms()
        good = closed and 0 < bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high
        newest, before, count = self._closes.get(bot.id, (0, bar.close, 0))
        if not good or bar.ts <= newest or abs(bar.close / before - 1) > 0.3:
            self._traces.append(TradeTrace(bot.id, count, bar.ts, "data", "skipped", ()))
            self._tell(bot.id, "skipped", f"feed:{bot.market}", bar.ts)
            self._commit()
            return
        self._closes[bot.id] = (bar.ts, bar.close, count + 1)
        self._traces.append(TradeTrace(bot.id, count, bar.ts, "", "seen", ()))
        self._tell(bot.id, "bar", f"signal:{bot.id}:{bar.ts}", bar.ts)
        held, open_ = self.books[bot.market].net_lots, [one for one in self._mine(bot) if one.status not in TERMINAL]
        if count % 6 == 2 and not held and not open_ and not self.blocks(bot.market):
            self._send(bot, Part.ENTRY, 1, LOTS, bar.ts)
        elif count % 6 == 5 and held and not any(order_key(one.id).part == Part.EXIT for one in open_):
            self._send(bot, Part.EXIT, -1 if held > 0 else 1, abs(held), bar.ts)
        self._commit()

    # Orders

    def _send(self, bot: BotRecord, part: Part, side: int, lots: int, ts: int, trigger: int | None = None) -> None:
        journal, traits = self.parts.journal, self.parts.venue.traits
        sure = traits.arrival_ms_max, traits.id_is_unique
        number = 1 + max((order_key(one).intent for one in self._meta if self._meta[one].bot == bot.id), default=-1)
        name = client_order_id(OrderKey(journal.origin, journal.number_of(bot.id), number, part))
        reduce_only = part not in (Part.ENTRY, Part.LIMIT)
        order = Order(name, bot.market, side, lots, *sure, None, trigger, reduce_only)
        self._meta[name] = OrderRecord(order, bot.id, 0, ts, Reason.ENTRY, sent_ms=self.parts.clock.now_ms())
        self.register, _ = self.register.intend(order)
        if self.careless:
            self._post(Submit(name, bot.market, side, lots, None, trigger, reduce_only))
        self._take(Event(EventKind.SEND, name), f"signal:{bot.id}:{ts}")

    def _protect(self, bot: BotRecord) -> None:
        held, (_, close, _) = self.books[bot.market].net_lots, self._closes.get(bot.id, (0, 0.0, 0))
        mine = self._mine(bot)
        if self._dirty or not self.is_reconciled or (held and not close):
            return
        stops = [one for one in mine if one.trigger_ticks is not None and one.status not in TERMINAL]
        entry = (
            self.books[bot.market].holding(self.parts.journal.number_of(bot.id)).average_price(Terms.of(bot.instrument))
        )
        level = float(entry or close) * (1 - STOP_SHARE if held > 0 else 1 + STOP_SHARE)
        ticks = stops[0].trigger_ticks if stops else round(min(level, close * 0.995) / bot.instrument.tick)
        leaving = [one for one in mine if order_key(one.id).part == Part.FLATTEN and one.status not in TERMINAL]
        for action in plan_protection(Protected(held, max(int(ticks or 1), 1)), mine).actions if not leaving else ():
            if isinstance(action, Place):
                self._send(bot, Part.STOP, action.side, action.lots, self._now(), action.ticks)
            elif hasattr(action, "order"):
                self._take(Event(EventKind.CANCEL, action.order), "protection")
            else:
                self._send(bot, Part.FLATTEN, action.side, action.lots, self._now())
        if self.kill_latched and held and not leaving:
            self._send(bot, Part.FLATTEN, -1 if held > 0 else 1, abs(held), self._now())
        self._commit()

    def _hear(self, said: Said) -> None:
        if isinstance(said, OrderSaid):
            event = said.event
            self._take(event, "venue")
        elif isinstance(said, Looked):
            self._reconcile(said)
        elif isinstance(said, Charged):
            self._funding[said.id] = str(said.funding)
            self._tell(None, f"funding {said.funding}", said.id)
        elif isinstance(said, Linked):
            self._banned = not said.up and said.part == "orders" and "banned" in said.reason
            (self._links.discard if said.up else self._links.add)(said.part)
            self.is_reconciled = False
            self._looked_ms = 0
        self._commit()

    def _take(self, event: Event, cause: str) -> None:
        before = self.register.orders
        self.register, effects = self.register.take(event)
        for name, order in self.register.orders.items():
            if before.get(name) is not order:
                sent = self._now() if event.kind in (EventKind.SEND, EventKind.RESEND) else self._meta[name].sent_ms
                self._meta[name] = replace(self._meta[name], order=order, sent_ms=sent)
                self.books[order.market] = self.books[order.market].book(order)
                self._dirty.add(name)
                self._tell(self._meta[name].bot, f"{name} {event.kind.name}", cause)
        self._effects += effects

    def _reconcile(self, said: Looked) -> None:
        balances = said.view.balances
        found = reconcile(Ours(self.register, self.books, balances, starting=self._looked is None), said.view)
        for event in found.events:
            self._take(event, "look")
        self._effects += found.effects
        if self._looked is not None:
            for declared in confirmed(self._looked, found):
                self.books[declared.market] = self.books[declared.market].declare(declared.id, declared.lots)
                self._tell(None, f"external {declared.lots} of {declared.market}", declared.id)
        self._looked, self.is_reconciled = found, found.lets_entries

    def _commit(self) -> None:
        """One transaction; only then what follows from it leaves."""
        if self._dirty or self._events:
            orders = [self._meta[name] for name in sorted(self._dirty)]
            facts = {f"external {market}": dict(book.external) for market, book in self.books.items() if book.external}
            facts |= {"funding": self._funding} if self._funding else {}
            facts |= {"kill": {"on": True} if self.kill_latched else {}}
            accounts = [account for bot in self.bots.values() if (account := self._account(bot)) is not None]
            changed = Transaction(
                self.token or 0, self._now(), orders=orders, accounts=accounts, facts=facts, events=self._events,
                traces=self._traces,
            )  # fmt: skip
            try:
                sequence = self.parts.journal.write(changed)
            except RetryLater:
                return
            self._dirty, self._events, self._traces = set(), [], []
            self.parts.published(sequence)
        effects, self._effects = self._effects, []
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        order = None if effect.order is None else self.register.orders.get(effect.order)
        if order is None:
            return
        if effect.kind == EffectKind.SUBMIT and not self.careless:
            levels = (order.limit_ticks, order.trigger_ticks, order.reduce_only)
            self._post(Submit(order.id, order.market, order.side, order.lots, *levels, number=order.sends))
        elif effect.kind == EffectKind.LOOK_UP:
            self._post(LookUp(order.id, order.market, order.sends))
        elif effect.kind == EffectKind.CANCEL:
            self._post(CancelOrder(order.id, order.market, order.venue_id, order.cancels))
        elif effect.kind == EffectKind.FETCH_FILLS:
            self._post(FetchFills(order.market, order.id))
        elif effect.kind == EffectKind.HALT:
            self._halted.add(order.market)

    def _look(self) -> None:
        self._looks, self._looked_ms = self._looks + 1, self._now()
        self._post(Look(f"look-{self.token}-{self._looks}"))

    def _post(self, request: Request) -> None:
        if not self._banned:
            self.parts.venue.post(request)
