"""L1, L3 to L7: what has to happen in time. Time counts while the venue is reachable and the process up."""

from __future__ import annotations

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Began, Committed, Delivered, Ended, Entry, Notified

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import order_key
from karat.oms.records import Status
from karat.ports.cockpit import BotState
from karat.ports.journal_columns import QuietBars


class Unheard(Check):
    """L1: an order of which nothing is known is known again after D_max and two looks."""

    hears = (Committed,)

    def __init__(self) -> None:
        self._since: dict[ClientOrderId, int] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            for change in known.changes:
                if change.new.order.status == Status.UNKNOWN:
                    self._since.setdefault(change.new.order.id, known.good_ms)
                else:
                    self._since.pop(change.new.order.id, None)
        return iter(())

    def on_time(self, known: Known) -> Found:
        limit = known.setting.traits.arrival_ms_max + 2 * known.setting.times.reconcile_every
        for name, since in self._since.items():
            if known.good_ms - since > limit:
                yield "L1", f"{name} is UNKNOWN for {known.good_ms - since} ms of reachable time"


class Killed(Check):
    """L3: entries gone after two looks, flat after K: of what a hand took away and gives back later, K after that."""

    def __init__(self) -> None:
        self._held_since: dict[MarketId, int] = {}

    def on_time(self, known: Known) -> Found:
        killed = known.killed_good_ms
        for market in known.setting.markets:
            if not known.exposed_lots(market) or not known.exchange.terms[market].open:
                self._held_since.pop(market, None)
                continue
            since = self._held_since.setdefault(market, known.good_ms)
            if killed is not None and known.good_ms - max(since, killed) > known.setting.times.kill_flat_max:
                passed = known.good_ms - killed
                yield "L3", f"{known.net_lots(market)} lots of {market} are held {passed} ms after the kill"
        if killed is not None and known.good_ms - killed > 2 * known.setting.times.reconcile_every:
            for order in known.exchange.live.values():
                if order_key(order.id or "") is not None and not order.reduce_only:
                    yield "L3", f"{order.id} is alive {known.good_ms - killed} ms after the kill"


class Ready(Check):
    """L4: books and venue are compared soon after every start."""

    hears = (Began, Ended)

    def __init__(self) -> None:
        self._since: int | None = None

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Began):
            self._since = known.writable_ms
        if isinstance(entry, Ended):
            self._since = None
        return iter(())

    def on_time(self, known: Known) -> Found:
        watched = known.watched
        if self._since is None or (watched is not None and watched.is_reconciled):
            self._since = None
        elif known.writable_ms - self._since > known.setting.times.ready_max:
            yield "L4", f"life {known.life} is not reconciled after {known.writable_ms - self._since} ms"


class Ticks(Check):
    """L5: a good bar that came is decided, or skipped with a reason, within 1.2 periods, while that can be written."""

    hears = (Delivered, Committed, Ended)

    def __init__(self) -> None:
        self._due: dict[tuple[BotId, int], int] = {}
        self._newest: dict[BotId, int] = {}
        self._running: dict[BotId, bool] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Delivered) and entry.good:
            self._deliver(entry.market, entry.timeframe_ms, entry.ts, known)
        if isinstance(entry, Committed):
            transaction = entry.transaction
            for bars in transaction.bars:
                self._newest[bars.bot] = bars.ts[-1] if isinstance(bars, QuietBars) else bars.ts
            for trace in transaction.traces:
                self._due.pop((trace.bot, trace.ts), None)
            for event in transaction.events:
                if event.bot is not None and event.bar_ts is not None:
                    self._due.pop((event.bot, event.bar_ts), None)
            for change in transaction.states:
                self._running[change.bot] = change.state == BotState.RUNNING
            self._due = {key: since for key, since in self._due.items() if key[1] > self._newest.get(key[0], -1)}
        if isinstance(entry, Ended):
            self._due.clear()
        return iter(())

    def on_time(self, known: Known) -> Found:
        for (bot, ts), since in self._due.items():
            if known.writable_ms - since > 1.2 * known.bots[bot].timeframe_ms and self._running.get(bot, True):
                yield "L5", f"{bot} neither decided nor skipped its bar of {ts} in {known.writable_ms - since} ms"

    def _deliver(self, market: MarketId, timeframe_ms: int, ts: int, known: Known) -> None:
        for bot in known.bots.values():
            wants = (bot.market, bot.timeframe_ms) == (market, timeframe_ms) and ts >= bot.anchor_ts
            if (
                wants
                and (ts - bot.anchor_ts) % timeframe_ms == 0
                and ts > self._newest.get(bot.id, -1)
                and self._running.get(bot.id, True)
            ):
                self._due.setdefault((bot.id, ts), known.writable_ms)


class Pages(Check):
    """L6: what a person must know reaches a channel in time. Time counts while a channel is there to be reached."""

    hears = (Committed, Notified)

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[int, str]] = {}
        self._up_ms = self._seen_ms = 0

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            events = entry.transaction.events
            for number, event in enumerate(events, entry.sequence - len(events) + 1):
                if event.happening.kind.value in known.setting.page_kinds:
                    self._waiting[number] = (self._up_ms, event.happening.text)
        if isinstance(entry, Notified):
            self._waiting.pop(entry.sequence, None)
        return iter(())

    def on_time(self, known: Known) -> Found:
        self._up_ms += known.good_ms - self._seen_ms if known.channel_is_up() else 0
        self._seen_ms = known.good_ms
        for sequence, (since, text) in self._waiting.items():
            if self._up_ms - since > known.setting.times.notify_max:
                yield "L6", f"nobody was told of event {sequence} ({text}) in {self._up_ms - since} ms"


class Healed(Check):
    """L7: after the last fault nothing is wrong for longer than Q, and no queue grows."""

    def __init__(self) -> None:
        self._quiet_since: int | None = None
        self._wrong_since: int | None = None
        self._sizes: dict[str, int] | None = None

    def on_time(self, known: Known) -> Found:
        watched = known.watched
        if known.now_ms < known.quiet_from_ms or watched is None or known.killed_good_ms is not None:
            self._wrong_since = None
            return
        heal_max, problems = known.setting.times.heal_max, watched.problems()
        self._quiet_since = known.good_ms if self._quiet_since is None else self._quiet_since
        if not problems:
            self._wrong_since = None
        elif self._wrong_since is None:
            self._wrong_since = known.good_ms
        elif known.good_ms - self._wrong_since > heal_max:
            yield "L7", f"for {known.good_ms - self._wrong_since} ms and no fault is there: {', '.join(problems)}"
        if known.good_ms - self._quiet_since > heal_max:
            yield from self._growing(dict(watched.queue_sizes()))

    def _growing(self, sizes: dict[str, int]) -> Found:
        self._sizes = sizes if self._sizes is None else self._sizes
        for name, size in sizes.items():
            if size > 2 * self._sizes.get(name, 0) + 100:
                yield "L7", f"the queue {name} has grown from {self._sizes.get(name, 0)} to {size}"
