"""A desk that fits into one file: the kernel decides, the paper venue fills, the kernel's booking keeps the records."""

from __future__ import annotations

from dataclasses import dataclass, field

from karat.core.calc.money import result
from karat.core.ids import ClientOrderId, MarketId
from karat.kernel.booking import book_add, book_close, book_open, charge
from karat.kernel.engine import Inputs, advance, recorder
from karat.kernel.entering import AFFORD
from karat.kernel.fills import LIQUIDATION, STOP, TAKE, TRAIL
from karat.kernel.loop import CLOSE_ONLY
from karat.kernel.modes import is_inverse
from karat.kernel.records import Levels
from karat.kernel.state import State, fresh_state
from karat.kernel.trading import no_limit, no_order, take_lots
from karat.oms.client_ids import OrderKey, Part, client_order_id, order_key
from karat.oms.records import EventKind, Fill
from karat.ports.venue import CancelOrder, Charged, OrderSaid, Priced, Said, Seized, Standing, Submit, Timing
from karat.venues.paper.orders import OrderPaperVenue

MARKET = MarketId("test:WORLD")
BOT = 7
ENDS = {EventKind.EXPIRE, EventKind.CANCEL_DONE, EventKind.REJECT}


class Crash(Exception):
    """The desk dies in the middle of a bar."""


@dataclass(frozen=True)
class Row:
    """A fill as the kernel's record has it."""

    ts: int
    bar: int
    side: int
    lots: int
    reason: int
    price: float
    fee: float
    raw_price: float | None
    position_before: int


@dataclass
class Known:
    """What the desk knows of an order that is alive."""

    submit: Submit
    venue_id: str | None = None
    filled: int = 0


