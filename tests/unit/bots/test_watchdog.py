"""Closes that are missed and tasks that die are found, told, and made good, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from itertools import pairwise
from pathlib import Path

from tests.streams.virtual import START_MS, VirtualClock, run_virtually
from tests.unit.bots.fleet import POLICY, Desk, demo, kept

from karat.bots.creation import new_bot
from karat.bots.runner import Runner
from karat.bots.supervision import RESTARTS_MAX
from karat.bots.watchdog import Chore
from karat.core.ids import BotId
from karat.core.model.source_state import DataState
from karat.core.time import HOUR_MS, SECOND_MS
from karat.feeds.common.tape import OnTape, Tape
from karat.feeds.demo.symbols import demo_instrument
from karat.feeds.follow import Rounds
from karat.ports.cockpit import BotState, EventKind, Mode
from karat.ports.feed import Arrival
from karat.venues.paper import PaperVenue

BARS, HELD = 150, 100
WATCH_SECONDS = 30.0


class ClosingFeed(OnTape):
    """Bars come as they close by the running clock; those up to HELD have. `losing` is asked of each bar that is due:
    True keeps it away until somebody hurries."""

    def __init__(self, tape: Tape, clock: VirtualClock, losing: Callable[[int], bool]) -> None:
        self._tape = tape
        self._clock = clock
        self._losing = losing
        self._asked = asyncio.Event()
        self.hurried: list[int] = []

    def closes_ms(self, bar: int) -> int:
        return START_MS + (bar - HELD + 1) * HOUR_MS

    def hurry(self) -> None:
        self.hurried.append(self._clock.now_ms())
        self._asked.set()

    async def arrivals(self, after: int) -> AsyncGenerator[Arrival]:
        for bar in range(after, len(self._tape)):
            if bar >= HELD:
                await self._clock.until(self.closes_ms(bar))
                if self._losing(bar):
                    self._asked.clear()
                    await self._asked.wait()
            for arrival in self._tape.arrivals(bar, bar + 1):
                yield arrival


class Ground:
    """One live bot on a feed that loses or breaks what `losing` says."""

    def __init__(self, home: Path, losing: Callable[[int], bool], chores: Sequence[Chore] = ()) -> None:
        candles, _ = demo(BARS)
        shift = START_MS - int(candles.ts[HELD])
        self.candles = type(candles)(
            candles.market, candles.timeframe_ms, candles.ts + shift, candles.open, candles.high, candles.low,
            candles.close, candles.volume,
        )  # fmt: skip
        self.desk = Desk(home, self.candles)
        self.feeds: list[ClosingFeed] = []
        self.clock = VirtualClock()
        instrument = demo_instrument(candles.market)
        strategy = self.desk.strategies("bollinger_mean_reversion")
        record = new_bot("ada", strategy, {}, POLICY, instrument, self.candles, None, Mode.PAPER, 0, ())
        self.desk.journal.create_bot(record)

        def feed(_: object) -> ClosingFeed:
            self.feeds.append(ClosingFeed(Tape(self.candles, None, ()), self.clock, losing))
            return self.feeds[-1]

        self.runner = Runner(
            self.desk.journal, feed, PaperVenue(), self.desk.strategies, self.clock, watch_seconds=WATCH_SECONDS,
            chores=chores,
        )  # fmt: skip

    def run(self) -> None:
        run_virtually(self.runner.run([BotId("ada")]))

    def alarms(self) -> list[dict[str, object]]:
        log = self.desk.journal.log(0, 10_000)
        return [dict(one.payload) for one in log if one.kind == EventKind.ALARM]

    @property
    def state(self) -> BotState:
        return self.desk.journal.status(BotId("ada")).state


def never(bar: int) -> bool:
    return False


def undisturbed(home: Path) -> dict[str, object]:
    ground = Ground(home, never)
    ground.run()
    assert ground.alarms() == [] and ground.feeds[0].hurried == []
    return quiet(ground)


def quiet(ground: Ground) -> dict[str, object]:
    """What the bot did, without what was told of its feed."""
    found = kept(ground.desk.journal, BotId("ada"))
    ground.desk.journal.close()
    return {name: value for name, value in found.items() if name != "told"}


def test_a_close_that_is_missed_is_told_within_1_2_periods_and_run(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "missing", lambda bar: bar in (110, 130))
    ground.run()
    feed = ground.feeds[0]
    assert [one["alarm"] for one in ground.alarms()] == ["missed_tick"] * 2
    assert [one["due_ts"] for one in ground.alarms()] == [int(ground.candles.ts[bar]) for bar in (110, 130)]
    for bar, at_ms in zip((110, 130), feed.hurried, strict=True):
        late_ms = at_ms - feed.closes_ms(bar)
        assert 0.2 * HOUR_MS <= late_ms <= 0.2 * HOUR_MS + WATCH_SECONDS * SECOND_MS
    assert len(ground.feeds) == 1 and ground.state is BotState.FINISHED
    assert quiet(ground) == undisturbed(tmp_path / "whole")


def test_a_task_that_dies_is_begun_anew_and_nothing_is_lost(tmp_path: Path) -> None:
    deaths = [105, 105, 120]

    def losing(bar: int) -> bool:
        if bar in deaths:
            deaths.remove(bar)
            raise ConnectionResetError("nobody foresaw it")
        return False

    ground = Ground(tmp_path / "dying", losing)
    ground.run()
    assert [(one["alarm"], one["deaths"]) for one in ground.alarms()] == [
        ("task_died", 1), ("task_died", 2), ("task_died", 1),
    ]  # fmt: skip
    assert len(ground.feeds) == 4 and ground.state is BotState.FINISHED
    assert quiet(ground) == undisturbed(tmp_path / "whole")


def test_a_task_that_dies_at_the_same_bar_again_and_again_is_at_its_end(tmp_path: Path) -> None:
    def losing(bar: int) -> bool:
        if bar == 120:
            raise ZeroDivisionError
        return False

    ground = Ground(tmp_path, losing)
    ground.run()
    assert [one["deaths"] for one in ground.alarms()] == [1, 2, 3, 4, 5] and RESTARTS_MAX == 5
    status = ground.desk.journal.status(BotId("ada"))
    assert (status.state, status.bars) == (BotState.FAILED, 120) and "ZeroDivisionError" in status.cause
    times = [one.at_ms for one in ground.desk.journal.log(0, 10_000) if one.kind == EventKind.ALARM]
    waits = [later - sooner for sooner, later in pairwise(times)]
    assert [round(wait / SECOND_MS) for wait in waits] == [1, 2, 4, 8]
    ground.desk.journal.close()


class Counted:
    """Satisfies `KeepsCurrent`: remembers when it was asked."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.at_ms: list[int] = []

    async def sync(self) -> DataState:
        self.at_ms.append(self.clock.now_ms())
        return DataState(self.at_ms[-1], ())


