"""The runner: the shell around the desk. Feeds, timers and tasks of one event loop; what they bring goes to the desk.

1. Bots on the same market, timeframe and anchor that declare the same series share one feed, one history and one market
   object per bar.
2. A group starts at the first bar that any of its bots still has to do; a bot that is ahead waits for its own.
3. All bots of a group decide at a close, some at a time; what those decided is written in one transaction, and only
   then do their orders leave.
   Being killed at any moment is the same as being stopped. Cancelling is therefore safe wherever the runner waits.
4. A bot that cannot go on is marked as failed with its cause; the others go on. A group whose task dies of what nobody
   foresaw is begun again from the journal (`supervision`).
5. What a feed tells beside bars (one that is late, some that are missing) is told of each of its bots.
6. While the journal cannot be written no further bar is taken: what was decided is written first.
7. Replays, some of them under limits, act together at each close (`turns`). Bars that are all there already are done by
   stretches, where the strategy is proved and nothing but the bot's own decisions reads them (`ahead`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from karat.bots.bus import Bus, Publisher
from karat.bots.desk.commands import Commands
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.guard import guards_of
from karat.bots.desk.handlers import HANDLERS
from karat.bots.desk.reconciling import Reconciler
from karat.bots.desk.switchboard import Safety, Switchboard
from karat.bots.desk.timings import Timings
from karat.bots.desk.watching import Watch
from karat.bots.doings import Doings
from karat.bots.enlisting import Enlisting, GateOf, IsCarried
from karat.bots.following import Following
from karat.bots.history import History
from karat.bots.past import Enlisted, Past, grouped, read_past
from karat.bots.steady import SteadyClock
from karat.bots.supervision import Job, Supervisor, Work
from karat.bots.turns import turns_of
from karat.bots.watchdog import Chore, Group, Shared, Watchdog
from karat.bots.workers.voices import Voices
from karat.core.errors import KaratError, NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.ports.clock import Clock
from karat.ports.cockpit import BotState, EventKind
from karat.ports.emergency import EmergencyJournal
from karat.ports.feed import Feed, FeedKey
from karat.ports.journal import BotRecord
from karat.ports.trading import TradingJournal, Transaction
from karat.ports.venue import Venue
from karat.strategies import Strategy

LOG = logging.getLogger("karat.bots")
LEASE_MS = 30_000
WATCH_SECONDS = 1.0
MakeFeed = Callable[[FeedKey], Feed]


class Runner:
    """Runs bots of one journal at one venue. `feed_of` gives the feed that bots want, `strategy_of` a strategy.

    `is_carried` says of which strategies, with which parameters, it is proved that they say the same from carried
    state; by default of none, and every signal is computed from the anchor. `voices` says where strategies are
    evaluated; by default in this process. `gate_of` gives the gate of a bot's entries. `holder` names this process in
    the lease. `watch_seconds`: how often time is looked at between bars, None never, for a clock that only bars may
    move. `safety`: what stands over the bots beside their limits; by default the switches of the journal alone. `bus`
    is given every event that is written; `chores` are asked as often as time is looked at. `emergency`: where exits are
    kept that leave while the journal cannot be written; None, and they wait.
    """

    def __init__(
        self, journal: TradingJournal, feed_of: MakeFeed, venue: Venue, strategy_of: Callable[[str], Strategy],
        clock: Clock, is_carried: IsCarried = lambda strategy, values: False, voices: Voices | None = None,
        gate_of: GateOf = gate_of, holder: str = "",
        watch_seconds: float | None = WATCH_SECONDS, timings: Timings | None = None, safety: Safety | None = None,
        bus: Bus | None = None, chores: Sequence[Chore] = (), emergency: EmergencyJournal | None = None,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._feed_of = feed_of
        self._venue = venue
        self._strategy_of = strategy_of
        self._clock = clock
        self._is_carried = is_carried
        self._voices = voices or Voices(None)
        self._gate_of = gate_of
        self._holder = holder or f"process {os.getpid()}"
        self._watch_seconds = watch_seconds
        self._timings = timings or Timings()
        self._bus = bus
        self._safety = safety or Safety()
        self._steady: SteadyClock | None = None
        self.desk: Desk | None = None  # None before there is one
        self.written: Callable[[int, Transaction], None] = lambda newest, transaction: None  # after each write
        self._chores = chores
        self._emergency = emergency

    async def run(self, bots: Sequence[BotId], until_ts: int | None = None) -> None:
        """Run `bots` until their feeds end, or up to the last bar that has closed by `until_ts`.

        On cancellation every bot ends after the bar in hand and is marked as stopped. Raises RetryLater `lease_held`
        when another process runs bots of this journal; then none is started.
        """
        records = [self._journal.bot(bot) for bot in bots]
        token = self._journal.take_lease(self._holder, self._clock.now_ms(), LEASE_MS)
        try:
            live = not self._venue.traits.simulates
            steady = SteadyClock(self._clock, asyncio.get_running_loop().time) if live else None
            desk = self._desk_by(token, self._clock.now_ms if steady is None else steady.now_ms)
            self._steady = steady
            if not desk.outbox.take_over():
                while not desk.flush():
                    await self._clock.sleep(WATCH_SECONDS)
            if steady is not None:
                desk.heard_ts = steady.hear
            self._board = board = Switchboard(desk, self._safety)
            board.begin(self._journal.facts())
            self._enlisting = enlisting = Enlisting(
                self._journal, self._voices, self._strategy_of, self._is_carried, self._gate_of, board
            )
            self._following = Following(self._clock, self._voices, board, steady)
            commands = Commands(desk, {**HANDLERS, **board.handlers, **enlisting.handlers()})
            commands.tick()
            shared = Shared(desk, Watchdog(Doings(desk)), commands)
            await self._run_all(shared, records, until_ts)
        finally:
            self._voices.close()
            self._journal.release_lease(token)

    def _desk_by(self, token: int, now_ms: Callable[[], int]) -> Desk:
        facts = self._journal.facts()
        desk = Desk(self._journal, self._venue, token, now_ms, self._timings, facts, self._emergency)
        desk.written = self.written if self._bus is None else Publisher(self._bus, self._journal).written
        self.desk = desk
        return desk

    async def _run_all(self, shared: Shared, records: list[BotRecord], until_ts: int | None) -> None:
        """Groups of bots and what stands over them, all of it supervised."""
        seconds = self._watch_seconds if self._venue.traits.simulates else self._watch_seconds or WATCH_SECONDS
        jobs: dict[str, Job] = {}
        if seconds is not None:
            jobs["watch"] = Job(self._watching(shared, seconds))
            jobs |= {name: Job(work) for name, work in guards_of(self._board.kill, self._clock, seconds).items()}
        groups, past = grouped(records, self._strategy_of, shared.doings), read_past(self._journal)
        shared.desk.turns = turns_of(groups, records)
        for key, members in groups.items():
            name = f"{key.market} {key.timeframe_ms} {key.anchor_ts} {' '.join(key.needs)}".rstrip()
            jobs[name] = self._group_job(shared, past, key, members, until_ts)
        try:
            await Supervisor(shared.desk, shared.doings, self._clock, seconds).run(jobs)
        finally:
            shared.desk.flush()

    def _group_job(
        self, shared: Shared, past: Past, key: FeedKey, members: list[Enlisted], until_ts: int | None
    ) -> Job:
        """A group of bots, begun from `past`; begun again, from what the journal knows then, without those that failed
        or ended."""
        group, known = shared.dog.enter(key, (record.id for record, _ in members)), [past]

        async def work() -> None:
            alive = shared.dog.alive(group)
            left = [one for one in members if one[0].id in alive]
            try:
                if left:
                    read = known.pop() if known else read_past(self._journal)
                    await self._run_group(shared, read, group, left, until_ts)
            finally:
                group.rests()

        ended = partial(shared.desk.turns.leave, key)
        return Job(work, lambda: shared.dog.alive(group), lambda: group.close_ms, ended)

    def _watching(self, shared: Shared, seconds: float) -> Work:
        """The watch, which may be begun again: what it knows outlives its task."""
        watch = Watch(shared.desk, self._timings)
        reconciler = Reconciler(shared.desk, self._board.kill.saw_view)
        reconciler.restore()
        return lambda: self._watch(shared, seconds, watch, reconciler)

    async def _watch(self, shared: Shared, seconds: float, watch: Watch, reconciler: Reconciler) -> None:
        """What time alone brings: the lease, commands, what could not be written before, answers that do not come,
        positions without cover, comparisons with the venue."""
        desk = shared.desk
        renewed, told = desk.now_ms(), ""
        while True:
            await self._clock.sleep(seconds)
            now = desk.now_ms()
            if desk.condition.freshness is not None and self._steady is not None:
                desk.condition.freshness.skew_ms = self._steady.skew_ms
            if not 0 <= now - renewed <= LEASE_MS // 3:  # time may have been set back
                with suppress(RetryLater):  # tried again; whoever takes it meanwhile fences every write of ours
                    self._journal.renew_lease(desk.token, now, LEASE_MS)
                    renewed = now
            try:
                shared.commands.tick()
                self._board.kill.tick()
                reconciler.tick(now)  # before the watch sends what its answer would have to leave room for
                watch.tick(now)
                shared.dog.tick(now)
                for chore in self._chores:
                    chore.tick(desk, now)
            except NeedsOperator:
                raise
            except Exception as error:  # a watch that is gone watches nothing: it goes on, and says what it met
                told, before = f"The watch failed: {type(error).__name__}: {error}", told
                if told != before:
                    LOG.exception("the watch failed")
                    desk.gathered.tell(None, EventKind.ALARM, told, {"alarm": "watch_failed"}, "clock")

    async def _run_group(
        self, shared: Shared, past: Past, group: Group, members: list[Enlisted], until_ts: int | None
    ) -> None:
        """From recovery to the end of the feed."""
        try:
            feed = self._feed_of(group.key)
            history = History(feed.market, feed.timeframe_ms, has_funding=feed.has_funding)
            history.begin(feed.past(min(self._journal.status(record.id).bars for record, _ in members)))
        except RetryLater:
            raise
        except KaratError as error:
            for record, _ in members:
                shared.doings.fail(record.id, error)
            return
        begun = self._enlisting.begun(shared, past, feed, history, members)
        last_ts = history.columns["ts"].cells[history.bars - 1] if history.bars else None
        group.begins(feed, None if last_ts is None else int(last_ts), self._clock.now_ms())
        try:
            await self._following.follow(shared, feed, history, begun, group, until_ts)
        except RetryLater:
            raise
        except KaratError as error:  # of the feed: what a bot does wrong has failed it already
            while begun:
                shared.doings.fail(begun.pop().book.record.id, error)
        except asyncio.CancelledError:
            if shared.desk.venue.traits.simulates or shared.desk.condition.stopping:
                shared.doings.end(begun, BotState.STOPPED, EventKind.STOPPED, "Stopped.")
            raise