@dataclass
class StandIn:
    """One bot. `dies_after`: it crashes after so many words that it has booked, once each. `splits`: what is held is
    covered by several stops, and what an add brings by one more."""

    inputs: Inputs
    venue: OrderPaperVenue
    dies_after: list[int] = field(default_factory=list)
    splits: bool = False

    def __post_init__(self) -> None:
        self.bars = len(self.inputs.bars.ts)
        self.room = recorder(self.bars)
        self.state: State = fresh_state(self.inputs.rules)
        self.orders: dict[ClientOrderId, Known] = {}
        self.rows: list[Row] = []
        self.fills: list[tuple[int, Fill]] = []
        self.seen: set[str] = set()
        self.charges: list[Charged] = []
        self.rejects: list[str] = []
        self.last_ts: int | None = None
        self.charged_now: set[str] = set()
        self.intent = self.words = self.bar = 0
        self.venue.listen(self.hear)
        self.enrol()

    def enrol(self) -> None:
        alive = tuple((known.submit, known.venue_id or "", known.filled) for known in self.orders.values())
        state, charged = self.state._replace(bar=self.bar), frozenset(self.charged_now)
        self.venue.enrol(BOT, Standing(MARKET, "B", state, alive, charged, self.last_ts))

    def run(self) -> StandIn:
        for bar in range(self.bars):
            self.bar, self.last_ts, self.charged_now = bar, None, set()
            self._walk()
            if self.state.order.due == bar:
                self.state = self.state._replace(order=no_order())
            self.state = advance(self.inputs, self.state._replace(bar=bar), bar + 1, self.room, CLOSE_ONLY)
            self._post_decision()
            self.protect()
        return self

    def _walk(self) -> None:
        while True:
            try:
                self.venue.walk(BOT, self.inputs, self.bar)
            except Crash:
                self.venue = OrderPaperVenue()
                self.venue.listen(self.hear)
                self.enrol()
                self.protect()
            else:
                return

    # Orders out

    def _post(self, part: Part, side: int, lots: int, **more: object) -> None:
        name = client_order_id(OrderKey(1, BOT, self.intent, part))
        self.intent += 1
        submit = Submit(name, MARKET, side, lots, **more)  # type: ignore[arg-type]
        self.orders[name] = Known(submit)
        self.venue.post(submit)

    def _cancel(self, name: ClientOrderId) -> None:
        known = self.orders[name]
        self.venue.post(CancelOrder(name, MARKET, known.venue_id, 1))

    def _post_decision(self) -> None:
        order, limit, held = self.state.order, self.state.limit, self.state.holding
        if limit.side == 0 or limit.decision_bar == self.bar:
            for name in self._of(Part.LIMIT):
                self._cancel(name)
        if order.due >= 0 and order.decision_bar == self.bar:
            timing = Timing(order.due, None, order.slip_lots, order.leverage, order.add != 0)
            if order.exit_reason != 0:
                lots = held.lots if order.close_lots < 0 else order.close_lots
                self._post(Part.EXIT, -held.side, lots, reduce_only=True, timing=timing)
            if order.side != 0:
                self._post(Part.ENTRY, order.side, order.lots, timing=timing)
        if limit.side != 0 and limit.decision_bar == self.bar:
            timing = Timing(limit.first_bar, limit.last_bar, 0, limit.leverage)
            self._post(Part.LIMIT, limit.side, limit.lots, limit_ticks=limit.ticks, post_only=True, timing=timing)

    def _of(self, part: Part) -> list[ClientOrderId]:
        return [name for name in self.orders if order_key(name).part == part]  # type: ignore[union-attr]

    def protect(self) -> None:
        """One stop for all that is held, placed before the old one goes, and a take; nothing while flat."""
        held, levels, rules = self.state.holding, self.state.levels, self.inputs.rules
        stops, takes = self._of(Part.STOP), self._of(Part.TAKE)
        if held.side == 0 or levels.has_stop == 0:
            old = stops
        else:
            fits = [one for one in stops if self._stands(one, -held.side, 1 if self.splits else held.lots, levels.stop)]
            covered = sum(self.orders[one].submit.lots - self.orders[one].filled for one in fits)
            for lots in self._parts(held.lots - covered):
                self._post(Part.STOP, -held.side, lots, trigger_ticks=levels.stop, reduce_only=True)
            old = [one for one in stops if one not in (fits if self.splits else fits[:1])]
        for name in old:
            self._cancel(name)
        wanted = 0
        if held.side != 0 and levels.has_take != 0:
            wanted = take_lots(rules, self.inputs.features, held, levels.take * rules.tick)
        fits = [one for one in takes if wanted and self._stands(one, -held.side, wanted, levels.take, exact=True)]
        for name in takes:
            if name not in fits[:1]:
                self._cancel(name)
        if wanted and not fits:
            self._post(Part.TAKE, -held.side, wanted, limit_ticks=levels.take, reduce_only=True)

    def _parts(self, lots: int) -> list[int]:
        parts = [lots // 3, lots - lots // 3] if self.splits else [lots]
        return [part for part in parts if part > 0]

    def _stands(self, name: ClientOrderId, side: int, lots: int, ticks: int, *, exact: bool = False) -> bool:
        """A stop may be larger than what is held: reduce-only, it closes no more than there is."""
        submit, left = self.orders[name].submit, self.orders[name].submit.lots - self.orders[name].filled
        fits = left == lots if exact else left >= lots
        return submit.side == side and fits and ticks in (submit.trigger_ticks, submit.limit_ticks)

    # Words in

    def hear(self, said: Said) -> None:
        if isinstance(said, OrderSaid):
            self._hear_order(said)
        elif isinstance(said, Charged):
            if said.id not in self.seen:
                self.seen.add(said.id)
                self.charged_now.add(said.id)
                self.charges.append(said)
                paid = float(said.funding), float(said.borrow)
                money, trade = charge(self.state.money, self.state.trade, *paid)
                self.state = self.state._replace(money=money, trade=trade)
                self._count()
        elif isinstance(said, Seized):
            self.last_ts = said.fill.ts
            self._close(said.side, said.fill, LIQUIDATION, None)
            self._count()
            self.protect()

    def _count(self) -> None:
        self.words += 1
        if self.dies_after and self.words >= self.dies_after[0]:
            self.dies_after.pop(0)
            raise Crash

    def _hear_order(self, said: OrderSaid) -> None:
        event = said.event
        assert event.order is not None
        known = self.orders.get(event.order)
        if event.kind == EventKind.ACK and known is not None:
            known.venue_id = event.venue_id
        elif event.kind in ENDS:
            self._end(event.order, event.kind, event.lots, said.reason)
        elif event.kind == EventKind.FILL:
            fill = event.fill
            assert fill is not None and known is not None and fill.id not in self.seen
            self.seen.add(fill.id)
            self.last_ts = fill.ts
            known.filled += fill.lots
            if known.filled == known.submit.lots:
                del self.orders[event.order]
            self._book(order_key(event.order).part, known.submit.side, fill, said.priced)  # type: ignore[union-attr]
            self._count()
            self.protect()

    def _end(self, name: ClientOrderId, kind: EventKind, lots: int, reason: str) -> None:
        self.orders.pop(name, None)
        if kind == EventKind.REJECT:
            self.rejects.append(reason)
        key = order_key(name)
        assert key is not None
        decided = self.state.order.decision_bar if key.part == Part.ENTRY else self.state.limit.decision_bar
        if reason == "afford" and lots == 0:
            self.room.log.refusals[decided] = AFFORD
        if key.part == Part.LIMIT and kind == EventKind.EXPIRE:
            self.state = self.state._replace(limit=no_limit())

    # Records

    def _book(self, part: Part, side: int, fill: Fill, priced: Priced | None) -> None:
        state, order, limit = self.state, self.state.order, self.state.limit
        if part == Part.ENTRY and state.holding.side == 0:
            self._open(side, fill, priced, order, -1, 0)
        elif part == Part.LIMIT and state.holding.side == 0:
            self._open(side, fill, priced, limit, self.bar, limit.placed)
            self.state = self.state._replace(limit=no_limit())
        elif part in (Part.ENTRY, Part.LIMIT):
            self._note(side, fill, 0, priced)
            holding, trade, money = book_add(
                self.inputs.rules, self.inputs.features, state.holding, state.trade, state.money, fill.lots,
                float(fill.price), float(fill.fee), 1,
            )  # fmt: skip
            self.state = state._replace(holding=holding, trade=trade, money=money)
        else:
            moved = TRAIL if state.levels.trailed else STOP
            reason = {Part.EXIT: order.exit_reason, Part.STOP: moved, Part.TAKE: TAKE}[part]
            self._close(side, fill, reason, priced)

    def _open(self, side: int, fill: Fill, priced: Priced | None, plan: object, limit_bar: int, placed: int) -> None:
        self._note(side, fill, 1 if limit_bar >= 0 else 0, priced)
        holding, levels, trade, money = book_open(
            self.inputs.rules, self.inputs.features, self.state.money, self.bar, side, fill.lots, float(fill.price),
            float(fill.fee), plan.leverage, plan.stop_distance, plan.take_distance, plan.confidence,  # type: ignore[attr-defined]
            plan.decision_bar, limit_bar, placed,  # type: ignore[attr-defined]
        )  # fmt: skip
        self.state = self.state._replace(holding=holding, levels=levels, trade=trade, money=money)

    def _close(self, side: int, fill: Fill, reason: int, priced: Priced | None) -> None:
        state, rules, price = self.state, self.inputs.rules, float(fill.price)
        self._note(side, fill, reason, priced)
        gain = result(
            is_inverse(rules, self.inputs.features), state.holding.side, fill.lots * rules.lot, rules.contract_size,
            state.holding.average, price,
        )  # fmt: skip
        holding, trade, money, blocks = book_close(
            state.holding, state.trade, state.money, state.blocks, fill.lots, price, float(fill.fee), gain, reason,
            self.bar,
        )  # fmt: skip
        levels = state.levels
        if reason == TAKE:
            levels = Levels(levels.stop, levels.has_stop, levels.trailed, levels.take, 0, 1)
        self.state = state._replace(holding=holding, trade=trade, money=money, blocks=blocks, levels=levels)

    def _note(self, side: int, fill: Fill, reason: int, priced: Priced | None) -> None:
        held, raw = self.state.holding, None if priced is None else priced.raw_price
        self.fills.append((side, fill))
        self.rows.append(
            Row(
                fill.ts, self.bar, side, fill.lots, reason, float(fill.price), float(fill.fee), raw,
                held.side * held.lots,
            )
        )  # fmt: skip
