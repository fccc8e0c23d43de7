"""Load: a thousand paper bots in one process on one market anchor, and 45 bots on 13 symbols and 4 timeframes.

Bots run in the runner that runs them on paper, with a journal on disk and carried state; closes come when the bench
opens them. The worst close is one at which every bot sends an order. Other work on the loop is stood for by a task that
wants to wake every five milliseconds: how much too late it woke is the loop's delay.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import numpy as np

from bench.clocks import peak_mb, resident_mb, wall
from bench.market import World, simple_policy, year
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.bots.fleet.runner import FleetRunner
from karat.bots.memory import SettledMemory
from karat.bots.runner import Runner
from karat.bots.system_clock import SystemClock
from karat.core.ids import BotId
from karat.core.time import HOUR_MS, MINUTE_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.market import demo_candles
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.journal import open_journal, open_memory_journal
from karat.journal.store import SqlJournal
from karat.kernel.engine import prepare, run
from karat.ports.cockpit import Mode
from karat.ports.feed import Arrival, FeedKey
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

BOTS = 1_000
STRATEGY = "buy_and_hold"  # with stop and take: all are in, out and in again at the same closes
QUIET_CLOSES = 96  # of hourly bars: four days
PAUSE_SECONDS = 0.05  # between closes of which nothing comes
REST_SECONDS = 2.0  # before the first close: a replay at full speed was before it, which no market brings
WAKE_SECONDS = 0.005
TARGET_CLOSE_SECONDS = 2.0
TARGET_DELAY_MS = 50.0
TARGET_MB = 2_000.0
TARGET_GROWTH_MB = 20.0
TARGET_RESTART_SECONDS = 10.0
FLEET = 45
SYMBOLS = 13
TIMEFRAMES_MS = (15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS)


class OpenedFeed(ReplayFeed):
    """A replay whose bars come when they are opened. `done` bars were taken, with everything they led to."""

    def __init__(self, world: World, opened: int) -> None:
        super().__init__(world.candles, None, SystemClock())
        self.opened = opened
        self.done = 0

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        for bar in range(after, len(self._tape)):
            while bar >= self.opened:
                await asyncio.sleep(0.0005)
            for one in self._tape.arrivals(bar, bar + 1):
                yield one._replace(more=bar + 1 < self.opened)
            self.done = bar + 1


class House:
    """A process with its bots: lives one after the other on one journal."""

    def __init__(self, journal: SqlJournal, world: World, bots: list[BotId]) -> None:
        self.journal, self.world, self.bots = journal, world, bots
        self.ready_seconds = 0.0
        self.delays: list[float] = []
        self.closes: list[float] = []
        self.resident: list[float] = []

    @classmethod
    def new(cls, journal: SqlJournal, world: World, bots: int) -> House:
        """With bots that are created now."""
        found = find_strategy(STRATEGY)
        policy, instrument = simple_policy(), world.instrument
        records = [
            new_bot(f"bot-{place}", found, {}, policy, instrument, world.candles, None, Mode.SIMULATED, 0)
            for place in range(bots)
        ]
        journal.create_bots([(one, ()) for one in records])
        return cls(journal, world, [one.id for one in records])

    async def live(self, first: int, closes: int) -> None:
        """Begin, do the bars before `first` at once, then `closes` closes one by one."""
        feed, begun = OpenedFeed(self.world, first), time.perf_counter()
        runner = Runner(
            self.journal, lambda key: feed, PaperVenue(), find_strategy, SystemClock(), lambda *_: True,
            chores=(SettledMemory(),),
        )  # fmt: skip
        running = asyncio.create_task(runner.run(self.bots))
        await self._wait(feed, first, running)
        self.ready_seconds = time.perf_counter() - begun
        await asyncio.sleep(REST_SECONDS)
        waking = asyncio.create_task(self._wake())
        for bar in range(first, first + closes):
            await asyncio.sleep(PAUSE_SECONDS)
            opened, feed.opened = time.perf_counter(), bar + 1
            await self._wait(feed, bar + 1, running)
            self.closes.append(time.perf_counter() - opened)
            self.resident.append(resident_mb())
        for task in (waking, running):
            task.cancel()
        await asyncio.gather(waking, running, return_exceptions=True)

    async def _wait(self, feed: OpenedFeed, done: int, running: asyncio.Task[None]) -> None:
        while feed.done < done:
            if running.done():
                running.result()
            await asyncio.sleep(0.0005)

    async def _wake(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(WAKE_SECONDS)
            self.delays.append(time.perf_counter() - begun - WAKE_SECONDS)


def load(quick: bool) -> list[Row]:
    """A close with an order of every bot, the loop's delay over it, memory, growth, restart; the mixed fleet."""
    bots, closes = (100, 12) if quick else (BOTS, QUIET_CLOSES)
    world = year()
    entry = _entry_bar(world)
    note = f"{bots:,} bots on {world.candles.market}, journal on disk"
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder, closing(open_journal(Path(folder))) as journal:
        house = House.new(journal, world, bots)
        asyncio.run(house.live(entry, 1))
        sent = sum(1 for bot in house.bots if journal.orders_of(bot))
        assert sent == bots, f"{sent} of {bots} bots sent an order"
        worst, late = house.closes[-1], 1e3 * float(np.percentile(house.delays, 99))
        again = House(journal, world, house.bots)
        asyncio.run(again.live(entry + 2, closes))
        assert all(one.bars == entry + 2 + closes for one in journal.statuses()), "every bot did every bar"
    warm = len(again.resident) // 4
    grown = again.resident[-1] - again.resident[warm]
    quiet = 1e3 * float(np.percentile(again.delays, 99))
    return [
        Row("close to last order, every bot orders", worst, "s", TARGET_CLOSE_SECONDS, note=note),
        Row("p99 delay of the loop over that close", late, "ms", TARGET_DELAY_MS, note=note),
        Row("p99 delay of the loop, usual closes", quiet, "ms", TARGET_DELAY_MS, note=f"{closes} closes"),
        Row("most memory", peak_mb(), "MB", TARGET_MB, note=note),
        Row(f"growth over {closes - warm} simulated hours", grown, "MB", TARGET_GROWTH_MB, note=note),
        Row("restart until the next close", again.ready_seconds, "s", TARGET_RESTART_SECONDS, note=f"{entry + 1} bars"),
        _mixed(quick),
    ]  # fmt: skip


