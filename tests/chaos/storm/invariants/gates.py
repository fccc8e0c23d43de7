"""S6, S8, S14, S16, S20: limits, shut gates, request weight, modes, one writer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from tests.chaos.storm.exchange_records import Resting
from tests.chaos.storm.invariants.base import EXITS, Check, Found, Known, adds_risk
from tests.chaos.storm.tape import Arrived, Began, Committed, Delivered, Entry, Heard, Kept, Posted

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import order_key
from karat.oms.records import TERMINAL, Order
from karat.ports.venue import Linked, Submit

_PRICED_MS = 90_000
_HALT = "halt:"


class WorstCase(Check):
    """S6: position and everything that may still fill on its side keep within every ceiling, for us and at the venue.

    Money is reckoned at the lowest price of the last `_PRICED_MS`: the decision may be as old. What may still fill is
    counted here, not asked of the order.
    """

    hears = (Posted, Arrived)

    def __init__(self) -> None:
        self._marks: dict[MarketId, deque[tuple[int, int]]] = {}

    def on_time(self, known: Known) -> Found:
        if self._has_money(known):
            for market in known.setting.markets:
                marks = self._marks.setdefault(market, deque())
                mark = known.exchange.mark(market)
                if not marks or marks[-1][1] != mark:
                    marks.append((known.now_ms, mark))
                while len(marks) > 1 and marks[1][0] < known.now_ms - _PRICED_MS:
                    marks.popleft()
        return iter(())

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            yield from self._ours(entry.request, known)
        if isinstance(entry, Arrived) and isinstance(entry.received.request, Submit) and entry.received.outcome == "ok":
            yield from self._at_venue(entry.received.request, known)

    def _ours(self, asked: Submit, known: Known) -> Found:
        ceilings, record = known.setting.ceilings, known.records.get(asked.id)
        ceiling = ceilings.market_lots.get(asked.market)
        worst = known.net_lots(asked.market) * asked.side + _reserved_lots(asked, known, None)
        if ceiling is not None and worst > ceiling:
            yield "S6", f"with {asked.id} {asked.market} may come to {worst} lots, {ceiling} are allowed"
        own = None if record is None else ceilings.bot_lots.get(record.bot)
        if record is not None and own is not None:
            worst = known.bot_lots(record.bot, asked.market) * asked.side + _reserved_lots(asked, known, record.bot)
            if worst > own:
                yield "S6", f"with {asked.id} {record.bot} may come to {worst} lots, {own} are allowed"
        if record is not None and self._has_money(known):
            yield from self._in_money(asked, record.bot, known)

    def _in_money(self, asked: Submit, bot: BotId, known: Known) -> Found:
        ceilings, shares = known.setting.ceilings, self._shares(known)
        strategy = known.bots[bot].strategy
        sums = (
            (asked.market, ceilings.market_money.get(asked.market), lambda one: one.market == asked.market),
            (bot, ceilings.bot_money.get(bot), lambda one: one.bot == bot),
            (strategy, ceilings.strategy_money.get(strategy), lambda one: known.bots[one.bot].strategy == strategy),
            ("the house", ceilings.gross_money, lambda one: True),
        )
        for name, ceiling, belongs in sums:
            worst = sum((one.money for one in shares if belongs(one)), Decimal(0))
            if ceiling is not None and worst > ceiling:
                yield "S6", f"with {asked.id} {name} may come to {worst:.0f}, {ceiling:.0f} are allowed"
        towards = [one for one in shares if one.is_held or one.side == asked.side]
        net = sum((one.money * one.side * asked.side for one in towards), Decimal(0))
        if ceilings.net_money is not None and net > ceilings.net_money:
            yield "S6", f"with {asked.id} the house may come to {net:.0f} net, {ceilings.net_money:.0f} are allowed"
        alive = sum(not one.is_held for one in shares)
        if ceilings.orders is not None and alive > ceilings.orders:
            yield "S6", f"with {asked.id} {alive} entries are alive, {ceilings.orders} are allowed"
        one_order = known.value(asked.market, asked.lots, self._price(asked.market, known))
        if ceilings.order_money is not None and one_order > ceilings.order_money:
            yield "S6", f"{asked.id} is of {one_order:.0f}, {ceilings.order_money:.0f} are allowed"

    def _shares(self, known: Known) -> list[Share]:
        """What each bot holds, and each order that may still add to it."""
        prices = {market: self._price(market, known) for market in known.setting.markets}
        shares = [
            Share(bot, market, 1 if one.lots > 0 else -1, known.value(market, abs(one.lots), prices[market]), True)
            for (bot, market), one in known.sums.items() if one.lots
        ]  # fmt: skip
        for record in known.records.values():
            order = record.order
            lots = 0 if order.reduce_only or _leaves_out(order) else may_still_fill(order)
            if lots:
                money = known.value(order.market, lots, prices[order.market])
                shares.append(Share(record.bot, order.market, order.side, money, False))
        return shares

    def _price(self, market: MarketId, known: Known) -> Decimal:
        ticks = min((ticks for _, ticks in self._marks.get(market, ())), default=known.exchange.mark(market))
        return ticks * known.exchange.terms[market].tick

    def _has_money(self, known: Known) -> bool:
        ceilings = known.setting.ceilings
        return bool(ceilings.market_money or ceilings.bot_money or ceilings.gross_money or ceilings.orders)

    def _at_venue(self, asked: Submit, known: Known) -> Found:
        if not adds_risk(asked):
            return
        ceilings = known.setting.ceilings
        mine = (trade for trade in known.exchange.trades if trade.order is None and trade.market == asked.market)
        outside = sum(trade.side * trade.lots for trade in mine)
        live = [order for order in known.exchange.live.values() if order.market == asked.market]
        working = sum(order.left for order in live if order.side == asked.side and not _reduces(order))
        worst = (known.exchange.held[asked.market].lots - outside) * asked.side + working
        lots, money = ceilings.market_lots.get(asked.market), ceilings.market_money.get(asked.market)
        if lots is not None and worst > lots:
            yield "S6", f"with {asked.id} the venue may come to {worst} lots of {asked.market}, {lots} are allowed"
        value = known.value(asked.market, worst, self._price(asked.market, known))
        if money is not None and value > money:
            yield "S6", f"with {asked.id} the venue may come to {value:.0f} of {asked.market}, {money:.0f} are allowed"


@dataclass(frozen=True, slots=True)
class Share:
    """What one bot holds in a market, or one order of it that may still fill."""

    bot: BotId
    market: MarketId
    side: int
    money: Decimal
    is_held: bool


def may_still_fill(order: Order) -> int:
    """Lots by which an order may yet move the position: whatever its status, until its end is known and booked."""
    filled = sum(fill.lots for fill in order.fills)
    missing = max(order.reported_lots - filled, 0)
    is_open = order.status not in TERMINAL or order.alive
    return max(max(order.lots - filled, 0) if is_open else 0, missing)


def _reserved_lots(asked: Submit, known: Known, bot: str | None) -> int:
    return sum(
        may_still_fill(record.order) for record in known.records.values()
        if record.order.market == asked.market and record.order.side == asked.side
        and not record.order.reduce_only and not _leaves_out(record.order) and bot in (None, record.bot)
    )  # fmt: skip


def _leaves_out(order: Order) -> bool:
    """An exit that is not marked closes what its own bot holds."""
    key = order_key(order.id)
    return key is not None and key.part in EXITS


def _reduces(order: Resting) -> bool:
    key = order_key(order.id or "")
    return order.reduce_only or (key is not None and key.part in EXITS)


class Shut(Check):
    """S8: nothing that adds risk leaves while anything stands against it: by the desk's own account, and in truth."""

    hears = (Delivered, Committed, Posted)

    def __init__(self) -> None:
        self._fresh: dict[MarketId, int] = {}  # the newest close of a good bar that was handed over
        self._skewed_since: int | None = None
        self._halted: dict[BotId, str] = {}  # as the journal has it, whatever the desk remembers

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Delivered) and entry.good:
            close = entry.ts + entry.timeframe_ms
            self._fresh[entry.market] = max(close + entry.timeframe_ms, self._fresh.get(entry.market, 0))
        if isinstance(entry, Committed):
            halts = {name: told for name, told in entry.transaction.facts.items() if name.startswith(_HALT)}
            self._halted |= {
                BotId(name.removeprefix(_HALT)): str(told.get("reason", "")) for name, told in halts.items()
            }
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            for why in (*entry.blocked, *self._against(entry.request, known)):
                yield "S8", f"{entry.request.id} adds risk and left although: {why}"

    def on_time(self, known: Known) -> Found:
        wrong = abs(known.clock_error_ms()) > known.setting.times.skew_max
        self._skewed_since = (self._skewed_since or known.now_ms) if wrong else None
        return iter(())

    def _against(self, asked: Submit, known: Known) -> list[str]:
        times, against = known.setting.times, []
        if known.killed_good_ms is not None:
            against.append("kill was commanded")
        if not known.has_looked:
            against.append("not reconciled: nobody has looked in this life")
        record = known.records.get(asked.id)
        if record is not None and self._halted.get(record.bot):
            against.append(f"{record.bot} is halted: {self._halted[record.bot]}")
        due = self._fresh.get(asked.market)
        if due is not None and known.now_ms > due + times.stale_max:
            against.append(f"stale data: the newest good bar should have been followed {known.now_ms - due} ms ago")
        if self._skewed_since is not None and known.now_ms - self._skewed_since > times.notice_max:
            against.append(f"the clock is wrong by {known.clock_error_ms()} ms")
        return against


