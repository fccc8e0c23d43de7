"""S6, S8, S14, S16, S20: limits, shut gates, request weight, modes, one writer."""

from __future__ import annotations

from tests.chaos.storm.invariants.base import Check, Found, Known, adds_risk
from tests.chaos.storm.tape import Arrived, Began, Committed, Delivered, Entry, Heard, Posted

from karat.core.ids import MarketId
from karat.oms.client_ids import order_key
from karat.ports.venue import Linked, Submit


class WorstCase(Check):
    """S6: position and everything that may still fill on its side keep within the ceiling, for us and at the venue."""

    def on(self, entry: Entry, known: Known) -> Found:
        ceilings = known.setting.ceilings
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            asked, record = entry.request, known.records.get(entry.request.id)
            ceiling = ceilings.market_lots.get(asked.market)
            worst = known.net_lots(asked.market) * asked.side + self._reserved(asked, known, None)
            if ceiling is not None and worst > ceiling:
                yield "S6", f"with {asked.id} {asked.market} may come to {worst} lots, {ceiling} are allowed"
            own = None if record is None else ceilings.bot_lots.get(record.bot)
            if record is not None and own is not None:
                worst = known.bot_lots(record.bot, asked.market) * asked.side + self._reserved(asked, known, record.bot)
                if worst > own:
                    yield "S6", f"with {asked.id} {record.bot} may come to {worst} lots, {own} are allowed"
        if isinstance(entry, Arrived) and isinstance(entry.received.request, Submit) and entry.received.outcome == "ok":
            yield from self._at_venue(entry.received.request, known)

    def _reserved(self, asked: Submit, known: Known, bot: str | None) -> int:
        return sum(
            record.order.reserved_lots for record in known.records.values()
            if record.order.market == asked.market and record.order.side == asked.side
            and not record.order.reduce_only and bot in (None, record.bot)
        )  # fmt: skip

    def _at_venue(self, asked: Submit, known: Known) -> Found:
        ceiling = known.setting.ceilings.market_lots.get(asked.market)
        if ceiling is None or not adds_risk(asked):
            return
        mine = (trade for trade in known.exchange.trades if trade.order is None and trade.market == asked.market)
        outside = sum(trade.side * trade.lots for trade in mine)
        like = (asked.market, asked.side, False)
        live = known.exchange.live.values()
        working = sum(order.left for order in live if (order.market, order.side, order.reduce_only) == like)
        worst = (known.exchange.held[asked.market].lots - outside) * asked.side + working
        if worst > ceiling:
            yield "S6", f"with {asked.id} the venue may come to {worst} lots of {asked.market}, {ceiling} are allowed"


class Shut(Check):
    """S8: nothing that adds risk leaves while anything stands against it: by the desk's own account, and in truth."""

    def __init__(self) -> None:
        self._fresh: dict[MarketId, int] = {}  # the newest close of a good bar that was handed over
        self._skewed_since: int | None = None

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Delivered) and entry.good:
            close = entry.ts + entry.timeframe_ms
            self._fresh[entry.market] = max(close + entry.timeframe_ms, self._fresh.get(entry.market, 0))
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
        due = self._fresh.get(asked.market)
        if due is not None and known.now_ms > due + times.stale_max:
            against.append(f"stale data: the newest good bar should have been followed {known.now_ms - due} ms ago")
        if self._skewed_since is not None and known.now_ms - self._skewed_since > times.notice_max:
            against.append(f"the clock is wrong by {known.clock_error_ms()} ms")
        return against


class Weight(Check):
    """S14: within the budget, and silent while banned."""

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

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Posted) or not isinstance(entry.request, Submit):
            return
        key = order_key(entry.request.id)
        if key is None or (known.origin is not None and key.origin != known.origin):
            yield "S16", f"{entry.request.id} is no name of this journal"
        elif known.setting.sending is not None and key.bot not in known.setting.sending:
            yield "S16", f"{entry.request.id} comes from a bot that sends nothing"


class OneWriter(Check):
    """S20: who commits or sends holds the newest lease."""

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed) and entry.transaction.token != known.token:
            yield "S20", f"a commit with the token {entry.transaction.token}, the newest is {known.token}"
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and entry.life != known.token_life:
            yield "S20", f"{entry.request.id} left from life {entry.life}, the lease is with {known.token_life}"
