"""A cockpit in memory: speaks the protocol, knows no journal. Tests tell it what happens."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

from karat.core.errors import InputError
from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.reasons import Reason, Refusal
from karat.core.time import DAY_MS, HOUR_MS
from karat.ports import cockpit as views
from karat.ports.cockpit import Book, BotState, EquityRange, EventKind, Mode, Side, Undefined, Verdict

CLOCK_TS = 1_763_733_600_000  # 2025-11-21T14:00Z, the market's clock of the fake
STARTED_TS = 1_795_269_600_000  # 2026-11-21T14:00Z, the wall clock of the fake
CAPITAL = 10_000.0
NO_BAR = Undefined("no bar yet")

MARKETS = (  # symbol, price, tick, lot
    ("AURUM", 96_412.5, 0.5, 0.001),
    ("BOREAS", 3_287.63, 0.01, 0.01),
    ("CORVUS", 214.62, 0.01, 0.1),
    ("DELTA", 15.842, 0.001, 1.0),
    ("EMBER", 1.112, 0.0001, 1.0),
    ("FJORD", 0.08421, 0.00001, 10.0),
)
STRATEGIES = ("bollinger_reversion", "macd_momentum", "donchian_breakout", "ema_cross", "buy_and_hold")


class FakeCockpit:
    """Bots with figures drawn from a seed. `mark`, `report`, `set_state` change them the way a control room would."""

    def __init__(self, bots: int = 12, seed: int = 7, days: int = 90, mode: Mode = Mode.SIMULATED) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._readers: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._events: list[views.EventRow] = []
        self._days = days
        self._mode = mode
        self.clock_ts = CLOCK_TS
        self.started_ts = STARTED_TS
        self.ended = False  # when set, `changes` ends after what has happened: a test reads a whole stream
        self._paths = {BotId(f"{n:02d}"): self._path() for n in range(1, bots + 1)}
        self._rows = {bot: self._row(index, bot) for index, bot in enumerate(self._paths)}
        self._positions = {bot: self._position(index, bot) for index, bot in enumerate(self._paths) if index % 3 != 2}
        for bot, position in self._positions.items():
            holding = views.Holding(position.side, position.quantity)
            self._rows[bot] = replace(self._rows[bot], holding=holding, open_pnl=position.open_pnl)
        self._trades = self._past_trades() if bots else []
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
        """Pretend that the process was started anew."""
        self.started_ts += DAY_MS

    # what the protocol asks

    def health(self) -> views.HealthView:
        return views.HealthView("0.1.0", self.started_ts, len(self._events))

    def fleet(self) -> views.FleetView:
        with self._lock:
            rows = tuple(self._rows.values())
            totals = (self._totals(rows),) if rows else ()
        return views.FleetView(self.clock_ts if rows else None, "Simulated data", rows, totals)

    def bot(self, bot: BotId) -> views.BotView:
        row = self._known(bot)
        parameters = (views.Parameter("window", "20 bars"), views.Parameter("width", "2.0 standard deviations"))
        hypothesis = "After a stretch away from its mean, price tends to come part of the way back within a day."
        anchor = CLOCK_TS - self._days * DAY_MS
        return views.BotView(row, self._positions.get(bot), hypothesis, parameters, CAPITAL, anchor)

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
                    raise InputError(
                        "unknown_book", f"No bot trades {of.currency} in mode {of.mode}.", "See the fleet."
                    )
                value = [
                    sum(column) for column in zip(*(p[: self._days * 24] for p in self._paths.values()), strict=True)
                ]
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

    # how the figures are drawn

    def _known(self, bot: BotId) -> views.BotRow:
        if bot not in self._rows:
            raise InputError("unknown_bot", f"There is no bot '{bot}'.", "The fleet lists the bots there are.")
        return self._rows[bot]

    def _path(self) -> list[float]:
        value, path = CAPITAL, []
        drift = self._random.uniform(-0.00004, 0.00008)
        for _ in range(self._days * 24):
            value *= 1 + drift + self._random.gauss(0, 0.0018)
            path.append(round(value, 2))
        return path

    def _row(self, index: int, bot: BotId) -> views.BotRow:
        path = self._paths[bot]
        strategy = STRATEGIES[index % len(STRATEGIES)]
        return views.BotRow(
            id=bot,
            name=f"{strategy}-{MARKETS[index % len(MARKETS)][0].lower()}",
            strategy=StrategyName(strategy),
            market=MarketId(f"demo:{MARKETS[index % len(MARKETS)][0]}USDT"),
            timeframe="1h",
            mode=self._mode,
            currency="USDT",
            state=BotState.RUNNING,
            state_cause="",
            equity=path[-1],
            today=path[-1] - path[-15],
            today_fraction=path[-1] / path[-15] - 1,
            open_pnl=0.0,
            drawdown=path[-1] / max(path) - 1,
            trades=0,
            holding=None,
            last_bar_ts=CLOCK_TS - HOUR_MS,
            warnings=(),
            verdict=Verdict.NOT_PROVEN,
        )

    def _position(self, index: int, bot: BotId) -> views.PositionRow:
        symbol, price, tick, lot = MARKETS[index % len(MARKETS)]
        side = Side.SHORT if index % 4 == 1 else Side.LONG
        sign = 1 if side == Side.LONG else -1
        mark = round(price * (1 + self._random.gauss(0.002, 0.01)) / tick) * tick
        quantity = max(lot, round(CAPITAL * 0.9 / price / lot) * lot)
        stop = None if index == 0 else round(price * (1 - sign * 0.025) / tick) * tick
        pnl = (mark - price) * quantity * sign
        no_stop = Undefined("no stop")
        return views.PositionRow(
            bot=bot,
            market=MarketId(f"demo:{symbol}USDT"),
            currency="USDT",
            side=side,
            quantity=quantity,
            entry_ts=CLOCK_TS - (index + 2) * HOUR_MS,
            entry_price=price,
            mark_price=mark,
            open_pnl=pnl,
            stop_price=stop,
            stop_distance=no_stop if stop is None else (mark - stop) * sign / mark,
            at_stop=no_stop if stop is None else (stop - mark) * quantity * sign,
            r=no_stop if stop is None else pnl / (abs(price - stop) * quantity),
            price_tick=tick,
            quantity_step=lot,
        )

    def _past_trades(self) -> list[views.TradeRow]:
        trades, bots = [], list(self._paths)
        counts = dict.fromkeys(bots, 0)
        closings = (Reason.SIGNAL, Reason.STOP, Reason.TAKE, Reason.TRAIL, Reason.TIME)
        for number in range(1, 121):
            index = self._random.randrange(len(bots))
            symbol, price, tick, lot = MARKETS[index % len(MARKETS)]
            counts[bots[index]] += 1
            side = self._random.choice((Side.LONG, Side.SHORT))
            entry = round(price * self._random.uniform(0.92, 1.04) / tick) * tick
            leave = round(entry * (1 + self._random.gauss(0.001, 0.012)) / tick) * tick
            quantity = max(lot, round(CAPITAL * 0.9 / entry / lot) * lot)
            exit_ts = CLOCK_TS - (121 - number) * 5 * HOUR_MS
            trade = views.TradeRow(
                sequence=number,
                bot=bots[index],
                market=MarketId(f"demo:{symbol}USDT"),
                currency="USDT",
                id=counts[bots[index]],
                side=side,
                entry_ts=exit_ts - self._random.randrange(2, 40) * HOUR_MS,
                exit_ts=exit_ts,
                quantity=quantity,
                entry_price=entry,
                exit_price=leave,
                pnl=(leave - entry) * quantity * (1 if side == Side.LONG else -1) - quantity * entry * 0.001,
                r=Undefined("no stop") if index == 0 else (leave - entry) / (entry * 0.025),
                reason=self._random.choice(closings),
                price_tick=tick,
                quantity_step=lot,
            )
            trades.append(trade)
        for bot, count in counts.items():
            self._rows[bot] = replace(self._rows[bot], trades=count)
        return trades

    def _totals(self, rows: tuple[views.BotRow, ...]) -> views.Totals:
        def total(name: str) -> float:
            return sum(value for value in (getattr(row, name) for row in rows) if isinstance(value, float))

        known = [row for row in rows if isinstance(row.equity, float)]
        equity, today = total("equity"), total("today")
        positions = self._positions.values()
        signed = [p.mark_price * p.quantity * (1 if p.side == Side.LONG else -1) for p in positions]
        sums = [sum(column) for column in zip(*(p[: self._days * 24] for p in self._paths.values()), strict=True)]
        return views.Totals(
            book=Book(self._mode, "USDT"),
            bots=len(rows),
            missing=len(rows) - len(known),
            capital=CAPITAL * len(known),
            equity=equity if known else NO_BAR,
            today=today if known else NO_BAR,
            today_fraction=today / (equity - today) if known else NO_BAR,
            open_pnl=total("open_pnl"),
            drawdown=min(0.0, equity / max(sums) - 1),
            drawdown_deepest=min(value / max(sums[: n + 1]) - 1 for n, value in enumerate(sums[::24])),
            at_stops=sum(p.at_stop for p in positions if isinstance(p.at_stop, float)),
            positions=len(positions),
            unbounded=sum(p.stop_price is None for p in positions),
            trades=sum(row.trades for row in rows),
            exposure_gross=sum(map(abs, signed)) / equity,
            exposure_net=sum(signed) / equity,
        )
