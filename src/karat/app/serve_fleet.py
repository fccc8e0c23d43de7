"""Bots and page in one process: the runner over the lake, the API over the journal, one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

from fastapi import FastAPI

from karat.api.server import ApiServer
from karat.app.check_store import is_carried
from karat.app.kill_sources import kill_sources
from karat.bots.bus import Bus
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.switchboard import Safety
from karat.bots.memory import SettledMemory
from karat.bots.runner import MakeFeed, Runner
from karat.bots.system_clock import SystemClock
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices
from karat.core.ids import BotId
from karat.feeds.common.tape import Tape
from karat.feeds.replay.feed import ReplayFeed
from karat.lake.health import LakeHealth
from karat.lake.inputs import book_imbalance, declared_series
from karat.lake.reading import read_market
from karat.ports.clock import Clock
from karat.ports.cockpit import BotState, Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord, JournalReader
from karat.ports.lake import Lake
from karat.ports.trading import TradingJournal
from karat.ports.venue import SimulatedVenue
from karat.research.backtest_market import known_funding
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue
from karat.venues.shadow import BesideVenue, ShadowVenue

Work = Callable[[], Coroutine[Any, Any, None]]


def tape_of(lake: Lake, key: FeedKey) -> Tape:
    """What the lake holds now of what a feed brings."""
    candles = read_market(lake, key.market, key.timeframe_ms, key.anchor_ts).candles
    has_funding = lake.entry(key.market, key.timeframe_ms).has_funding
    funding = known_funding(lake.funding(key.market), candles) if has_funding else None
    return Tape(candles, funding, declared_series(lake, key.market, key.needs), book_imbalance(lake, key.market))


def replay_of(lake: Lake, clock: Clock, speed: float | None) -> MakeFeed:
    """Feeds that replay the lake from an anchor on, at `speed` bars a second, None as fast as can be."""

    def feed(key: FeedKey) -> ReplayFeed:
        tape = tape_of(lake, key)
        funding = tape.funding if tape.has_funding else None
        return ReplayFeed(tape.candles, funding, clock, speed, tape.series, tape.book)

    return feed


def runner_of(
    journal: TradingJournal, lake: Lake, speed: float | None, *, carried: bool = False, bus: Bus | None = None
) -> Runner:
    """A runner of paper bots on the markets of the lake. `carried`: from carried state where that is proved; `bus`
    hears of what is written."""
    clock = SystemClock()
    return Runner(
        journal, replay_of(lake, clock, speed), PaperVenue(), find_strategy, clock,
        lambda strategy, values: carried and is_carried(strategy, values), Voices(WorkerSettings()),
        gate_of=partial(gate_of, data=LakeHealth(lake, clock.now_ms)), safety=Safety(kill_sources()),
        chores=(SettledMemory(),), bus=bus,
    )  # fmt: skip


def bots_to_run(journal: JournalReader, lake: Lake) -> list[BotId]:
    """Every bot that replays but those that have done the last candle there is."""
    replayed = (record.id for record in journal.bots() if record.mode == Mode.SIMULATED)
    return [bot for bot in replayed if not _at_the_end(journal, lake, bot)]


def live_bots(journal: JournalReader) -> list[BotId]:
    """Every bot that follows a live market without money; live ones are started by name alone."""
    return [record.id for record in journal.bots() if record.mode in (Mode.PAPER, Mode.SHADOW)]


def venue_for(journal: TradingJournal, records: Iterable[BotRecord]) -> SimulatedVenue:
    """Where the orders of these bots go: to paper, those of bots in shadow marked as what was only recorded."""
    shadows = [journal.number_of(one.id) for one in records if one.mode is Mode.SHADOW]
    return BesideVenue(PaperVenue(), ShadowVenue(PaperVenue()), shadows) if shadows else PaperVenue()


async def run_and_serve(app: FastAPI, listener: socket.socket, work: Work) -> None:
    """Serve until a signal or until the bots' `work` breaks; then stop them after the bar in hand.

    The bots have a thread and a loop of their own: a first compilation or a slow strategy does not hold up the page.
    Raises what the work raised: RetryLater `lease_held` when another process runs bots of this journal.
    """
    server = ApiServer(app, listener)
    fleet = FleetThread(work, server.stop)
    fleet.start()
    try:
        await server.run_until_stopped()
    finally:
        await asyncio.to_thread(fleet.stop)
    if fleet.error is not None:
        raise fleet.error


class FleetThread(threading.Thread):
    """The bots in a thread. `on_error` is called there when their work breaks, and `error` says why."""

    def __init__(self, work: Work, on_error: Callable[[], None]) -> None:
        super().__init__(name="fleet")
        self.error: BaseException | None = None
        self._work = work
        self._on_error = on_error
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Run the bots until their candles end, or until stopped."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as loop:
                loop.run(self._follow())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the serving thread raises it
            self.error = error
            self._on_error()

    def stop(self) -> None:
        """End the bots after the bar in hand and wait for that."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._cancel)
        self.join()

    async def _follow(self) -> None:
        self._task = asyncio.create_task(self._work())
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    def _cancel(self) -> None:
        if self._task is None:
            self._loop.call_soon(self._cancel)
        else:
            self._task.cancel()


def _at_the_end(journal: JournalReader, lake: Lake, bot: BotId) -> bool:
    record, status = journal.bot(bot), journal.status(bot)
    if status.state != BotState.FINISHED or not lake.has(record.market, record.timeframe_ms):
        return False
    return status.last_ts == lake.entry(record.market, record.timeframe_ms).last_ts