def test_a_round_that_is_hurried_begins_at_once_and_the_next_one_on_its_grid() -> None:
    async def follow() -> list[int]:
        clock = VirtualClock()
        counted = Counted(clock)
        rounds = Rounds(counted, clock)
        with rounds.joined(HOUR_MS):
            first = (await rounds.reach(0)).at_ms
            waiting = asyncio.ensure_future(rounds.reach(first + 1))
            await clock.sleep(60.0)
            rounds.hurry()
            hurried = (await waiting).at_ms
            await rounds.reach(hurried + 1)
        await rounds.aclose()
        return counted.at_ms

    first, hurried, third = run_virtually(follow())
    assert hurried - first == 60 * SECOND_MS
    assert third % HOUR_MS == 2 * SECOND_MS and third - hurried < HOUR_MS


class Broken:
    """Satisfies `karat.bots.watchdog.Chore`, and fails at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def tick(self, desk: object, now_ms: int) -> None:
        self.looks += 1
        raise KeyError("what nobody foresaw")


def test_a_watch_that_fails_is_told_once_and_goes_on(tmp_path: Path) -> None:
    broken = Broken()
    ground = Ground(tmp_path, never, chores=(broken,))
    ground.run()
    assert broken.looks > 1000 and ground.state is BotState.FINISHED
    assert [one["alarm"] for one in ground.alarms()] == ["watch_failed"]
    ground.desk.journal.close()