class Weight(Check):
    """S14: within the budget, and silent while banned."""

    hears = (Began, Heard, Posted, Arrived)

    def __init__(self) -> None:
        self._banned_until = 0

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Began):
            self._banned_until = 0
        if isinstance(entry, Heard) and isinstance(entry.said, Linked):
            self._link(entry.said)
        if isinstance(entry, Posted) and entry.at_ms < self._banned_until:
            yield (
                "S14",
                f"{type(entry.request).__name__} left {self._banned_until - entry.at_ms} ms before the ban's end",
            )
        if isinstance(entry, Arrived) and entry.received.outcome == "429":
            yield "S14", f"request {entry.received.number} is over the budget of {known.setting.weight_budget} a minute"

    def _link(self, said: Linked) -> None:
        if said.reason.startswith("banned until "):
            self._banned_until = int(said.reason.rpartition(" ")[2])
        elif said.up and said.part == "orders":
            self._banned_until = 0


class Modes(Check):
    """S16: what leaves has a name of this journal, and comes from a bot that may send."""

    hears = (Posted,)

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Posted) or not isinstance(entry.request, Submit):
            return
        key = order_key(entry.request.id)
        if key is None or (known.origin is not None and key.origin != known.origin):
            yield "S16", f"{entry.request.id} is no name of this journal"
        elif known.setting.sending is not None and key.bot not in known.setting.sending:
            yield "S16", f"{entry.request.id} comes from a bot that sends nothing"


class OneWriter(Check):
    """S20: who commits or sends holds the newest lease. While the journal is down nobody can see who that is: what only
    closes, and is kept beside the journal, leaves all the same."""

    hears = (Committed, Kept, Posted)

    def __init__(self) -> None:
        self._kept: set[ClientOrderId] = set()

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Kept):
            self._kept |= {record.order.id for record in entry.orders}
            return
        if isinstance(entry, Committed) and entry.transaction.token != known.token:
            yield "S20", f"a commit with the token {entry.transaction.token}, the newest is {known.token}"
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and entry.life != known.token_life:
            if entry.request.id in self._kept:
                return
            yield "S20", f"{entry.request.id} left from life {entry.life}, the lease is with {known.token_life}"
