"""A cockpit in memory: speaks the protocol, knows no journal. Tests tell it what happens."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from tests.unit.api import fake_figures as figures
from tests.unit.api.fake_figures import CAPITAL, CLOCK_TS

from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.core.time import DAY_MS, HOUR_MS
from karat.ports import cockpit as views
from karat.ports.cockpit import Book, BotState, EquityRange, EventKind, Mode
from karat.ports.protection import Cover, Protection

STARTED_TS = 1_795_269_600_000  # 2026-11-21T14:00Z, the wall clock of the fake


class FakeCockpit:
    """Bots with figures drawn from a seed. `mark`, `report`, `set_state` change them the way a control room would."""

    def __init__(self, bots: int = 12, seed: int = 7, days: int = 90, mode: Mode = Mode.SIMULATED) -> None:
        self._lock = threading.Lock()
        self._readers: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._events: list[views.EventRow] = []
        self._days = days
        self._mode = mode
        self.clock_ts = CLOCK_TS
        self.started_ts = STARTED_TS
        self.ended = False  # when set, `changes` ends after what has happened: a test reads a whole stream
        dice = random.Random(seed)
        self._paths = {BotId(f"{n:02d}"): figures.path(dice, days) for n in range(1, bots + 1)}
        self._rows = {bot: figures.row(index, bot, path, mode) for index, (bot, path) in enumerate(self._paths.items())}
        self._positions = {
            bot: figures.position(dice, index, bot) for index, bot in enumerate(self._paths) if index % 3 != 2
        }
        for bot, held in self._positions.items():
            holding = views.Holding(held.side, held.quantity)
            self._rows[bot] = replace(self._rows[bot], holding=holding, open_pnl=held.open_pnl)
        self._trades = figures.past_trades(dice, list(self._paths))
        for bot, row in self._rows.items():
            self._rows[bot] = replace(row, trades=sum(trade.bot == bot for trade in self._trades))
        for bot in self._paths:
            self.report(EventKind.STARTED, f"Started with {CAPITAL:,.0f} USDT", bot)

    # what a test does

    def report(self, kind: EventKind, text: str, bot: BotId | None = None) -> views.EventRow:
        """Commit one event and wake the readers."""
        with self._lock:
            number = len(self._events) + 1
            event = views.EventRow(number, self.started_ts + number * 61_000, bot, kind, text)
            self._events.append(event)
            readers = list(self._readers)
        for loop, ready in readers:
            loop.call_soon_threadsafe(ready.set)
        return event

    def mark(self, bot: BotId, equity: float) -> None:
        """Process a candle of `bot` after which its equity is `equity`."""
        with self._lock:
            self.clock_ts += HOUR_MS
            path = self._paths[bot]
            path.append(equity)
            row, opened = self._rows[bot], path[-24]
            self._rows[bot] = replace(
                row,
                equity=equity,
                today=equity - opened,
                today_fraction=equity / opened - 1,
                drawdown=equity / max(path) - 1,
                last_bar_ts=self.clock_ts - HOUR_MS,
            )
        self.report(EventKind.MARKED, "", bot)

    def set_state(self, bot: BotId, state: BotState, cause: str, warnings: tuple[str, ...] = ()) -> None:
        """Change what a bot is doing, and say so in an event."""
        with self._lock:
            self._rows[bot] = replace(self._rows[bot], state=state, state_cause=cause, warnings=warnings)
        self.report(EventKind(state.value) if state.value in set(EventKind) else EventKind.WARNING, cause, bot)

    def restart(self) -> None:
        """Pretend that the process was started anew: just now, by the clock that a browser has."""
        self.started_ts = time.time_ns() // 1_000_000

    # what the protocol asks

    def health(self) -> views.HealthView:
        return views.HealthView("0.1.0", self.started_ts, len(self._events))

    def fleet(self) -> views.FleetView:
        with self._lock:
            rows = tuple(self._rows.values())
            held = list(self._positions.values())
            totals = (figures.totals(rows, held, self._summed(), self._mode),) if rows else ()
        return views.FleetView(self.clock_ts if rows else None, "Simulated data", rows, totals)

    def bot(self, bot: BotId) -> views.BotView:
        row = self._known(bot)
        parameters = (views.Parameter("window", "20 bars"), views.Parameter("width", "2.0 standard deviations"))
        hypothesis = "After a stretch away from its mean, price tends to come part of the way back within a day."
        anchor = CLOCK_TS - self._days * DAY_MS
        held = self._positions.get(bot)
        guarded = Protection(Cover.FLAT if held is None else Cover.COVERED, 1.5)
        return views.BotView(
            row, held, hypothesis, parameters, CAPITAL, anchor, "No dossier stands behind it.", None, guarded
        )

    def positions(self) -> tuple[views.PositionRow, ...]:
        return tuple(self._positions.values())

    def trades(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[views.TradeRow, ...]:
        if bot is not None:
            self._known(bot)
        wanted = [t for t in self._trades if (before is None or t.sequence < before) and bot in (None, t.bot)]
        return tuple(reversed(wanted[-limit:]))

    def equity(self, of: BotId | Book, span: EquityRange) -> views.EquitySeries:
        with self._lock:
            if isinstance(of, Book):
                if of != Book(self._mode, "USDT"):
                    raise InputError("unknown_book", f"No bot trades {of.currency}, {of.mode}.", "See the fleet.")
                value = self._summed()
            else:
                self._known(of)
                value = self._paths[of]
            days = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "all": self._days}[span.value]
            high, drawdown = 0.0, []
            for amount in value:
                high = max(high, amount)
                drawdown.append(amount / high - 1)
            first = self.clock_ts - len(value) * HOUR_MS
            times = tuple(first + n * HOUR_MS for n in range(len(value)))
            tail = min(days * 24, len(value))
            return views.EquitySeries("USDT", times[-tail:], tuple(value[-tail:]), tuple(drawdown[-tail:]))

    def events(self, limit: int, before: int | None = None, bot: BotId | None = None) -> tuple[views.EventRow, ...]:
        with self._lock:
            wanted = [
                event
                for event in self._events
                if event.kind != EventKind.MARKED and (before is None or event.id < before) and bot in (None, event.bot)
            ]
        return tuple(reversed(wanted[-limit:]))

    def refusals(self, bot: BotId | None = None) -> views.RefusalsView:
        if bot is not None:
            self._known(bot)
        share = 1 if bot is None else max(1, len(self._rows))
        counts = ((Refusal.CONFIDENCE, 24), (Refusal.COOLDOWN, 12), (Refusal.SESSION, 6), (Refusal.AFFORD, 1))
        refused = tuple(views.RefusalCount(reason, count // share) for reason, count in counts if count // share)
        return views.RefusalsView(CLOCK_TS - 14 * HOUR_MS, 168 // share, 96 // share, 9 // share, refused)

    async def changes(self, after_event_id: int) -> AsyncIterator[views.EventRow]:
        ready = asyncio.Event()
        reader = (asyncio.get_running_loop(), ready)
        with self._lock:
            self._readers.append(reader)
        seen = min(after_event_id, len(self._events))
        try:
            while True:
                ready.clear()
                for event in self._events[seen:]:
                    seen = event.id
                    yield event
                if self.ended:
                    return
                await ready.wait()
        finally:
            with self._lock:
                self._readers.remove(reader)

    def _known(self, bot: BotId) -> views.BotRow:
        if bot not in self._rows:
            raise InputError("unknown_bot", f"There is no bot '{bot}'.", "The fleet lists the bots there are.")
        return self._rows[bot]

    def _summed(self) -> list[float]:
        """Equity of all bots, ending with what each has now."""
        bars = self._days * 24
        return [sum(column) for column in zip(*(path[-bars:] for path in self._paths.values()), strict=True)]