def _entry_bar(world: World) -> int:
    """A bar at whose close every bot wants in, after some weeks."""
    found = find_strategy(STRATEGY)
    signals = evaluate(found, Market(world.candles), resolve(found))
    fills = run(prepare(world.candles, signals, simple_policy(), world.instrument)).fills
    decided = fills["decision_bar"][(fills["position_before"] == 0) & (fills["bar"] > 500)]
    return int(decided[0])


def _mixed(quick: bool) -> Row:
    """The fleet of the house's size: its wall time for a month of its markets."""
    days = 5 if quick else 30
    journal = open_memory_journal()
    tapes: dict[FeedKey, Tape] = {}
    bots: list[BotId] = []
    names = ("ema_crossover", "bollinger_mean_reversion", "buy_and_hold")
    for place in range(FLEET):
        symbol = DEMO_SYMBOLS[place % min(SYMBOLS, len(DEMO_SYMBOLS))]
        timeframe = TIMEFRAMES_MS[place % len(TIMEFRAMES_MS)]
        candles = demo_candles(1, symbol, timeframe, days * 24 * HOUR_MS // timeframe)
        found = find_strategy(names[place % len(names)])
        record = new_bot(
            f"bot-{place}", found, {}, simple_policy(), demo_instrument(symbol), candles, None, Mode.SIMULATED, 0
        )
        journal.create_bot(record)
        tapes[FeedKey(symbol, timeframe, record.anchor_ts)] = Tape(candles, None)
        bots.append(record.id)
    lives = FleetRunner(journal, tapes, PaperVenue(), find_strategy, lambda *_: True)
    seconds = wall(lambda: asyncio.run(lives.run(bots)))
    steps = sum(one.bars for one in journal.statuses())
    journal.close()
    symbols = len({key.market for key in tapes})
    note = f"{days} days, {steps:,} steps, {symbols} demo symbols, {len(TIMEFRAMES_MS)} timeframes, {seconds:.2f} s"
    return Row(f"{FLEET} bots, fleet backtest", steps / seconds, "steps/s", note=note)
